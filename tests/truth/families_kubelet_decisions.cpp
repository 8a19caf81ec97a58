// What real kubelet code decides: actions of a sync, container statuses, phase and conditions, quality of service, eviction.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "core/base/parse.hpp"
#include "core/cluster/json.hpp"
#include "core/control/kubelet/container_status.hpp"
#include "core/control/kubelet/cpu_units.hpp"
#include "core/control/kubelet/eviction_rank.hpp"
#include "core/control/kubelet/pod_actions.hpp"
#include "core/control/kubelet/pod_phase.hpp"
#include "core/control/kubelet/qos.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace control::kubelet;
using cluster::Container;
using cluster::Pod;
using cluster::PodSpec;

std::optional<std::string> differs(std::string_view what, const json& ours, const json& recorded) {
  if (ours == recorded) return std::nullopt;
  return fmt::format("{}: ours {}, recorded {}", what, ours.dump(), recorded.dump());
}

json list_of(const json& test_case, const char* key) {
  const auto found = test_case.find(key);
  return found == test_case.end() || found->is_null() ? json::array() : *found;
}

/// A pod read from the spec's JSON by the code that reads pods.
Pod pod_with(json spec, json metadata = json::object()) {
  metadata["name"] = "p";
  auto pod = cluster::from_json<Pod>({{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}});
  if (!pod) throw std::runtime_error(to_string(pod.error().front()));
  return *std::move(pod);
}

/// The fields of a recorded container that a manifest has, too.
json manifest_of(const json& recorded) {
  json container = {{"name", recorded["name"]}, {"image", "image"}};
  for (const char* key : {"restartPolicy", "restartPolicyRules"}) {
    if (recorded.contains(key)) container[key] = recorded[key];
  }
  if (recorded.value("sidecar", false)) container["restartPolicy"] = "Always";
  if (recorded.value("startupProbe", false)) container["startupProbe"] = {{"exec", {{"command", {"true"}}}}};
  return container;
}

json spec_of(const json& test_case) {
  json spec = {{"restartPolicy", test_case["restartPolicy"]}, {"containers", json::array()}, {"initContainers", json::array()}};
  for (const json& container : list_of(test_case, "containers")) {
    spec[container.value("init", false) ? "initContainers" : "containers"].push_back(manifest_of(container));
  }
  for (const json& container : list_of(test_case, "init")) spec["initContainers"].push_back(manifest_of(container));
  return spec;
}

std::vector<RuntimeSandbox> sandboxes_of(const std::string& state, std::uint32_t attempt) {
  if (state == "none") return {};
  if (state == "two-ready") return {{"s1", attempt + 1, true, "10.0.0.2"}, {"s0", attempt, true, "10.0.0.1"}};
  return {{"s0", attempt, state != "notready", state == "noip" ? "" : "10.0.0.1"}};
}

RuntimeState state_of(const std::string& name) {
  if (name == "created") return RuntimeState::Created;
  if (name == "running") return RuntimeState::Running;
  if (name == "exited") return RuntimeState::Exited;
  if (name == "unknown") return RuntimeState::Unknown;
  throw std::runtime_error("unknown container state " + name);
}

// ---------------------------------------------------------------- pod_actions, pod_actions_rules

RuntimePod runtime_of(const json& test_case) {
  RuntimePod runtime;
  runtime.sandboxes = sandboxes_of(test_case["sandbox"], test_case["sandboxAttempt"]);
  for (const char* group : {"init", "containers"}) {
    for (const json& container : list_of(test_case, group)) {
      const json& status = container["status"];
      if (status["state"] == "none") continue;
      RuntimeContainer made;
      made.id = made.name = container["name"];
      made.image = status.value("definitionChanged", false) ? "another image" : "image";
      made.state = state_of(status["state"]);
      made.exit_code = status.value("exitCode", 0);
      runtime.containers.push_back(made);
    }
  }
  return runtime;
}

