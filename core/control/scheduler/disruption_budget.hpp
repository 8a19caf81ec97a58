#pragma once
// What preemption needs to know of a PodDisruptionBudget (policy/v1).

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "core/cluster/api_server.hpp"

namespace tandem::control::scheduler {

/// Preemption prefers victims that no budget protects, but may break budgets (kubernetes-semantics §1.10).
struct DisruptionBudget {
  std::string namespace_;
  std::string name;
  std::optional<cluster::LabelSelector> selector;        ///< absent or empty: no pod
  std::int64_t disruptions_allowed = 0;                  ///< status.disruptionsAllowed
  std::set<std::string, std::less<>> disrupted_pods;     ///< status.disruptedPods: already counted by the API server
  friend bool operator==(const DisruptionBudget&, const DisruptionBudget&) = default;

  /// Whether evicting this pod uses up the budget.
  [[nodiscard]] bool protects(const cluster::Pod& pod) const;
};

/// Reads an object of kind PodDisruptionBudget. Nothing if its spec.selector is no label selector.
std::optional<DisruptionBudget> disruption_budget_of(const cluster::Unstructured& object);

}  // namespace tandem::control::scheduler
