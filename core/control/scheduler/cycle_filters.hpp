#pragma once
// The filters of one cycle, ready to be run node by node.

#include <cstdint>
#include <limits>
#include <span>
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

/// Pods nominated to run on the node that count before the incoming one: not less important, and not the pod itself.
std::vector<PodOnNode> nominated_before(const CycleInput& input, const NodeInfo& node);

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

  /// Whether some filter's answer depends on more than the node.
  [[nodiscard]] bool looks_beyond_nodes() const { return !cluster_.empty(); }

  /// The first failure among the node-local filters: the part that identical pods can share.
  [[nodiscard]] Verdict run_local(const CycleInput& input, const NodeInfo& node) const;
  /// Combines a node-local verdict with the other filters: the first failure in profile order.
  [[nodiscard]] Verdict complete(const CycleInput& input, const NodeInfo& node, Verdict local) const;
  /// All filters; `reasons`, if not null, gets the texts of the failure.
  Verdict run(const CycleInput& input, const NodeInfo& node, Reasons* reasons) const;

  /// The texts of the node-local filter at `position`, which rejects the node.
  [[nodiscard]] Reasons reasons_of_local(std::uint8_t position, const CycleInput& input, const NodeInfo& node) const;

  /// The same with the pods that are nominated to run on the node: it must do both as if they were there and without them
  /// (some of them may be what the pod's affinity waits for). Source: framework RunFilterPluginsWithNominatedPods.
  /// `nominated` is what nominated_before() says about the node.
  Verdict run_with_nominated(const CycleInput& input, const NodeInfo& node, std::span<const PodOnNode> nominated,
                             Reasons* reasons) const;
  /// Only the first half: as if the nominated pods were on the node.
  Verdict run_as_if_nominated_were_there(const CycleInput& input, const NodeInfo& node, std::span<const PodOnNode> nominated,
                                         Reasons* reasons) const;

  /// Adapts the states of the filters that look beyond one node to pods being on `node` as well (`sign` 1) or no longer (-1).
  void adapt(const CycleInput& input, std::span<const PodOnNode> pods, const NodeInfo& node, std::int32_t sign) const;

 private:
  std::vector<Entry> local_;
  std::vector<Entry> cluster_;
};

}  // namespace tandem::control::scheduler