std::optional<ProbeVerdict> stored_verdict(const json& test_case, const std::string& container_name, const std::string& kind) {
  for (const char* group : {"init", "containers"}) {
    for (const json& container : list_of(test_case, group)) {
      const std::string probe = container["status"].value("probe", "");
      if (container["name"] != container_name || !probe.starts_with(kind)) continue;
      if (probe == kind + "-failed") return ProbeVerdict::Failure;
      if (probe == kind + "-ok") return ProbeVerdict::Success;
      return ProbeVerdict::Unknown;
    }
  }
  return std::nullopt;
}

std::string_view text_of(KillReason reason) {
  switch (reason) {
    case KillReason::Unknown: return "Unknown";
    case KillReason::StartupProbe: return "StartupProbe";
    case KillReason::LivenessProbe: return "LivenessProbe";
    case KillReason::FailedPostStartHook: return "FailedPostStartHook";
  }
  return "";
}

json as_json(const PodActions& actions, const PodSpec& spec) {
  json kill = json::object();
  for (const ContainerToKill& one : actions.containers_to_kill) {
    kill[one.name] = one.reason ? fmt::format("{} [{}]", one.message, text_of(*one.reason)) : one.message;
  }
  json start_init = json::array();
  for (const std::size_t index : actions.init_containers_to_start) start_init.push_back(spec.init_containers[index].name);
  json start = json::array();
  for (const std::size_t index : actions.containers_to_start) start.push_back(spec.containers[index].name);
  return {{"killPod", actions.kill_pod}, {"createSandbox", actions.create_sandbox}, {"attempt", actions.attempt},
          {"startInit", start_init},     {"start", start},                          {"kill", kill}};
}

std::optional<std::string> check_action(const json& test_case, const FeatureGates& gates) {
  const Pod pod = pod_with(spec_of(test_case));
  const ProbeVerdicts probes = [&](ProbeKind kind, const std::string& id) {
    return stored_verdict(test_case, id, kind == ProbeKind::Liveness ? "liveness" : "startup");
  };
  return differs("actions", as_json(pod_actions(pod, runtime_of(test_case), probes, gates), *pod.spec), test_case["actions"]);
}

// ---------------------------------------------------------------- container_status

cluster::ContainerState container_state_of(const json& recorded) {
  const std::string state = recorded["state"];
  if (state == "running") return cluster::ContainerStateRunning{};
  if (state == "waiting") return cluster::ContainerStateWaiting{recorded.value("reason", ""), recorded.value("message", "")};
  cluster::ContainerStateTerminated ended;
  ended.exit_code = recorded["exitCode"];
  ended.reason = recorded.value("reason", "");
  return ended;
}

json as_json(const cluster::ContainerState& state) {
  json out = json::object();
  const auto put = [&out](const char* key, const std::string& text) {
    if (!text.empty()) out[key] = text;
  };
  if (const auto* waiting = std::get_if<cluster::ContainerStateWaiting>(&state)) {
    out["state"] = "waiting";
    put("reason", waiting->reason);
    put("message", waiting->message);
  } else if (const auto* ended = std::get_if<cluster::ContainerStateTerminated>(&state)) {
    out["state"] = "terminated";
    out["exitCode"] = ended->exit_code;
    put("reason", ended->reason);  // messages of ends are not recorded
  } else {
    out["state"] = "running";
  }
  return out;
}

/// Containers of the runtime, made one after another in the recorded order; the newest comes first.
void add_runtime(const json& container, RuntimePod& runtime) {
  for (const json& recorded : list_of(container, "runtime")) {
    RuntimeContainer made;
    made.name = container["name"];
    made.id = fmt::format("{}-{}", made.name, runtime.containers.size());
    made.state = state_of(recorded["state"]);
    made.restart_count = recorded["restartCount"];
    made.exit_code = recorded.value("exitCode", 0);
    made.reason = recorded.value("reason", "");
    runtime.containers.insert(runtime.containers.begin(), made);
  }
}

