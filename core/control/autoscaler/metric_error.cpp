#include "core/control/autoscaler/metric_error.hpp"

#include <fmt/format.h>

namespace tandem::control {

namespace {

using cluster::MetricSpec;

bool measures_resource(const MetricSpec& metric) { return metric.type == "Resource" || metric.type == "ContainerResource"; }

std::string metric_name(const MetricSpec& metric) { return metric.source.metric ? metric.source.metric->name : std::string(); }

}  // namespace

std::string metric_error(const MetricSpec& metric, std::string_view cause) {
  if (!measures_resource(metric)) return std::string(cause);
  return fmt::format("failed to get {} {}: {}", metric.source.name, metric.source.target.average_value ? "usage" : "utilization", cause);
}

std::string framed_metric_error(const MetricSpec& metric, std::string_view cause) {
  const bool per_pod = metric.source.target.average_value.has_value();
  const std::string name = metric_name(metric);
  if (metric.type == "Resource") return fmt::format("failed to get {} resource metric value: {}", metric.source.name, metric_error(metric, cause));
  if (metric.type == "ContainerResource") {
    return fmt::format("failed to get {} container metric value: {}", metric.source.container, metric_error(metric, cause));
  }
  if (metric.type == "Pods") return fmt::format("failed to get pods metric value: {}", cause);
  if (metric.type == "Object") {
    return per_pod ? fmt::format("failed to get object metric value: failed to get {} object metric: {}", name, cause)
                   : fmt::format("failed to get object metric value: {}", cause);
  }
  return per_pod ? fmt::format("failed to get {0} external metric value: failed to get {0} external metric: {1}", name, cause)
                 : fmt::format("failed to get {0} external metric value: failed to get external metric {0}: {1}", name, cause);
}

}  // namespace tandem::control
