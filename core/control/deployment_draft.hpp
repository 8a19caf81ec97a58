#pragma once
// The inside of plan_deployment_sync: the plan being drafted, and the ReplicaSets as the sync sees them. Not for other users.

#include <memory>
#include <utility>
#include <vector>

#include "core/control/deployment_plan.hpp"

namespace tandem::control::draft {

/// A ReplicaSet as one sync sees it: the cached object, or what an earlier write of this sync made of it.
struct Seen {
  cluster::ReplicaSet object;
  bool written = false;
};
using SeenPtr = std::shared_ptr<Seen>;

/// Null stays null.
inline const cluster::ReplicaSet* raw(const SeenPtr& seen) { return seen ? &seen->object : nullptr; }
std::vector<const cluster::ReplicaSet*> objects_of(const std::vector<SeenPtr>& list);
/// Those that ask for pods.
std::vector<SeenPtr> active(const std::vector<SeenPtr>& list);

/// The new ReplicaSet and the old ones, oldest first.
struct Versions {
  SeenPtr newest;  ///< null if none has the Deployment's template
  std::vector<SeenPtr> old;

  /// Old ones in order, then the new one.
  [[nodiscard]] std::vector<const cluster::ReplicaSet*> all() const;
  /// Independent of what happens to this one: the status is computed from the objects as they were read.
  [[nodiscard]] Versions copy() const;
};

/// What a sync knows and what it has decided so far. `deployment` carries the status and annotations written so far.
struct Draft {
  cluster::Deployment deployment;
  SimTime now;
  std::vector<cluster::Ptr<cluster::ReplicaSet>> owned;  ///< oldest first
  DeploymentPlan plan;

  void emit(DeploymentOperation operation) { plan.operations.push_back(std::move(operation)); }
};

// deployment_versions.cpp

/// Sorts the owned ReplicaSets into new and old, brings the new one's revision up to date, and creates it on request
/// (getAllReplicaSetsAndSyncRevision). Every call starts from the caches again, as in Kubernetes: what an earlier call of the
/// same sync wrote is not seen, so writing it once more ends in a conflict and the sync is retried on fresh caches.
Versions find_versions(Draft& draft, bool create_if_missing);

// deployment_scaling.cpp

/// Writes size and size annotations if either differs; true if the size did.
bool resize(Draft& draft, Seen& seen, std::int32_t size);
/// As resize, but leaves the annotations alone when the size is right already.
bool resize_if_different(Draft& draft, Seen& seen, std::int32_t size);
/// True if an active ReplicaSet was sized for another number of replicas than the Deployment has now.
bool is_scaling_event(Draft& draft);
/// Gives the ReplicaSets their sizes after scaling, or while paused: all to one, old ones to none, or proportionally.
void scale(Draft& draft, Versions& versions);

}  // namespace tandem::control::draft
