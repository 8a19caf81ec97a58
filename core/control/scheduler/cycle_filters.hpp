#pragma once
// The filters of one cycle, ready to be run node by node.

#include <cstdint>
#include <limits>
#include <vector>

#include "core/control/scheduler/profile.hpp"

namespace tandem::control::scheduler {

/// "No plugin" among plugin positions.
inline constexpr std::uint8_t kNoPlugin = std::numeric_limits<std::uint8_t>::max();

/// What the filters say about a node.
struct Verdict {
  std::uint8_t plugin = kNoPlugin;  ///< position of the first that failed
  Code code = Code::Success;
  [[nodiscard]] bool passed() const { return plugin == kNoPlugin; }
};

/// Filters that have something to say about the pod, with their states, in profile order.
class CycleFilters {
 public:
  struct Entry {
    std::uint8_t position = 0;  ///< in the profile
    const SchedulerPlugin* plugin = nullptr;
    PluginState* state = nullptr;  ///< of node-local plugins: shared between pods, never written
  };

  void clear() {
    local_.clear();
    cluster_.clear();
  }
  void add(const ConfiguredPlugin& plugin, std::uint8_t position, PluginState* state);

  /// The first failure among the node-local filters: the part that identical pods can share.
  [[nodiscard]] Verdict run_local(const CycleInput& input, const NodeInfo& node) const;
  /// Combines a node-local verdict with the other filters: the first failure in profile order.
  [[nodiscard]] Verdict complete(const CycleInput& input, const NodeInfo& node, Verdict local) const;
  /// All filters; `reasons` gets the texts of the failure.
  Verdict run(const CycleInput& input, const NodeInfo& node, Reasons& reasons) const;

  /// Filters that are not node-local; their states can be adapted.
  [[nodiscard]] const std::vector<Entry>& cluster_filters() const { return cluster_; }

 private:
  std::vector<Entry> local_;
  std::vector<Entry> cluster_;
};

}  // namespace tandem::control::scheduler
