#pragma once
// One pass of the horizontal pod autoscaler over one target: which size follows from the metrics' proposals, the
// stabilisation windows and the scaling policies. The history of a target is a value that the caller keeps between passes.
// Sources: kubernetes-semantics §6; pkg/controller/podautoscaler/horizontal.go (v1.34).

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/cluster/autoscaling.hpp"
#include "core/control/autoscaler/replica_calculator.hpp"
#include "core/control/controller_event.hpp"

namespace tandem::control {

/// --horizontal-pod-autoscaler-downscale-stabilization.
inline constexpr SimDuration kDownscaleStabilization = seconds(300);
/// --horizontal-pod-autoscaler-sync-period: every target is looked at this often.
inline constexpr SimDuration kAutoscalerPeriod = seconds(15);

/// What the controller remembers of one target. Old entries are overwritten by newer ones, in place.
struct ScalingHistory {
  struct Recommendation {
    std::int32_t replicas = 0;
    SimTime at;
  };
  struct ScaleEvent {
    std::int32_t change = 0;  ///< pods added or removed, positive
    SimTime at;
    bool outdated = false;
  };
  std::vector<Recommendation> recommendations;
  std::vector<ScaleEvent> ups;
  std::vector<ScaleEvent> downs;
};

/// The scale sub-resource of the target.
struct ScaleState {
  std::int32_t spec_replicas = 0;
  std::int32_t status_replicas = 0;
};

/// One metric's answer; its error is the replica calculator's (metric_error.hpp puts it into words); `name` is how events call it ("cpu resource utilization (percentage of request)").
struct MetricProposal {
  ProposalResult proposal;
  std::string name;
  std::string failure_reason;  ///< condition reason when the proposal is an error: "FailedGetResourceMetric"
};
/// Asks one metric of the autoscaler's spec, given the target's state.
using MetricEvaluator = std::function<MetricProposal(const cluster::MetricSpec& metric, const ScaleState& scale)>;

struct AutoscalerPass {
  std::optional<std::int32_t> new_size;                    ///< to be written to the scale sub-resource
  std::vector<ControllerEvent> events;
  cluster::HorizontalPodAutoscalerStatus status;           ///< to be written if it differs
  std::optional<std::string> error;                        ///< ends the pass with an error
};

/// One pass. `history` is read and updated; an accepted new size counts as scaled (the caller writes it).
AutoscalerPass autoscaler_pass(const cluster::HorizontalPodAutoscaler& autoscaler, const ScaleState& scale,
                               const MetricEvaluator& evaluate, ScalingHistory& history, SimTime now);

/// Behaviour with every absent part as the API server defaults it (pkg/apis/autoscaling/v2/defaults.go). The scaleDown window
/// stays absent when the user gave none: the controller's --horizontal-pod-autoscaler-downscale-stabilization counts then.
cluster::ScalingBehavior defaulted_behavior(const cluster::ScalingBehavior& written);

}  // namespace tandem::control
