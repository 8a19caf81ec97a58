#pragma once
// Numbers of a rollout: surge and unavailability, sizes of ReplicaSets, proportional scaling.
// Sources: kubernetes-semantics §2.1, §2.3, §2.5; pkg/controller/deployment/util/deployment_util.go.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::control {

/// maxSurge and maxUnavailable of a Deployment as pod counts. Both are 0 for Recreate.
struct RolloutBounds {
  std::int32_t surge = 0;
  std::int32_t unavailable = 0;
  friend bool operator==(const RolloutBounds&, const RolloutBounds&) = default;
};

/// Surge rounds up, unavailable rounds down; both 0 becomes unavailable 1; unavailable is at most `replicas`.
RolloutBounds rollout_bounds(const cluster::DeploymentSpec& spec);

/// replicas - unavailable: what must stay available during a rollout.
std::int32_t min_available(const cluster::DeploymentSpec& spec);
/// replicas + surge: what the sizes of all ReplicaSets may add up to.
std::int32_t max_total(const cluster::DeploymentSpec& spec);

/// Sums over ReplicaSets.
std::int32_t total_spec_replicas(std::span<const cluster::ReplicaSet* const> replica_sets);
std::int32_t total_status_replicas(std::span<const cluster::ReplicaSet* const> replica_sets);
std::int32_t total_available_replicas(std::span<const cluster::ReplicaSet* const> replica_sets);
std::int32_t total_ready_replicas(std::span<const cluster::ReplicaSet* const> replica_sets);

/// Size the new ReplicaSet may have now, given what all ReplicaSets (the new one included) ask for.
std::int32_t allowed_new_replicas(const cluster::DeploymentSpec& spec, std::int32_t total_of_all, std::int32_t size_of_new);

/// One ReplicaSet in a proportional scaling step.
struct ProportionalShare {
  std::string name;
  std::int32_t size = 0;                 ///< spec.replicas now
  std::int32_t max_replicas_before = 0;  ///< annotation max-replicas; 0 when missing
  SimTime created_at;
};
/// New sizes by name, in the order in which they are written: largest first, ties newer first when growing and older first
/// when shrinking. `status_replicas` stands in for a missing annotation. Requires at least two shares, all with size > 0.
std::vector<std::pair<std::string, std::int32_t>> proportional_sizes(const cluster::DeploymentSpec& spec,
                                                                     std::int32_t status_replicas,
                                                                     std::vector<ProportionalShare> shares);

}  // namespace tandem::control
