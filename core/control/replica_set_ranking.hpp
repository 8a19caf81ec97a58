#pragma once
// Which pods a ReplicaSet gives up first. Sources: kubernetes-semantics §3 "Deletion ranking";
// pkg/controller/controller_utils.go (ActivePodsWithRanks).

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/cluster/api_server.hpp"

namespace tandem::control {

inline constexpr std::string_view kPodDeletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

/// pod-deletion-cost as int32; 0 when absent or not written the way Kubernetes accepts it (no plus sign, no leading zeros).
std::int32_t deletion_cost(const cluster::Pod& pod);

/// Active pods per node ("" = unbound).
using PodsPerNode = std::map<std::string, std::int32_t, std::less<>>;
PodsPerNode active_pods_per_node(std::span<const cluster::Ptr<cluster::Pod>> pods);

/// The `count` pods to delete. `related`: pods of all ReplicaSets with the same owner, these included; only their places count.
/// If all are to go, they come in the order given. Pods that Kubernetes calls equal keep the order given, so callers pass a
/// stable one. The comparison of Kubernetes is not transitive (uid decides inside an age bucket), hence an own merge sort.
std::vector<cluster::Ptr<cluster::Pod>> choose_pods_to_delete(std::vector<cluster::Ptr<cluster::Pod>> pods,
                                                              const PodsPerNode& related, std::size_t count, SimTime now);

}  // namespace tandem::control
