// Recorded answers of kube-scheduler v1.34.1: requests, rejections, scores, totals, ties, messages (truth/scheduler).

#include "tests/truth/runner.hpp"
#include "tests/truth/scheduler_replay.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;

/// A family's file is the array of its cases.
void check_family(const json& file, Tally& tally) {
  const json& cases = file.is_array() ? file : file.at("cases");
  for (const json& test_case : cases) {
    const std::string name = test_case.value("name", "unnamed");
    try {
      const std::optional<std::string> difference = SchedulerReplay(test_case).compare();
      if (difference) {
        tally.fail(name, *difference);
      } else {
        tally.pass();
      }
    } catch (const std::exception& error) { tally.fail(name, std::string("cannot be run: ") + error.what()); }
  }
}

}  // namespace

std::vector<Family> scheduler_families() {
  std::vector<Family> families;
  for (const char* name : {"edge",
                           "host-ports",
                           "image-locality",
                           "kind-assignment",
                           "large",
                           "max-pods",
                           "node-affinity-preferred",
                           "node-affinity-required",
                           "node-names",
                           "node-selector",
                           "pod-affinity-namespaces",
                           "pod-affinity-preferred",
                           "pod-affinity-required",
                           "pod-antiaffinity-required",
                           "preemption-basic",
                           "preemption-mechanisms",
                           "preemption-nominated",
                           "preemption-pdb",
                           "realistic",
                           "resources",
                           "resources-extended",
                           "resources-init-overhead",
                           "spread-defaults",
                           "spread-hard",
                           "spread-policies",
                           "spread-soft",
                           "taints-prefer",
                           "taints-tolerations",
                           "unschedulable-nodes"}) {
    families.push_back({std::string("scheduler/") + name, check_family});
  }
  return families;
}

}  // namespace tandem::truth
