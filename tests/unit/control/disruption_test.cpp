// Texts of the disruption controller's events (pkg/controller/disruption/disruption.go, v1.34).

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/control/disruption/disruption_budget.hpp"

namespace tandem::control {
namespace {

using cluster::Pod;
using cluster::PodDisruptionBudget;

constexpr SimTime kNow = kTimeZero + seconds(1000);

PodDisruptionBudget budget_of(std::int32_t max_unavailable) {
  PodDisruptionBudget budget;
  budget.meta = {.name = "b", .namespace_ = "shop"};
  budget.spec.max_unavailable = cluster::IntOrString{max_unavailable};
  cluster::LabelSelector selector;
  selector.match_labels = {{"app", "web"}, {"tier", "x"}};
  selector.match_expressions = {{.key = "k", .op = cluster::SelectorOperator::NotIn, .values = {"a", "b"}}};
  budget.spec.selector = selector;
  return budget;
}

TEST(DisruptionTest, UnmanagedPodsAreToldWithTheSelectorAsGoPrintsIt) {
  Pod pod;
  pod.meta = {.name = "p", .namespace_ = "shop"};
  const BudgetSync sync = budget_sync(budget_of(1), std::vector<Pod>{pod}, [](const Pod&) { return std::nullopt; }, kNow);
  ASSERT_EQ(sync.events.size(), 1u);
  EXPECT_EQ(sync.events[0].reason, "UnmanagedPods");
  EXPECT_EQ(sync.events[0].message,
            "Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: web,tier: x,},MatchExpressions:"
            "[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:NotIn,Values:[a b],},},}) were found to be unmanaged. As a result, "
            "the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set "
            "\".spec.minAvailable\" field of the PDB to an integer value.");
}

TEST(DisruptionTest, ForgottenEvictionNamesTheNamespaceTwice) {
  PodDisruptionBudget budget = budget_of(1);
  budget.status.disrupted_pods["p"] = kNow - seconds(121);
  Pod pod;
  pod.meta = {.name = "p", .namespace_ = "shop"};
  pod.meta.owner_references = {{.kind = "ReplicaSet", .name = "r", .uid = "r", .controller = true}};
  const BudgetSync sync = budget_sync(budget, std::vector<Pod>{pod}, [](const Pod&) { return PodOwnerScale{"r", 1}; }, kNow);
  ASSERT_EQ(sync.events.size(), 1u);
  EXPECT_EQ(sync.events[0], (ControllerEvent{"Warning", "NotDeleted", "Pod was expected by PDB shop/shop to be deleted but it wasn't"}));
}

}  // namespace
}  // namespace tandem::control
