#pragma once
// One sync of the replica set controller as pure functions: what to claim, create or delete, and the status that follows.
// Sources: kubernetes-semantics §3; pkg/controller/replicaset/{replica_set,replica_set_utils}.go.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/controller_runtime.hpp"
#include "core/control/replica_set_ranking.hpp"

namespace tandem::control {

/// Pods created or deleted by one sync at most.
inline constexpr std::int32_t kBurstReplicas = 500;
/// Size of the first batch of creations; each batch that succeeds whole doubles it.
inline constexpr std::int32_t kSlowStartInitialBatch = 1;

struct PodClaim {
  Claim what = Claim::Adopt;
  cluster::ObjectKey key;
};

struct ReplicaSetPlan {
  std::vector<PodClaim> claims;                       ///< written first, one after another
  std::vector<cluster::Ptr<cluster::Pod>> active;     ///< claimed active pods, by name; what the status counts
  std::int32_t creations = 0;                         ///< in slow-start batches
  std::vector<cluster::Ptr<cluster::Pod>> deletions;  ///< all in parallel
};

/// `candidates`: pods of the namespace that the ReplicaSet controls or could adopt. `manage`: expectations are fulfilled, so
/// sizes may be acted on. `related`: where active pods of the owner's ReplicaSets sit; asked only when needed.
ReplicaSetPlan plan_replica_set_sync(const cluster::ReplicaSet& replica_set,
                                     std::span<const cluster::Ptr<cluster::Pod>> candidates, bool manage,
                                     const std::function<PodsPerNode()>& related, SimTime now);

/// Sizes of the slow-start batches for `count` creations that all succeed: 1, 2, 4, … and the rest.
std::vector<std::int32_t> slow_start_batches(std::int32_t count);

/// Status after a sync that found `active` pods; `failure` is the error of creating or deleting, if there was one.
cluster::ReplicaSetStatus replica_set_status(const cluster::ReplicaSet& replica_set,
                                             std::span<const cluster::Ptr<cluster::Pod>> active,
                                             const std::optional<std::string>& failure, SimTime now);

/// True if the status must be written: anything differs, or the generation was not observed yet.
bool status_needs_write(const cluster::ReplicaSet& replica_set, const cluster::ReplicaSetStatus& status);

/// With minReadySeconds: how long until the next ready pod becomes available; empty when nothing is pending.
std::optional<SimDuration> next_availability(const cluster::ReplicaSet& replica_set, const cluster::ReplicaSetStatus& status,
                                             std::span<const cluster::Ptr<cluster::Pod>> active, SimTime now);

/// The pod a ReplicaSet creates: template, generated name `<replica set>-`, controller reference, phase Pending.
cluster::Pod pod_from_template(const cluster::ReplicaSet& replica_set);

}  // namespace tandem::control
