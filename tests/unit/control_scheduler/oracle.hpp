#pragma once
// May this pod run on that node? Kubernetes' rules (kubernetes-semantics §1.4, §1.5, §1.10), written down a second time: slow, over
// plain objects, from scratch at every question, and without a line of the scheduler. What the two say must be the same.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/cluster/api_server.hpp"

namespace tandem::oracle {

/// Amounts by resource name: cpu in thousandths of a core, everything else in whole units.
using Amounts = std::map<std::string, std::int64_t>;

/// What the pod takes up on its node while it runs or starts.
Amounts effective_requests(const cluster::PodSpec& spec);

/// The cluster as it is at one moment.
struct World {
  std::vector<cluster::Ptr<cluster::Node>> nodes;
  std::vector<cluster::Ptr<cluster::Pod>> pods;            ///< all of them, bound or not
  std::map<std::string, cluster::Labels> namespaces;       ///< labels of those that exist as objects

  static World of(const cluster::ApiServer& api);
};

/// Pods bound to a node: neither finished nor, of course, pending.
bool occupies_a_node(const cluster::Pod& pod);
/// Waits for a place: not bound, not finished, not being deleted, not gated.
bool is_waiting(const cluster::Pod& pod);

/// The rule that keeps the pod off the node; empty if it may run there. `without` are pods to be left out of account, by uid.
std::string objection(const World& world, const cluster::Pod& pod, const cluster::Node& node,
                      const std::vector<std::string>& without = {});

/// The same, as the scheduler must see it while other pods are nominated to the node: the pod must fit both with those of them
/// that are not less important, and without.
std::string objection_with_nominations(const World& world, const cluster::Pod& pod, const cluster::Node& node);

/// Names of nodes without objection.
std::vector<std::string> feasible_nodes(const World& world, const cluster::Pod& pod);

/// What the pods on a node take up beyond its allocatable amounts, in words; empty if all is well.
std::string overcommitment(const World& world, const cluster::Node& node);

}  // namespace tandem::oracle
