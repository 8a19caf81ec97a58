// NodeResourcesBalancedAllocation: prefers nodes whose cpu and memory would be used in equal shares.
// Source: plugins/noderesources/balanced_allocation.go.

#include <algorithm>
#include <cmath>

#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

double used_share(std::int64_t requested, std::int64_t capacity) {
  return std::min(1.0, static_cast<double>(requested) / static_cast<double>(capacity));
}

class NodeResourcesBalancedAllocation final : public SchedulerPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodeResourcesBalancedAllocation"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = false, .score = true}; }

  /// Pods that request neither cpu nor memory balance nothing (since v1.33).
  [[nodiscard]] PreScoreResult pre_score(const CycleInput& input, std::span<const NodeIndex>) const override {
    const Resources& request = input.pod_class.requests.occupied;
    return {.skip = request.milli_cpu == 0 && request.memory == 0, .state = nullptr};
  }

  /// One minus the standard deviation of the two shares, which for two values is half their distance. Actual requests count,
  /// without defaults; with a resource that the node has none of, nothing is out of balance.
  [[nodiscard]] std::int64_t score(const CycleInput& input, const PluginState*, const NodeInfo& node) const override {
    const Resources& request = input.pod_class.requests.occupied;
    double deviation = 0;
    if (node.allocatable.milli_cpu != 0 && node.allocatable.memory != 0) {
      const double cpu = used_share(node.load.requested.milli_cpu + request.milli_cpu, node.allocatable.milli_cpu);
      const double memory = used_share(node.load.requested.memory + request.memory, node.allocatable.memory);
      deviation = std::abs((cpu - memory) / 2);
    }
    return static_cast<std::int64_t>((1 - deviation) * static_cast<double>(kMaxNodeScore));
  }

  [[nodiscard]] bool worth_retrying(const CycleInput&, const ClusterEvent&) const override { return false; }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_node_resources_balanced_allocation() {
  return std::make_unique<NodeResourcesBalancedAllocation>();
}

}  // namespace tandem::control::scheduler
