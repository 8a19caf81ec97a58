// What real kubelet code decides about a pod: the actions of a sync, container statuses, phase and conditions. What it decides
// about the node's resources: families_kubelet_resources.cpp.

#include <fmt/format.h>

#include <stdexcept>

#include "core/control/kubelet/container_status.hpp"
#include "core/control/kubelet/pod_actions.hpp"
#include "core/control/kubelet/pod_phase.hpp"
#include "tests/truth/kubelet_cases.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace control::kubelet;
using cluster::Pod;
using cluster::PodSpec;

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
    case KillReason::Unknown:
      return "Unknown";
    case KillReason::StartupProbe:
      return "StartupProbe";
    case KillReason::LivenessProbe:
      return "LivenessProbe";
    case KillReason::FailedPostStartHook:
      return "FailedPostStartHook";
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
  return {{"killPod", actions.kill_pod},
          {"createSandbox", actions.create_sandbox},
          {"attempt", actions.attempt},
          {"startInit", start_init},
          {"start", start},
          {"kill", kill}};
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
  const Pod pod =
      pod_with(spec_of(test_case),
               test_case.value("deleted", false) ? json{{"deletionTimestamp", "2026-01-01T00:00:00Z"}} : json::object());
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

}  // namespace

std::vector<Family> kubelet_decision_families() {
  return {{"kubelet/container_status", each(check_container_status)},
          {"kubelet/pod_actions", each([](const json& test_case) { return check_action(test_case, {}); })},
          {"kubelet/pod_actions_rules",
           each([](const json& test_case) { return check_action(test_case, {.container_restart_rules = true}); })},
          {"kubelet/pod_phase", each(check_phase)}};
}

}  // namespace tandem::truth
