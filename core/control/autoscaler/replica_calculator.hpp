#pragma once
// How many replicas one metric asks for: the horizontal pod autoscaler's arithmetic as pure functions.
// Sources: kubernetes-semantics §6; pkg/controller/podautoscaler/replica_calculator.go and metrics/utilization.go (v1.34).
// All metric values are milli-units, as the real controller computes with.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "core/base/time.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::control {

/// One pod's sample: `window` before `timestamp` were measured.
struct PodMetric {
  std::int64_t value = 0;
  SimTime timestamp{};
  SimDuration window{};
};
/// By pod name.
using PodMetrics = std::map<std::string, PodMetric, std::less<>>;

/// How far usage / target may be from 1 before anything happens; both borders are inside.
struct ScaleTolerance {
  double down = 0.1;  ///< --horizontal-pod-autoscaler-tolerance
  double up = 0.1;
  [[nodiscard]] bool within(double ratio) const { return 1.0 - down <= ratio && ratio <= 1.0 + up; }
};

/// When a cpu sample of a young pod is not believed.
struct CpuReadiness {
  SimDuration initialization_period = seconds(300);  ///< --horizontal-pod-autoscaler-cpu-initialization-period
  SimDuration initial_delay = seconds(30);           ///< --horizontal-pod-autoscaler-initial-readiness-delay
};

/// Everything the calculation needs to know about the scaled pods.
struct ScaledPods {
  std::span<const cluster::Pod> pods;  ///< all pods that the target's selector matches
  std::int32_t current = 0;            ///< spec.replicas of the target
  ScaleTolerance tolerance;
  CpuReadiness readiness;
  SimTime now;
};

struct ReplicaProposal {
  std::int32_t replicas = 0;
  std::int32_t utilization = 0;  ///< percent of the requests; utilization targets only
  std::int64_t average = 0;      ///< milli-units a pod, or the metric's value for Value targets
};
/// A proposal, or the text of the error for which nothing is scaled.
using ProposalResult = tl::expected<ReplicaProposal, std::string>;

/// Resource or ContainerResource metric with averageUtilization (percent of the request). `container` empty: the whole pod.
ProposalResult resource_utilization_proposal(const ScaledPods& scaled, PodMetrics metrics, std::int32_t target_percent,
                                             std::string_view resource, std::string_view container = {});

/// Pods metric, or resource metric with averageValue; `resource` empty for the former.
ProposalResult average_value_proposal(const ScaledPods& scaled, PodMetrics metrics, std::int64_t target,
                                      std::string_view resource);

/// Object or External metric with a Value target; `usage` is the (summed) value.
ProposalResult total_value_proposal(const ScaledPods& scaled, std::int64_t usage, std::int64_t target);

/// Object or External metric with an AverageValue target. `status_replicas` is the target's status.replicas.
ReplicaProposal value_per_pod_proposal(const ScaleTolerance& tolerance, std::int32_t status_replicas, std::int64_t usage,
                                       std::int64_t target_per_pod);

/// Milli-request of every pod for `resource`, by pod name; the error names the first container that has none.
tl::expected<std::map<std::string, std::int64_t, std::less<>>, std::string> pod_requests(std::span<const cluster::Pod> pods,
                                                                                         std::string_view resource,
                                                                                         std::string_view container);

}  // namespace tandem::control
