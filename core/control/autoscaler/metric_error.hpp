#pragma once
// What the horizontal pod autoscaler says of a metric that it could not use.
// Source: pkg/controller/podautoscaler/horizontal.go (v1.34), computeStatusFor*Metric and computeReplicasForMetric.

#include <string>
#include <string_view>

#include "core/cluster/autoscaling.hpp"

namespace tandem::control {

/// The metric's own error, as its Warning event and the condition ScalingActive carry it. `cause`: the replica calculator's error.
[[nodiscard]] std::string metric_error(const cluster::MetricSpec& metric, std::string_view cause);

/// The same error as the pass as a whole reports it, one frame further out.
[[nodiscard]] std::string framed_metric_error(const cluster::MetricSpec& metric, std::string_view cause);

}  // namespace tandem::control
