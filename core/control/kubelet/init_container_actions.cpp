#include "core/control/kubelet/init_container_actions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tandem::control::kubelet {
namespace {

using cluster::Container;
using cluster::is_sidecar;

constexpr std::string_view kUnknownMessage = "Init container is in \"unknown\" state, try killing it before restart";

/// A regular container that runs, or was made, shows that all init containers have been through: the runtime may have
/// forgotten them. One that has exited proves nothing: it may belong to an earlier sandbox.
bool regular_container_is_there(const cluster::PodSpec& spec, const RuntimePod& runtime) {
  return std::any_of(spec.containers.begin(), spec.containers.end(), [&](const Container& container) {
    const RuntimeContainer* newest = runtime.find(container.name);
    return newest != nullptr && (newest->state == RuntimeState::Created || newest->state == RuntimeState::Running);
  });
}

bool failed(const RuntimeContainer& container) {
  return container.reason == "OOMKilled" || container.state == RuntimeState::Unknown ||
         (container.state == RuntimeState::Exited && container.exit_code != 0);
}

/// Goes through the init containers from the last to the first: the last one that the runtime knows says how far the pod is.
class InitContainerWalk {
 public:
  InitContainerWalk(const cluster::Pod& pod, const RuntimePod& runtime, const ProbeVerdicts& probes, const FeatureGates& gates,
                    PodActions& actions)
      : pod_(pod), runtime_(runtime), probes_(probes), gates_(gates), actions_(actions) {
    initialized_ = regular_container_is_there(*pod.spec, runtime);
    later_one_known_ = initialized_;
  }

  bool run() {
    const auto& containers = pod_.spec->init_containers;
    for (std::size_t index = containers.size(); index-- > 0;) {
      if (!visit(containers[index], index)) return false;
    }
    // None has been started yet.
    if (!later_one_known_) start(0);
    // Found from the back, started from the front.
    std::reverse(actions_.init_containers_to_start.begin(), actions_.init_containers_to_start.end());
    return initialized_;
  }

 private:
  /// False when the pod has to be killed.
  bool visit(const Container& container, std::size_t index) {
    const RuntimeContainer* newest = runtime_.find(container.name);
    if (newest == nullptr) {
      // It ran once, since a later one is there, and its record is gone.
      if (later_one_known_ && is_sidecar(container)) start(index);
      return true;
    }
    // After initialization only sidecars matter.
    if (later_one_known_ && !is_sidecar(container)) return true;
    switch (newest->state) {
      case RuntimeState::Created:
        start(index);
        break;  // its start has failed
      case RuntimeState::Running:
        if (is_sidecar(container)) visit_running_sidecar(container, *newest, index);
        break;
      case RuntimeState::Exited:
        if (!visit_exited(container, *newest, index)) return false;
        break;
      case RuntimeState::Unknown:
        if (!is_sidecar(container) && !policy_restarts_unknown(container)) return give_up();
        kill(container, *newest, std::string(kUnknownMessage), KillReason::Unknown);
        start(index);
        break;
    }
    later_one_known_ = true;
    return true;
  }

  void visit_running_sidecar(const Container& container, const RuntimeContainer& running, std::size_t index) {
    if (container.startup_probe) {
      const auto startup = probes_(ProbeKind::Startup, running.id);
      if (startup == ProbeVerdict::Failure) {
        kill(container, running, fmt::format("Init container {} failed startup probe", container.name),
             KillReason::StartupProbe);
        start(index);
      }
      if (startup != ProbeVerdict::Success) return;  // the next one waits for it
    }
    pass(index);
    if (running.image != container.image) {
      kill(container, running, fmt::format("Init container {} definition changed", container.name), std::nullopt);
      start(index);
    } else if (container.liveness_probe && probes_(ProbeKind::Liveness, running.id) == ProbeVerdict::Failure) {
      kill(container, running, fmt::format("Init container {} failed liveness probe", container.name),
           KillReason::LivenessProbe);
      start(index);
    }
  }

  bool visit_exited(const Container& container, const RuntimeContainer& exited, std::size_t index) {
    if (is_sidecar(container)) {
      start(index);
    } else if (!failed(exited)) {
      pass(index);
    } else {
      const bool restart = gates_.container_restart_rules ? should_be_started(container, pod_, runtime_, gates_)
                                                          : pod_.spec->restart_policy != "Never";
      if (!restart) return give_up();
      start(index);
    }
    return true;
  }

  /// Its end is not known, so no rule about exit codes can be asked.
  [[nodiscard]] bool policy_restarts_unknown(const Container& container) const {
    const bool own_policy = gates_.container_restart_rules && !container.restart_policy.empty();
    return (own_policy ? container.restart_policy : pod_.spec->restart_policy) != "Never";
  }

  /// This one has done its part: the next may start, or the pod is initialized.
  void pass(std::size_t index) {
    if (index + 1 == pod_.spec->init_containers.size()) {
      initialized_ = true;
    } else if (!later_one_known_) {
      start(index + 1);
    }
  }

  bool give_up() {
    actions_.kill_pod = true;
    actions_.init_containers_to_start.clear();
    return false;
  }

  void start(std::size_t index) { actions_.init_containers_to_start.push_back(index); }
  void kill(const Container& container, const RuntimeContainer& running, std::string message,
            std::optional<KillReason> reason) {
    actions_.containers_to_kill.push_back({running.id, container.name, std::move(message), reason});
  }

  const cluster::Pod& pod_;
  const RuntimePod& runtime_;
  const ProbeVerdicts& probes_;
  const FeatureGates& gates_;
  PodActions& actions_;
  bool initialized_ = false;
  bool later_one_known_ = false;  ///< a later init container or a regular one is there, so this one has been started before
};

}  // namespace

bool add_init_container_actions(const cluster::Pod& pod, const RuntimePod& runtime, const ProbeVerdicts& probes,
                                const FeatureGates& gates, PodActions& actions) {
  if (pod.spec->init_containers.empty()) return true;
  return InitContainerWalk(pod, runtime, probes, gates, actions).run();
}

}  // namespace tandem::control::kubelet
