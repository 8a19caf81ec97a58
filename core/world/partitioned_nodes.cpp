#include "core/world/partitioned_nodes.hpp"

#include <algorithm>

namespace tandem::world {

Status PartitionedNodes::apply(std::uint32_t fault_id, const scenario::Fault& fault) {
  TANDEM_TRY(world_->apply(fault_id, fault));
  if (fault.kind != "NetworkChaos" || fault.action != "partition") return {};
  cut_.emplace(fault_id, fault.node);
  control_plane_.set_node_connected(fault.node, false);
  return {};
}

Status PartitionedNodes::heal(std::uint32_t fault_id) {
  TANDEM_TRY(world_->heal(fault_id));
  const auto found = cut_.find(fault_id);
  if (found == cut_.end()) return {};
  const std::string node = found->second;
  cut_.erase(found);
  const bool still_cut = std::any_of(cut_.begin(), cut_.end(), [&](const auto& entry) { return entry.second == node; });
  if (!still_cut) control_plane_.set_node_connected(node, true);
  return {};
}

}  // namespace tandem::world
