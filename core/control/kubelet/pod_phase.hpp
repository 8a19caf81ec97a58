#pragma once
// Phase and conditions of a pod from its container statuses: the kubelet's getPhase and the generators of its status package
// (v1.34).

#include <string_view>
#include <vector>

#include "core/cluster/objects.hpp"
#include "core/control/kubelet/restart_rules.hpp"
#include "core/control/kubelet/runtime_view.hpp"

namespace tandem::control::kubelet {

/// What the phase depends on beside spec and statuses.
struct PhaseInput {
  bool pod_is_terminal = false;  ///< it was deleted, evicted or has ended: nothing will be started any more
  bool any_regular_started =
      false;  ///< the newest ready sandbox has, or had, a regular container (see any_regular_container_in)
};

/// The statuses of `status` decide; a container without one counts as unknown.
cluster::PodPhase pod_phase(const cluster::PodSpec& spec, const cluster::PodStatus& status, const PhaseInput& input,
                            const FeatureGates& gates);

/// Whether the newest sandbox is ready and has any container of spec.containers, in whatever state.
bool any_regular_container_in(const cluster::PodSpec& spec, const RuntimePod& runtime);

/// The kubelet's own conditions for status.phase and status' containers: PodReadyToStartContainers, Initialized, Ready,
/// ContainersReady and PodScheduled, in this order. `others` are the pod's conditions of other owners: readiness gates look
/// there. Transition times are not set.
std::vector<cluster::Condition> pod_conditions(const cluster::PodSpec& spec, const cluster::PodStatus& status,
                                               const RuntimePod& runtime, const std::vector<cluster::Condition>& others);

/// The two of them that a readiness probe can change: Ready and ContainersReady.
std::vector<cluster::Condition> readiness_conditions(const cluster::PodSpec& spec, const cluster::PodStatus& status,
                                                     const std::vector<cluster::Condition>& others);

/// Whether this kind of condition is the kubelet's own.
bool is_kubelet_condition(std::string_view type);

}  // namespace tandem::control::kubelet
