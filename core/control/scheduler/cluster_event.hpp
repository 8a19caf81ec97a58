#pragma once
// Events that may make a rejected pod schedulable (kubernetes-semantics §1.2).

#include <cstdint>
#include <optional>

#include "core/cluster/api_server.hpp"

namespace tandem::control::scheduler {

/// A change as the scheduler saw it. Pods are meant that occupy a node, except for OwnPodUpdated; a pod that loses its nomination
/// to a node counts as one that was deleted there.
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

  std::optional<std::int32_t> at_most_priority{};  ///< present: helps no pod more important than this

  [[nodiscard]] bool node_added_or_updated() const { return kind == Kind::NodeAdded || kind == Kind::NodeUpdated; }
};

}  // namespace tandem::control::scheduler
