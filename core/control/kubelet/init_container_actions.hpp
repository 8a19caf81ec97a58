#pragma once
// The part of a pod's sync that is about init containers and sidecars (kuberuntime computeInitContainerActions, v1.34).

#include "core/control/kubelet/pod_actions.hpp"

namespace tandem::control::kubelet {

/// Adds what is to be done about init containers. Returns whether the pod is initialized, so that its regular containers may
/// be looked at. Sets actions.kill_pod when initialization has failed for good.
bool add_init_container_actions(const cluster::Pod& pod, const RuntimePod& runtime, const ProbeVerdicts& probes,
                                const FeatureGates& gates, PodActions& actions);

}  // namespace tandem::control::kubelet
