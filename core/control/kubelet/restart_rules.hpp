#pragma once
// Whether a container that is not running is to be started (again).

#include <cstdint>

#include "core/cluster/objects.hpp"
#include "core/control/kubelet/runtime_view.hpp"

namespace tandem::control::kubelet {

/// Feature gates of the kubelet that change its decisions.
struct FeatureGates {
  bool container_restart_rules =
      false;  ///< ContainerRestartRules, alpha in 1.34: restartPolicy and its rules for every container
  friend bool operator==(const FeatureGates&, const FeatureGates&) = default;
};

/// Whether the policies restart a container that ended with this code (podutil.ContainerShouldRestart): with the gate the first
/// matching rule, then the container's own policy, then the pod's.
bool restarts_after_exit(const cluster::Container& container, const cluster::PodSpec& spec, std::int32_t exit_code,
                         const FeatureGates& gates);

/// kubecontainer.ShouldContainerBeRestarted: never in a pod that is being deleted; always when it never ran or the runtime has
/// only created or lost it; otherwise by its exit code.
bool should_be_started(const cluster::Container& container, const cluster::Pod& pod, const RuntimePod& runtime,
                       const FeatureGates& gates);

}  // namespace tandem::control::kubelet
