// Corners of the replica calculator (pkg/controller/podautoscaler/replica_calculator.go, v1.34).

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/control/autoscaler/replica_calculator.hpp"

namespace tandem::control {
namespace {

using cluster::Pod;

Pod pod_of(const std::string& name) {
  Pod pod;
  pod.meta = {.name = name, .namespace_ = "default"};
  pod.status.phase = cluster::PodPhase::Running;
  return pod;
}

TEST(ReplicaCalculatorTest, MissingPodsCountForNothingWhenTheRestIsExactlyAtTheTarget) {
  const std::vector<Pod> pods = {pod_of("a"), pod_of("b"), pod_of("c")};
  const ScaledPods scaled{pods, 3, {}, {}, kTimeZero};
  const auto proposal = average_value_proposal(scaled, {{"a", {.value = 500}}}, 500, "");
  ASSERT_TRUE(proposal);
  EXPECT_EQ(proposal->replicas, 3);
}

TEST(ReplicaCalculatorTest, NamedContainerGoesBeforeThePodsOwnRequest) {
  Pod pod = pod_of("a");
  cluster::PodSpec spec;
  cluster::Container container{.name = "app"};
  container.resources.requests.emplace("cpu", Quantity::of_milli(300));
  spec.containers = {container};
  spec.resources.emplace().requests.emplace("cpu", Quantity::of_milli(1000));
  pod.spec = spec;
  EXPECT_EQ(pod_requests(std::vector<Pod>{pod}, "cpu", "app")->at("a"), 300);
  EXPECT_EQ(pod_requests(std::vector<Pod>{pod}, "cpu", "")->at("a"), 1000);
}

}  // namespace
}  // namespace tandem::control
