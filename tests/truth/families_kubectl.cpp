// What the real kubectl prints: get, describe, rollout and top, byte for byte.

#include "core/kubectl/command_line.hpp"
#include "core/kubectl/human_duration.hpp"
#include "core/kubectl/rollout.hpp"
#include "core/kubectl/table.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;

/// The order in which the discovery of the recordings' server names the kinds of `get all`. That of a kube-apiserver, which
/// kubectl-http shows, is Tandem's own.
const std::vector<std::string> kKindsInAll = {"Pod",        "ReplicationController", "Service", "Deployment", "ReplicaSet", "StatefulSet",
                                              "DaemonSet",  "Job",                   "CronJob", "HorizontalPodAutoscaler"};

/// Cases with objects and commands on them.
void check_commands(const json& file, Tally& tally) {
  const std::int64_t now = kubectl::unix_seconds_of(file.at("now"));
  for_each_case(file, tally, [now](const json& test_case) -> std::optional<std::string> {
    const std::vector<json> objects = test_case.at("objects");
    for (const json& run : test_case.at("runs")) {
      const Result<kubectl::Answer> answer = kubectl::run_command(run.at("args"), {objects, now, kKindsInAll});
      if (!answer) return to_string(answer.error());
      if (answer->out != run.value("out", "") || answer->err != run.value("err", "") || answer->exit_code != run.value("exit", 0)) {
        return run.at("args").dump() + " printed\n" + answer->out + answer->err + "instead of\n" + run.value("out", "") + run.value("err", "");
      }
    }
    return std::nullopt;
  });
}

void check_durations(const json& file, Tally& tally) {
  for_each_case(file, tally, [](const json& test_case) -> std::optional<std::string> {
    const std::int64_t seconds = test_case.at("seconds");
    const std::string human = kubectl::human_duration(seconds);
    const std::string brief = kubectl::short_human_duration(seconds);
    if (human == test_case.at("human") && brief == test_case.at("short")) return std::nullopt;
    return human + " and " + brief + " instead of " + test_case.dump();
  });
}

void check_rollout_states(const json& file, Tally& tally) {
  for_each_case(file, tally, [](const json& test_case) -> std::optional<std::string> {
    const kubectl::RolloutState state = kubectl::rollout_state(test_case.at("object"), test_case.at("revision"));
    const bool same = state.message == test_case.at("message") && state.done == test_case.at("done") && state.error == test_case.value("error", "");
    if (same) return std::nullopt;
    return json{{"message", state.message}, {"done", state.done}, {"error", state.error}}.dump() + " instead of " + test_case.at("message").dump() +
           test_case.value("error", "");
  });
}

}  // namespace

std::vector<Family> kubectl_families() {
  std::vector<Family> families = {{"kubectl/human_duration", check_durations}, {"kubectl/rollout_status", check_rollout_states}};
  for (const char* family : {"describe_other", "describe_pods", "get_config_storage", "get_events", "get_hpa_pdb", "get_jobs", "get_mixed", "get_network", "get_nodes",
                             "get_pods", "get_pods_tables", "get_workloads", "rollout_history", "top"}) {
    families.push_back({std::string("kubectl/") + family, check_commands});
  }
  return families;
}

}  // namespace tandem::truth
