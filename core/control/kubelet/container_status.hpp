#pragma once
// Container statuses as the API shows them, from what the runtime knows, what the last attempt to start a container gave, and
// the statuses shown so far: the kubelet's convertToAPIContainerStatuses (v1.34).

#include <functional>
#include <string>
#include <vector>

#include "core/cluster/objects.hpp"
#include "core/control/kubelet/restart_rules.hpp"
#include "core/control/kubelet/runtime_view.hpp"

namespace tandem::control::kubelet {

/// Why the last attempt to start a container failed: reason and message of its waiting state ("CrashLoopBackOff",
/// "ErrImagePull", "CreateContainerConfigError", "RunContainerError", …).
struct StartFailure {
  std::string reason;
  std::string message;
  friend bool operator==(const StartFailure&, const StartFailure&) = default;
};
/// By container name; nullptr when the last attempt succeeded or there was none.
using StartFailures = std::function<const StartFailure*(const std::string& container_name)>;

enum class ContainerGroup : std::uint8_t { Init, Regular };

/// Statuses of the pod's init containers in spec order, or of its regular containers by name. `previous` are those of the same
/// group shown so far. `ready` and `started` are not decided here: they are the probe results' (false in the answer).
std::vector<cluster::ContainerStatus> container_statuses(const cluster::Pod& pod, ContainerGroup group,
                                                         const RuntimePod& runtime,
                                                         const std::vector<cluster::ContainerStatus>& previous,
                                                         const StartFailures& start_failures, const FeatureGates& gates);

/// What is shown of a container that the runtime has lost, or that never got an end: exit code 137, ContainerStatusUnknown.
cluster::ContainerStateTerminated unknown_end(std::string message);

}  // namespace tandem::control::kubelet
