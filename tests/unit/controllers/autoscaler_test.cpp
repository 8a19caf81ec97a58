// Worked examples of kubernetes-semantics §6, and mechanism that the recorded cases do not reach.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/control/autoscaler/horizontal_autoscaler.hpp"

namespace tandem::control {
namespace {

constexpr SimTime kNow = kTimeZero + seconds(10'000);

std::vector<cluster::Pod> ready_pods(int count, std::int64_t request_milli) {
  std::vector<cluster::Pod> pods;
  for (int i = 0; i < count; ++i) {
    cluster::Pod pod;
    pod.meta.name = fmt::format("p{}", i);
    pod.status.phase = cluster::PodPhase::Running;
    pod.status.start_time = kNow - seconds(3600);
    pod.status.conditions = {{.type = "Ready", .status = cluster::ConditionStatus::True, .last_transition_time = kNow - seconds(3500)}};
    cluster::Container container{.name = "c"};
    container.resources.requests.emplace("cpu", Quantity::of_milli(request_milli));
    pod.spec = cluster::PodSpec{.containers = {container}};
    pods.push_back(std::move(pod));
  }
  return pods;
}

PodMetrics usage(std::initializer_list<std::int64_t> values) {
  PodMetrics metrics;
  int i = 0;
  for (const std::int64_t value : values) metrics[fmt::format("p{}", i++)] = {value, kNow, seconds(60)};
  return metrics;
}

std::int32_t proposed(const std::vector<cluster::Pod>& pods, PodMetrics metrics, std::int32_t target) {
  const auto answer = resource_utilization_proposal({pods, static_cast<std::int32_t>(pods.size()), {}, {}, kNow}, std::move(metrics), target, "cpu");
  return answer ? answer->replicas : -1;
}

TEST(Section6, ExampleA) { EXPECT_EQ(proposed(ready_pods(3, 200), usage({180, 180, 180}), 50), 6); }

TEST(Section6, ExampleC) {
  EXPECT_EQ(proposed(ready_pods(5, 100), usage({54, 54, 54, 54, 54}), 50), 5);
  EXPECT_EQ(proposed(ready_pods(5, 100), usage({55, 55, 55, 55, 55}), 50), 5);
  EXPECT_EQ(proposed(ready_pods(5, 100), usage({56, 56, 56, 56, 56}), 50), 6);
}

TEST(Section6, ExampleD) { EXPECT_EQ(proposed(ready_pods(4, 100), usage({20, 20, 20}), 50), 4); }

TEST(Section6, ExampleE) {
  auto pods = ready_pods(4, 100);
  pods[3].status.conditions[0].status = cluster::ConditionStatus::False;
  pods[3].status.conditions[0].last_transition_time = *pods[3].status.start_time;
  EXPECT_EQ(proposed(pods, usage({80, 80, 80, 80}), 50), 5);
}

/// Passes every 15 s with a fixed proposal; answers the sizes after each.
std::vector<std::int32_t> sizes(cluster::HorizontalPodAutoscaler autoscaler, std::int32_t size, const std::vector<std::int32_t>& proposals) {
  ScalingHistory history;
  std::vector<std::int32_t> result;
  SimTime now = kNow;
  autoscaler.spec.metrics = {{"Resource", {}}};
  for (const std::int32_t proposal : proposals) {
    const auto pass = autoscaler_pass(autoscaler, {size, size}, [&](const auto&, const auto&) {
      return MetricProposal{ReplicaProposal{proposal, 0, 0}, "m", ""};
    }, history, now);
    autoscaler.status = pass.status;
    size = pass.new_size.value_or(size);
    result.push_back(size);
    now = now + seconds(15);
  }
  return result;
}

TEST(Section6, ExampleB) {
  cluster::HorizontalPodAutoscaler autoscaler;
  autoscaler.spec.max_replicas = 10;
  EXPECT_EQ(sizes(autoscaler, 1, {10, 10, 10}), (std::vector<std::int32_t>{4, 8, 10}));
}

TEST(Section6, ExampleF) {
  cluster::HorizontalPodAutoscaler autoscaler;
  autoscaler.spec.max_replicas = 20;
  const auto result = sizes(autoscaler, 10, std::vector<std::int32_t>(23, 2));
  // The first recommendation on record is the size itself; exactly 300 s later it still counts.
  EXPECT_EQ(result[20], 10);
  EXPECT_EQ(result[21], 2);
}

TEST(Autoscaler, AFailingMetricForbidsShrinkingOnly) {
  cluster::HorizontalPodAutoscaler autoscaler;
  autoscaler.spec.max_replicas = 20;
  autoscaler.spec.metrics = {{"Pods", {}}, {"Resource", {}}};
  const auto pass = [&](std::int32_t proposal) {
    ScalingHistory history;
    return autoscaler_pass(autoscaler, {5, 5}, [&](const cluster::MetricSpec& metric, const ScaleState&) {
      if (metric.type == "Pods") return MetricProposal{tl::unexpected(std::string("no metrics")), "", "FailedGetPodsMetric"};
      return MetricProposal{ReplicaProposal{proposal, 0, 0}, "cpu", ""};
    }, history, kNow);
  };
  EXPECT_EQ(pass(7).new_size, 7);
  EXPECT_TRUE(pass(7).error);
  EXPECT_FALSE(pass(2).new_size);
  EXPECT_EQ(cluster::find_condition(pass(2).status.conditions, "ScalingActive")->reason, "FailedGetPodsMetric");
}

TEST(Autoscaler, ZeroReplicasSwitchItOff) {
  cluster::HorizontalPodAutoscaler autoscaler;
  autoscaler.spec.max_replicas = 20;
  EXPECT_EQ(sizes(autoscaler, 0, {5}), (std::vector<std::int32_t>{0}));
}

TEST(Autoscaler, APodLevelRequestReplacesTheContainers) {
  auto pods = ready_pods(1, 100);
  pods[0].spec.edit([](cluster::PodSpec& spec) {
    spec.resources.emplace();
    spec.resources->requests.emplace("cpu", Quantity::of_milli(400));
  });
  EXPECT_EQ(pod_requests(pods, "cpu", "")->at("p0"), 400);
}

}  // namespace
}  // namespace tandem::control