std::optional<std::string> check_container_status(const json& test_case) {
  const Pod pod = pod_with(spec_of(test_case), test_case.value("deleted", false) ? json{{"deletionTimestamp", "2026-01-01T00:00:00Z"}} : json::object());
  RuntimePod runtime;
  std::vector<cluster::ContainerStatus> previous;
  std::map<std::string, StartFailure> failures;
  for (const json& container : test_case["containers"]) {
    add_runtime(container, runtime);
    if (container.contains("startFailure")) failures[container["name"]] = {container["startFailure"], "msg"};
    if (!container.contains("previous")) continue;
    const json& before = container["previous"];
    cluster::ContainerStatus status;
    status.name = container["name"];
    status.restart_count = before["restartCount"];
    status.state = container_state_of(before);
    if (before.contains("lastState")) status.last_state = container_state_of(before["lastState"]);
    previous.push_back(status);
  }
  const StartFailures start_failures = [&](const std::string& name) {
    const auto found = failures.find(name);
    return found == failures.end() ? nullptr : &found->second;
  };
  json ours = json::array();
  for (const ContainerGroup group : {ContainerGroup::Init, ContainerGroup::Regular}) {
    for (const cluster::ContainerStatus& status : container_statuses(pod, group, runtime, previous, start_failures, {})) {
      json shown = {{"name", status.name}, {"restartCount", status.restart_count}, {"state", as_json(status.state)}};
      if (status.last_state) shown["lastState"] = as_json(*status.last_state);
      ours.push_back(std::move(shown));
    }
  }
  return differs("statuses", ours, test_case["statuses"]);
}

// ---------------------------------------------------------------- pod_phase

std::optional<cluster::ContainerStatus> status_of(const json& recorded) {
  const std::string state = recorded["state"];
  if (state == "none") return std::nullopt;
  cluster::ContainerStatus status;
  status.name = recorded["name"];
  status.ready = recorded.value("ready", false);
  status.started = recorded.value("started", false);
  const auto ended = [&state] {
    cluster::ContainerStateTerminated end;
    end.exit_code = std::stoi(state.substr(state.rfind('-') + 1));
    return end;
  };
  if (state == "running") {
    status.state = cluster::ContainerStateRunning{};
  } else if (state.starts_with("exited-")) {
    status.state = ended();
  } else if (state.starts_with("waiting-after-")) {
    status.last_state = ended();
  } else if (state != "waiting") {
    throw std::runtime_error("unknown state " + state);
  }
  return status;
}

std::vector<cluster::Condition> gate_conditions_of(const json& test_case) {
  std::vector<cluster::Condition> conditions;
  for (const std::string text : list_of(test_case, "gateConditions")) {
    cluster::Condition condition;
    condition.type = text.substr(0, text.find('='));
    condition.status = text.ends_with("=True") ? cluster::ConditionStatus::True : cluster::ConditionStatus::False;
    conditions.push_back(condition);
  }
  return conditions;
}

std::optional<std::string> check_phase(const json& test_case) {
  json spec = spec_of(test_case);
  for (const json& gate : list_of(test_case, "readinessGates")) spec["readinessGates"].push_back({{"conditionType", gate}});
  const Pod pod = pod_with(std::move(spec));
  cluster::PodStatus status;
  for (const json& container : list_of(test_case, "init")) {
    if (const auto found = status_of(container)) status.init_container_statuses.push_back(*found);
  }
  for (const json& container : list_of(test_case, "containers")) {
    if (const auto found = status_of(container)) status.container_statuses.push_back(*found);
  }
  status.phase = pod_phase(*pod.spec, status, {test_case["podIsTerminal"], test_case["anyAppStarted"]}, {});
  if (auto d = differs("phase", std::string(cluster::name_of(status.phase)), test_case["phase"])) return d;

  RuntimePod runtime;
  runtime.sandboxes = sandboxes_of(test_case["sandbox"], 0);
  json ours = json::object();
  for (const cluster::Condition& condition : pod_conditions(*pod.spec, status, runtime, gate_conditions_of(test_case))) {
    if (condition.type == "PodScheduled") continue;
    json& shown = ours[condition.type] = {{"status", std::string(cluster::name_of(condition.status))}};
    if (!condition.reason.empty()) shown["reason"] = condition.reason;
    if (!condition.message.empty()) shown["message"] = condition.message;
  }
  return differs("conditions", ours, test_case["conditions"]);
}

// ---------------------------------------------------------------- qos, cpu_units

