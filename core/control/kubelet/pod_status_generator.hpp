#pragma once
// The status of a pod as one sync works it out (kubelet_pods.go generateAPIPodStatus, v1.34).

#include <optional>
#include <string>

#include "core/control/kubelet/container_status.hpp"
#include "core/control/kubelet/probe_manager.hpp"

namespace tandem::control::kubelet {

/// A pod that the kubelet itself ends: reason and message of its status.
struct EndedByKubelet {
  std::string reason;  ///< "Evicted", "DeadlineExceeded"
  std::string message;
};

struct StatusInput {
  const cluster::Pod& pod;  ///< as the API server shows it
  const RuntimePod& runtime;
  const cluster::PodStatus* stored = nullptr;  ///< the last status, if any
  const StartFailures& start_failures;
  bool pod_is_terminal = false;  ///< all its containers have been stopped for good
  std::optional<EndedByKubelet> ended_by_kubelet{};
  std::string host_ip{};
};

/// When the pod has been active long enough: spec.activeDeadlineSeconds after the start time in `stored`; nothing without
/// either.
std::optional<SimTime> active_deadline(const cluster::Pod& pod, const cluster::PodStatus* stored);

/// Asks `probes` for readiness, which may kick their workers.
cluster::PodStatus generate_status(const StatusInput& input, ProbeManager& probes, const FeatureGates& gates);

}  // namespace tandem::control::kubelet
