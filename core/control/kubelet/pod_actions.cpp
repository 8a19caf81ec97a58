#include "core/control/kubelet/pod_actions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/control/kubelet/init_container_actions.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::Container;
using cluster::Pod;
using cluster::PodSpec;

bool succeeded(const Container& container, const RuntimePod& runtime) {
  const RuntimeContainer* newest = runtime.find(container.name);
  return newest != nullptr && newest->state == RuntimeState::Exited && newest->exit_code == 0;
}

bool any_regular_container_created(const PodSpec& spec, const RuntimePod& runtime) {
  return std::any_of(spec.containers.begin(), spec.containers.end(), [&](const Container& container) {
    const RuntimeContainer* newest = runtime.find(container.name);
    return newest != nullptr && newest->state != RuntimeState::Unknown;
  });
}

/// In a new sandbox everything starts anew, except what has done its work already.
std::vector<std::size_t> to_start_in_new_sandbox(const PodSpec& spec, const RuntimePod& runtime, const FeatureGates& gates) {
  std::vector<std::size_t> indexes;
  for (std::size_t index = 0; index < spec.containers.size(); ++index) {
    const Container& container = spec.containers[index];
    const bool own_policy = gates.container_restart_rules && !container.restart_policy.empty();
    const bool runs_once = (own_policy ? container.restart_policy : spec.restart_policy) == "OnFailure";
    if (!runs_once || !succeeded(container, runtime)) indexes.push_back(index);
  }
  return indexes;
}

void actions_for_new_sandbox(const PodSpec& spec, const RuntimePod& runtime, const FeatureGates& gates, PodActions& actions) {
  // A pod that must not be restarted does not come back once any of its containers has been created.
  if (spec.restart_policy == "Never" && actions.attempt != 0 && !runtime.containers.empty()) {
    actions.create_sandbox = false;
    return;
  }
  std::vector<std::size_t> to_start = to_start_in_new_sandbox(spec, runtime, gates);
  if (to_start.empty() && any_regular_container_created(spec, runtime)) {
    actions.create_sandbox = false;
  } else if (!spec.init_containers.empty()) {
    actions.init_containers_to_start = {0};
  } else {
    actions.containers_to_start = std::move(to_start);
  }
}

/// Why a running container has to go.
struct KillCause {
  std::string message;
  std::optional<KillReason> reason;
  bool restart = false;
};

std::optional<KillCause> kill_cause(const Container& container, const PodSpec& spec, const RuntimeContainer& running,
                                    const ProbeVerdicts& probes, const FeatureGates& gates) {
  if (running.image != container.image)
    return KillCause{fmt::format("Container {} definition changed", container.name), std::nullopt, true};
  const bool own_policy = gates.container_restart_rules && !container.restart_policy.empty();
  const bool restart = (own_policy ? container.restart_policy : spec.restart_policy) != "Never";
  if (probes(ProbeKind::Liveness, running.id) == ProbeVerdict::Failure) {
    return KillCause{fmt::format("Container {} failed liveness probe", container.name), KillReason::LivenessProbe, restart};
  }
  if (probes(ProbeKind::Startup, running.id) == ProbeVerdict::Failure) {
    return KillCause{fmt::format("Container {} failed startup probe", container.name), KillReason::StartupProbe, restart};
  }
  return std::nullopt;
}

}  // namespace

PodActions pod_actions(const Pod& pod, const RuntimePod& runtime, const ProbeVerdicts& probes, const FeatureGates& gates) {
  const PodSpec& spec = *pod.spec;
  const SandboxNeed sandbox = sandbox_need(runtime, spec.host_network);
  PodActions actions;
  actions.kill_pod = sandbox.create;
  actions.create_sandbox = sandbox.create;
  actions.attempt = sandbox.attempt;
  if (sandbox.create) {
    actions_for_new_sandbox(spec, runtime, gates, actions);
    return actions;
  }
  const bool initialized = add_init_container_actions(pod, runtime, probes, gates, actions);
  if (actions.kill_pod || !initialized) return actions;

  bool keeps_any = false;
  for (std::size_t index = 0; index < spec.containers.size(); ++index) {
    const Container& container = spec.containers[index];
    const RuntimeContainer* newest = runtime.find(container.name);
    if (newest == nullptr || newest->state != RuntimeState::Running) {
      if (!should_be_started(container, pod, runtime, gates)) continue;
      actions.containers_to_start.push_back(index);
      if (newest != nullptr && newest->state == RuntimeState::Unknown) {
        // It may still run: never have two of them.
        actions.containers_to_kill.push_back({newest->id, newest->name,
                                              "Container is in \"unknown\" state, try killing it before restart",
                                              KillReason::Unknown});
      }
      continue;
    }
    std::optional<KillCause> cause = kill_cause(container, spec, *newest, probes, gates);
    if (!cause) {
      keeps_any = true;
      continue;
    }
    if (cause->restart) {
      cause->message += ", will be restarted";
      actions.containers_to_start.push_back(index);
    }
    actions.containers_to_kill.push_back({newest->id, newest->name, std::move(cause->message), cause->reason});
  }
  if (!keeps_any && actions.containers_to_start.empty()) {
    actions.kill_pod = true;
    // Sidecars do not keep a pod alive.
    actions.init_containers_to_start.clear();
  }
  return actions;
}

}  // namespace tandem::control::kubelet
