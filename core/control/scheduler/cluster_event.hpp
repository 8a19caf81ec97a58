#pragma once
// Events that may make a rejected pod schedulable (kubernetes-semantics §1.2).

#include <cstdint>

#include "core/cluster/api_server.hpp"

namespace tandem::control::scheduler {

/// A change as the scheduler saw it. Pods are meant that occupy a node, except for OwnPodUpdated.
struct ClusterEvent {
  enum class Kind : std::uint8_t {
    NodeAdded,
    NodeUpdated,
    NodeDeleted,
    AssignedPodAdded,
    AssignedPodUpdated,
    AssignedPodDeleted,
    OwnPodUpdated  ///< the rejected pod itself was edited
  };
  Kind kind = Kind::NodeAdded;
  cluster::Ptr<cluster::Node> old_node;  ///< of NodeUpdated and NodeDeleted
  cluster::Ptr<cluster::Node> new_node;  ///< of NodeAdded and NodeUpdated
  cluster::Ptr<cluster::Pod> old_pod;    ///< of updates and AssignedPodDeleted
  cluster::Ptr<cluster::Pod> new_pod;    ///< of updates and AssignedPodAdded

  [[nodiscard]] bool node_added_or_updated() const { return kind == Kind::NodeAdded || kind == Kind::NodeUpdated; }
};

}  // namespace tandem::control::scheduler
