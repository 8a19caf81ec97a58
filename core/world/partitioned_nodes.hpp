#pragma once
// What a partition of a node means beyond its pods' traffic, the same in every world of ours.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/world/control_plane.hpp"
#include "core/world/fault_injector.hpp"

namespace tandem::world {

/// A world's faults; while one of them partitions a node, the node's kubelet does not reach the API server either.
class PartitionedNodes final : public FaultInjector {
 public:
  PartitionedNodes(std::unique_ptr<FaultInjector> world, ControlPlane& control_plane) : world_(std::move(world)), control_plane_(control_plane) {}

  [[nodiscard]] std::string refusal(const scenario::Fault& fault) const override { return world_->refusal(fault); }
  Status apply(std::uint32_t fault_id, const scenario::Fault& fault) override;
  Status heal(std::uint32_t fault_id) override;

 private:
  std::unique_ptr<FaultInjector> world_;
  ControlPlane& control_plane_;
  std::map<std::uint32_t, std::string> cut_;  ///< fault id → node
};

}  // namespace tandem::world
