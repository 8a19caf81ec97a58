#pragma once
// The order in which nodes are looked at: zone by turns (kubernetes-semantics §1.3).

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/control/scheduler/node_info.hpp"

namespace tandem::control::scheduler {

/// Nodes grouped by region and zone. Zones stand in the order they were first seen, nodes inside a zone in the order they
/// were added. Source: pkg/scheduler/backend/cache/node_tree.go.
class NodeTree {
 public:
  void add(NodeIndex node, const cluster::Labels& labels);
  void remove(NodeIndex node);
  /// Moves the node to the end of its new zone; does nothing if the zone stays the same.
  void relabel(NodeIndex node, const cluster::Labels& labels);

  /// The first node of every zone, then the second of every zone, and so on.
  [[nodiscard]] const std::vector<NodeIndex>& order() const {
    if (version_of_order_ != version_) list_nodes();
    return order_;
  }
  /// Where a node that was added stands in order().
  [[nodiscard]] std::size_t position_of(NodeIndex node) const {
    if (version_of_order_ != version_) list_nodes();
    return positions_[node];
  }
  /// Grows whenever the order may have changed.
  [[nodiscard]] std::uint64_t version() const { return version_; }

 private:
  void list_nodes() const;

  using Zone = std::pair<std::string, std::vector<NodeIndex>>;
  std::vector<Zone> zones_;
  std::uint64_t version_ = 0;
  mutable std::vector<NodeIndex> order_;
  mutable std::vector<std::size_t> positions_;  ///< by NodeIndex
  mutable std::uint64_t version_of_order_ = 0;
};

}  // namespace tandem::control::scheduler