std::optional<std::string> check_qos(const json& test_case) {
  json spec = {{"containers", json::array()}, {"initContainers", json::array()}};
  for (const json& recorded : test_case["containers"]) {
    json container = manifest_of(recorded);
    container["resources"] = {{"requests", recorded.value("requests", json::object())}, {"limits", recorded.value("limits", json::object())}};
    spec[recorded.value("init", false) ? "initContainers" : "containers"].push_back(std::move(container));
  }
  if (test_case.contains("priority")) spec["priority"] = test_case["priority"];
  const Pod pod = pod_with(std::move(spec));
  if (auto d = differs("class", std::string(cluster::qos_class_of(*pod.spec)), test_case["qosClass"])) return d;

  constexpr std::int64_t kNodeMemory = std::int64_t{8} << 30;
  json scores = json::object();
  for (const auto* containers : {&pod.spec->init_containers, &pod.spec->containers}) {
    for (const Container& container : *containers) scores[container.name] = oom_score_adjust(*pod.spec, container, kNodeMemory);
  }
  if (auto d = differs("oom_score_adj", scores, test_case["oomScoreAdj"])) return d;

  const PodCgroup cgroup = pod_cgroup(*pod.spec);
  json shown = {{"cpuShares", cgroup.cpu_shares}};
  if (cgroup.cfs_quota) shown["cpuQuota"] = *cgroup.cfs_quota;
  if (cgroup.memory_limit) shown["memoryLimit"] = *cgroup.memory_limit;
  return differs("cgroup", shown, test_case["podCgroup"]);
}

std::optional<std::string> check_cpu_units(const json& test_case) {
  const std::int64_t milli = test_case["milli"];
  if (auto d = differs("shares", cpu_shares(milli), test_case["shares"])) return d;
  if (auto d = differs("quota", cfs_quota(milli), test_case["quota"])) return d;
  return differs("quota with another period", cfs_quota(milli), test_case["quota50ms"]);
}

// ---------------------------------------------------------------- eviction_rank

struct RankedSignal {
  EvictionSignal signal = EvictionSignal::MemoryAvailable;
  bool dedicated_image_fs = false;
  std::string_view requested;  ///< what `request` in the case is about
};
RankedSignal ranked_signal_of(const std::string& name) {
  if (name == "memory") return {EvictionSignal::MemoryAvailable, false, "memory"};
  if (name == "pid") return {EvictionSignal::PidAvailable, false, "memory"};
  if (name == "nodefs") return {EvictionSignal::NodeFsAvailable, false, "ephemeral-storage"};
  if (name == "imagefs") return {EvictionSignal::ImageFsAvailable, true, "ephemeral-storage"};
  throw std::runtime_error("unknown signal " + name);
}

std::optional<std::string> check_rank(const json& test_case) {
  const RankedSignal ranked = ranked_signal_of(test_case["signal"]);
  const json& recorded = test_case["pods"];
  std::vector<Pod> pods;
  std::vector<PodUsage> usages(recorded.size());
  for (std::size_t index = 0; index < recorded.size(); ++index) {
    const json& one = recorded[index];
    json container = {{"name", "c"}};
    if (one.contains("request")) container["resources"]["requests"][std::string(ranked.requested)] = one["request"];
    json spec = {{"containers", {container}}};
    if (one.contains("priority")) spec["priority"] = one["priority"];
    pods.push_back(pod_with(std::move(spec)));
    pods.back().meta.name = one["name"];
    usages[index].memory_bytes = one.value("usedBytes", std::int64_t{0});
    usages[index].processes = one.value("processes", std::int64_t{0});
    ContainerUsage usage;
    usage.rootfs_bytes = one.value("rootfsBytes", std::int64_t{0});
    usage.log_bytes = one.value("logBytes", std::int64_t{0});
    usages[index].containers = {usage};
  }
  std::vector<EvictionCandidate> candidates;
  for (std::size_t index = 0; index < pods.size(); ++index) {
    candidates.push_back({&pods[index], recorded[index].value("noStats", false) ? nullptr : &usages[index]});
  }
  rank_for_eviction(candidates, ranked.signal, ranked.dedicated_image_fs);
  json order = json::array();
  for (const EvictionCandidate& candidate : candidates) order.push_back(candidate.pod->meta.name);
  return differs("order", order, test_case["order"]);
}

// ---------------------------------------------------------------- eviction_thresholds

