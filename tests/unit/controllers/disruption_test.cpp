// Worked examples of kubernetes-semantics §8.1 and the eviction API.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/control/disruption/disruption_budget.hpp"

namespace tandem::control {
namespace {

constexpr SimTime kNow = kTimeZero + seconds(1000);

std::vector<cluster::Pod> pods(int count, int ready) {
  std::vector<cluster::Pod> all;
  for (int i = 0; i < count; ++i) {
    cluster::Pod pod;
    pod.meta.name = fmt::format("p{}", i);
    pod.meta.owner_references = {{.kind = "ReplicaSet", .name = "r", .uid = "r", .controller = true}};
    pod.status.phase = cluster::PodPhase::Running;
    pod.status.conditions = {{.type = "Ready", .status = i < ready ? cluster::ConditionStatus::True : cluster::ConditionStatus::False}};
    all.push_back(std::move(pod));
  }
  return all;
}

cluster::PodDisruptionBudget budget_of(std::optional<cluster::IntOrString> minimum, std::optional<cluster::IntOrString> unavailable) {
  cluster::PodDisruptionBudget budget;
  budget.spec.min_available = std::move(minimum);
  budget.spec.max_unavailable = std::move(unavailable);
  budget.spec.selector.emplace();
  return budget;
}

cluster::PodDisruptionBudgetStatus status_of(const cluster::PodDisruptionBudget& budget, const std::vector<cluster::Pod>& all) {
  return budget_sync(budget, all, [&](const cluster::Pod&) { return PodOwnerScale{"d", static_cast<std::int32_t>(all.size())}; }, kNow).status;
}

TEST(Section8, ExampleB) {
  auto budget = budget_of(cluster::IntOrString{2}, {});
  const auto all = pods(3, 3);
  budget.status = status_of(budget, all);
  EXPECT_EQ(budget.status.disruptions_allowed, 1);
  const EvictionAnswer first = evict(all[0], std::vector{budget}, kNow);
  ASSERT_EQ(first.kind, EvictionAnswer::Kind::Allowed);
  budget.status = *first.budget_status;
  const EvictionAnswer second = evict(all[1], std::vector{budget}, kNow);
  EXPECT_EQ(second.kind, EvictionAnswer::Kind::TooMany);
  EXPECT_EQ(second.message, "Cannot evict pod as it would violate the pod's disruption budget.");
}

TEST(Section8, ExampleC) {
  EXPECT_EQ(status_of(budget_of({}, cluster::IntOrString{std::string("25%")}), pods(7, 7)).desired_healthy, 5);
  EXPECT_EQ(status_of(budget_of(cluster::IntOrString{std::string("50%")}, {}), pods(7, 7)).desired_healthy, 4);
}

TEST(Section8, ExampleD) {
  EXPECT_EQ(status_of(budget_of(cluster::IntOrString{1}, {}), pods(1, 1)).disruptions_allowed, 0);
}

TEST(Eviction, UnreadyPodsGoWhileTheBudgetIsHealthy) {
  auto budget = budget_of(cluster::IntOrString{2}, {});
  const auto all = pods(3, 2);
  budget.status = status_of(budget, all);
  EXPECT_EQ(budget.status.disruptions_allowed, 0);
  EXPECT_EQ(evict(all[2], std::vector{budget}, kNow).kind, EvictionAnswer::Kind::Allowed);
  budget.status.current_healthy = 1;
  EXPECT_EQ(evict(all[2], std::vector{budget}, kNow).kind, EvictionAnswer::Kind::TooMany);
  budget.spec.unhealthy_pod_eviction_policy = "AlwaysAllow";
  EXPECT_EQ(evict(all[2], std::vector{budget}, kNow).kind, EvictionAnswer::Kind::Allowed);
}

TEST(Eviction, TwoBudgetsAreAnError) {
  const auto budget = budget_of(cluster::IntOrString{1}, {});
  EXPECT_EQ(evict(pods(1, 1)[0], std::vector{budget, budget}, kNow).kind, EvictionAnswer::Kind::Error);
}

TEST(DisruptionBudget, AnUnknownControllerAllowsNothing) {
  const auto all = pods(3, 3);
  const BudgetSync sync = budget_sync(budget_of(cluster::IntOrString{std::string("10%")}, {}), all,
                                      [](const cluster::Pod&) -> std::optional<PodOwnerScale> { return std::nullopt; }, kNow);
  EXPECT_TRUE(sync.error);
  EXPECT_EQ(sync.status.disruptions_allowed, 0);
  EXPECT_EQ(sync.status.conditions.at(0).reason, "SyncFailed");
}

}  // namespace
}  // namespace tandem::control
