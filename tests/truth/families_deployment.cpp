// Recorded answers of Kubernetes' deployment and replica set controllers working together (controllers/f01–f06, f08, f09, f14).

#include <optional>
#include <string>
#include <vector>

#include "tests/truth/deployment_harness.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;

/// Equal to `steps`, or to one of the traces that other orders of work gave. Ours runs in the order that `steps` is defined by.
std::optional<std::string> check_case(const json& test_case, bool timed) {
  const json& parameters = test_case.at("p");
  std::string difference = compare_trace(parameters, test_case.at("steps"), WorkOrder::DeploymentFirst, timed);
  if (difference.empty()) return std::nullopt;
  for (const json& alternative : test_case.value("alt", json::array())) {
    if (compare_trace(parameters, alternative, WorkOrder::DeploymentFirst, timed).empty()) return std::nullopt;
  }
  return difference;
}

void check_family(const json& file, Tally& tally) {
  const bool timed = file.at("family").get<std::string>().find("f08") != std::string::npos;
  for_each_case(file, tally, [timed](const json& test_case) { return check_case(test_case, timed); });
}

}  // namespace

std::vector<Family> deployment_families() {
  std::vector<Family> families;
  for (const char* name : {"f01_rollout", "f02_old_unready", "f03_interrupted", "f04_scaling", "f05_recreate", "f06_pause",
                           "f08_time", "f09_pod_loss", "f14_history"}) {
    families.push_back({std::string("controllers/") + name, check_family});
  }
  return families;
}

}  // namespace tandem::truth