/// Go's text of a whole number of seconds: "30s", "1m30s", "5m0s".
std::string go_text(SimDuration duration) {
  const std::int64_t whole = duration.ns / 1'000'000'000;
  return whole < 60 ? fmt::format("{}s", whole) : fmt::format("{}m{}s", whole / 60, whole % 60);
}

/// "nodefs.available<500Mi soft 30s", sorted.
json texts_of(const std::vector<EvictionThreshold>& thresholds) {
  std::vector<std::string> texts;
  for (const EvictionThreshold& threshold : thresholds) {
    const std::string value = threshold.value.quantity ? threshold.value.quantity->text() : fmt::format("{:.4g}%", threshold.value.fraction * 100);
    texts.push_back(fmt::format("{}<{} {}", name_of(threshold.signal), value,
                                threshold.hard() ? "hard" : "soft " + go_text(threshold.grace_period)));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

json conditions_of(const ThresholdTracker& tracker) {
  json conditions = json::array();
  for (const std::string_view condition : tracker.node_conditions()) conditions.push_back(std::string(condition));
  return conditions;
}

std::vector<std::int64_t> times_of(const json& by_second) {
  std::vector<std::int64_t> times;
  for (const auto& [key, value] : by_second.items()) times.push_back(std::stoll(key));
  std::sort(times.begin(), times.end());
  return times;
}

std::optional<std::string> check_thresholds(const json& test_case) {
  const EvictionConfiguration configuration{test_case["evictionHard"], test_case["evictionSoft"], test_case["evictionSoftGracePeriod"],
                                            test_case["evictionMinimumReclaim"]};
  const auto thresholds = eviction_thresholds(configuration);
  if (!thresholds) return to_string(thresholds.error());
  SignalObservations observations;
  for (const auto& [name, observed] : test_case["observed"].items()) {
    observations[eviction_signal_of(name).value()] = {observed["available"], observed["capacity"]};
  }
  if (auto d = differs("met", texts_of(thresholds_met(*thresholds, observations, false)), test_case["met"])) return d;
  if (auto d = differs("met with reclaim", texts_of(thresholds_met(*thresholds, observations, true)), test_case["metWithMinReclaim"])) {
    return d;
  }
  constexpr SimDuration kTransitionPeriod = seconds(300);
  ThresholdTracker tracker(*thresholds, kTransitionPeriod);
  tracker.observe(observations, kTimeZero);
  if (auto d = differs("conditions", conditions_of(tracker), test_case["nodeConditions"])) return d;
  ThresholdTracker relieved = tracker;
  for (const std::int64_t second : times_of(test_case["actionableAfterSeconds"])) {
    tracker.observe(observations, kTimeZero + seconds(second));
    const json& recorded = test_case["actionableAfterSeconds"][std::to_string(second)];
    if (auto d = differs(fmt::format("actionable after {} s", second), texts_of(tracker.actionable()), recorded)) return d;
  }
  for (const std::int64_t second : times_of(test_case["nodeConditionsKeptAfterSeconds"])) {
    relieved.observe({}, kTimeZero + seconds(second));
    const json& recorded = test_case["nodeConditionsKeptAfterSeconds"][std::to_string(second)];
    if (auto d = differs(fmt::format("conditions after {} s", second), conditions_of(relieved), recorded)) return d;
  }
  return std::nullopt;
}

std::function<void(const json&, Tally&)> each(CaseCheck check) {
  return [check = std::move(check)](const json& file, Tally& tally) { for_each_case(file, tally, check); };
}

}  // namespace

std::vector<Family> kubelet_decision_families() {
  return {{"kubelet/container_status", each(check_container_status)},
          {"kubelet/cpu_units", each(check_cpu_units)},
          {"kubelet/eviction_rank", each(check_rank)},
          {"kubelet/eviction_thresholds", each(check_thresholds)},
          {"kubelet/pod_actions", each([](const json& test_case) { return check_action(test_case, {}); })},
          {"kubelet/pod_actions_rules", each([](const json& test_case) { return check_action(test_case, {.container_restart_rules = true}); })},
          {"kubelet/pod_phase", each(check_phase)},
          {"kubelet/qos", each(check_qos)}};
}

}  // namespace tandem::truth
