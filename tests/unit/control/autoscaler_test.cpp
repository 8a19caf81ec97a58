// What one pass of the horizontal pod autoscaler says of metrics that fail (pkg/controller/podautoscaler/horizontal.go, v1.34).

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/control/autoscaler/horizontal_autoscaler.hpp"
#include "core/control/autoscaler/metric_error.hpp"

namespace tandem::control {
namespace {

using cluster::HorizontalPodAutoscaler;
using cluster::MetricSpec;

MetricSpec resource_metric(const std::string& resource) {
  MetricSpec metric{.type = "Resource"};
  metric.source.name = resource;
  metric.source.target.average_utilization = 50;
  return metric;
}

HorizontalPodAutoscaler autoscaler_of(std::vector<MetricSpec> metrics) {
  HorizontalPodAutoscaler autoscaler;
  autoscaler.meta = {.name = "h", .namespace_ = "default"};
  autoscaler.spec.scale_target_ref = {.api_version = "apps/v1", .kind = "Deployment", .name = "web"};
  autoscaler.spec.max_replicas = 10;
  autoscaler.spec.metrics = std::move(metrics);
  return autoscaler;
}

/// cpu fails; memory asks for `replicas`.
AutoscalerPass pass_with(std::int32_t replicas, const HorizontalPodAutoscaler& autoscaler) {
  const MetricEvaluator evaluate = [&](const MetricSpec& metric, const ScaleState&) {
    if (metric.source.name != "memory") {
      return MetricProposal{tl::unexpected(std::string("no metrics returned")), "", "FailedGetResourceMetric"};
    }
    return MetricProposal{ReplicaProposal{.replicas = replicas}, "memory resource utilization (percentage of request)", ""};
  };
  ScalingHistory history;
  return autoscaler_pass(autoscaler, {3, 3}, evaluate, history, kTimeZero);
}

std::vector<std::string> texts(const AutoscalerPass& pass) {
  std::vector<std::string> all;
  for (const ControllerEvent& event : pass.events) all.push_back(std::string(event.type) + " " + event.reason + " " + event.message);
  return all;
}

TEST(AutoscalerTest, ConditionCarriesTheMetricsOwnErrorAndTheEventTheCount) {
  const AutoscalerPass pass = pass_with(3, autoscaler_of({resource_metric("cpu")}));
  const cluster::Condition* active = cluster::find_condition(pass.status.conditions, "ScalingActive");
  ASSERT_NE(active, nullptr);
  EXPECT_EQ(active->status, cluster::ConditionStatus::False);
  EXPECT_EQ(active->reason, "FailedGetResourceMetric");
  EXPECT_EQ(active->message, "the HPA was unable to compute the replica count: failed to get cpu utilization: no metrics returned");
  const std::string counted =
      "invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: no metrics returned";
  EXPECT_EQ(texts(pass), (std::vector<std::string>{"Warning FailedGetResourceMetric failed to get cpu utilization: no metrics returned",
                                                   "Warning FailedComputeMetricsReplicas " + counted}));
  EXPECT_EQ(pass.error, "failed to compute desired number of replicas based on listed metrics for Deployment/default/web: " + counted);
  EXPECT_FALSE(pass.new_size);
}

TEST(AutoscalerTest, FailedMetricIsReportedEvenWhenTheOthersScale) {
  const AutoscalerPass pass = pass_with(5, autoscaler_of({resource_metric("cpu"), resource_metric("memory")}));
  EXPECT_EQ(pass.new_size, 5);
  EXPECT_EQ(texts(pass), (std::vector<std::string>{
                             "Warning FailedGetResourceMetric failed to get cpu utilization: no metrics returned",
                             "Normal SuccessfulRescale New size: 5; reason: memory resource utilization (percentage of request) above target"}));
  EXPECT_EQ(pass.error, "invalid metrics (1 invalid out of 2), first error is: failed to get cpu resource metric value: failed to get cpu "
                        "utilization: no metrics returned");
}

TEST(AutoscalerTest, UnknownMetricForbidsShrinking) {
  const AutoscalerPass pass = pass_with(2, autoscaler_of({resource_metric("cpu"), resource_metric("memory")}));
  EXPECT_FALSE(pass.new_size);
  EXPECT_EQ(cluster::find_condition(pass.status.conditions, "ScalingActive")->status, cluster::ConditionStatus::False);
}

TEST(AutoscalerTest, ErrorsAreFramedByTheKindOfMetric) {
  MetricSpec metric{.type = "ContainerResource"};
  metric.source.name = "cpu";
  metric.source.container = "app";
  metric.source.target.average_value = Quantity::of_milli(100);
  EXPECT_EQ(framed_metric_error(metric, "e"), "failed to get app container metric value: failed to get cpu usage: e");
  metric = {.type = "External"};
  metric.source.metric = cluster::MetricIdentifier{.name = "q"};
  EXPECT_EQ(metric_error(metric, "e"), "e");
  EXPECT_EQ(framed_metric_error(metric, "e"), "failed to get q external metric value: failed to get external metric q: e");
  metric.source.target.average_value = Quantity::of_milli(100);
  EXPECT_EQ(framed_metric_error(metric, "e"), "failed to get q external metric value: failed to get q external metric: e");
  metric.type = "Object";
  EXPECT_EQ(framed_metric_error(metric, "e"), "failed to get object metric value: failed to get q object metric: e");
  metric.type = "Pods";
  EXPECT_EQ(framed_metric_error(metric, "e"), "failed to get pods metric value: e");
}

}  // namespace
}  // namespace tandem::control
