// NodeResourcesBalancedAllocation: prefers nodes whose resources, cpu and memory unless configured otherwise, would be used in
// equal shares. Source: plugins/noderesources/balanced_allocation.go.

#include <algorithm>
#include <cmath>

#include "core/control/scheduler/plugins/plugins.hpp"
#include "core/control/scheduler/resource_shares.hpp"

namespace tandem::control::scheduler {
namespace {

/// Standard deviation of the shares; for two that is half their distance, for fewer 0.
double deviation_of(const std::vector<double>& shares) {
  if (shares.size() < 2) return 0;
  if (shares.size() == 2) return std::abs((shares[0] - shares[1]) / 2);
  double total = 0;
  for (const double share : shares) total += share;
  const double mean = total / static_cast<double>(shares.size());
  double squares = 0;
  for (const double share : shares) squares = squares + (share - mean) * (share - mean);
  return std::sqrt(squares / static_cast<double>(shares.size()));
}

class NodeResourcesBalancedAllocation final : public SchedulerPlugin {
 public:
  explicit NodeResourcesBalancedAllocation(const scenario::BalancedAllocationArgs& args) : args_(args) {}

  [[nodiscard]] std::string_view name() const override { return "NodeResourcesBalancedAllocation"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = false, .score = true}; }

  /// Pods that request none of the resources balance nothing (since v1.33).
  [[nodiscard]] PreScoreResult pre_score(const CycleInput& input, std::span<const NodeIndex>) const override {
    const Resources& request = input.pod_class.requests.occupied;
    return {.skip = std::all_of(args_.resources.begin(), args_.resources.end(),
                                [&](const scenario::ResourceWeight& each) { return amount_of(request, each.name) == 0; }),
            .state = nullptr};
  }

  /// One minus the standard deviation of the shares in use. Actual requests count, without defaults; a resource that the node
  /// has none of is left out.
  [[nodiscard]] std::int64_t score(const CycleInput& input, const PluginState*, const NodeInfo& node) const override {
    const Resources& request = input.pod_class.requests.occupied;
    std::vector<double> shares;
    for (const scenario::ResourceWeight& each : args_.resources) {
      const ResourceUse use = use_of(each.name, request, node, node.load.requested);
      if (use.capacity == 0) continue;
      shares.push_back(std::min(1.0, static_cast<double>(use.requested) / static_cast<double>(use.capacity)));
    }
    return static_cast<std::int64_t>((1 - deviation_of(shares)) * static_cast<double>(kMaxNodeScore));
  }

  [[nodiscard]] bool worth_retrying(const CycleInput&, const ClusterEvent&) const override { return false; }

 private:
  scenario::BalancedAllocationArgs args_;
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_node_resources_balanced_allocation(const scenario::BalancedAllocationArgs& args) {
  return std::make_unique<NodeResourcesBalancedAllocation>(args);
}

}  // namespace tandem::control::scheduler
