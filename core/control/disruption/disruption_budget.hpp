#pragma once
// Pod disruption budgets: the status that the disruption controller computes, and the eviction API's answer against it.
// Sources: kubernetes-semantics §8.1; pkg/controller/disruption/disruption.go, pkg/registry/core/pod/storage/eviction.go (v1.34).

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/cluster/policy.hpp"
#include "core/control/controller_event.hpp"

namespace tandem::control {

/// An eviction that no deletion followed is forgotten after this long (DeletionTimeout).
inline constexpr SimDuration kEvictionMemory = seconds(120);
/// A pod keeps condition DisruptionTarget without being deleted at most this long (stalePodDisruptionTimeout).
inline constexpr SimDuration kStaleDisruptionTarget = seconds(120);
/// More remembered evictions than this and no further one is granted (MaxDisruptedPodSize).
inline constexpr std::size_t kMostRememberedEvictions = 2000;

/// The controller that decides how many pods there should be: a ReplicaSet's Deployment where there is one.
struct PodOwnerScale {
  std::string uid;
  std::int32_t replicas = 0;
};
/// Finds the owner's scale; empty for a pod whose controller is unknown or has no scale.
using ScaleFinder = std::function<std::optional<PodOwnerScale>(const cluster::Pod&)>;

struct BudgetSync {
  cluster::PodDisruptionBudgetStatus status;
  std::vector<ControllerEvent> events;
  std::optional<SimTime> recheck;  ///< when the next remembered eviction expires
  std::optional<std::string> error;
};

/// One sync. `pods`: those that the budget's selector matches, of its namespace; in the order the events should have.
BudgetSync budget_sync(const cluster::PodDisruptionBudget& budget, std::span<const cluster::Pod> pods, const ScaleFinder& find_scale,
                       SimTime now);

/// Whether the selector of a budget chooses the pod: an absent one nothing, an empty one everything.
bool budget_selects(const cluster::PodDisruptionBudget& budget, const cluster::Pod& pod);

/// pods/eviction.
struct EvictionAnswer {
  enum class Kind : std::uint8_t {
    Allowed,      ///< delete the pod; `budget_status` (if set) must be written first
    TooMany,      ///< 429: the budget has nothing to give; try again later
    Error,        ///< 500
  };
  Kind kind = Kind::Allowed;
  std::string message;
  std::optional<cluster::PodDisruptionBudgetStatus> budget_status;
};
/// `budgets`: all that select the pod.
EvictionAnswer evict(const cluster::Pod& pod, std::span<const cluster::PodDisruptionBudget> budgets, SimTime now);

}  // namespace tandem::control
