#pragma once
// The SchedulerPlugin seam (design §3): one scheduling rule, under its upstream name. Plugins are pure: everything they know
// comes in as arguments, everything they find out goes out as a value, so a cycle can be repeated to explain it.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/control/scheduler/cluster_event.hpp"
#include "core/control/scheduler/post_filter.hpp"
#include "core/control/scheduler/snapshot.hpp"

namespace tandem::control::scheduler {

/// Scores after normalization lie in 0..kMaxNodeScore.
inline constexpr std::int64_t kMaxNodeScore = 100;

/// What a plugin says about a pod or about a pod on a node.
enum class Code : std::uint8_t {
  Success,
  Unschedulable,                ///< preemption may help
  UnschedulableAndUnresolvable  ///< preemption never helps
};
/// "Success", "Unschedulable", "UnschedulableAndUnresolvable".
std::string_view name_of(Code code);

/// Texts of a rejection. Plugins get a null pointer where nobody will read them.
using Reasons = std::vector<std::string>;

/// The pod being scheduled and the cluster as the scheduler sees it.
struct CycleInput {
  const cluster::Pod& pod;
  const PodClass& pod_class;
  const Snapshot& snapshot;
  std::uint64_t seed = 0;               ///< root of what a plugin draws at random
  std::string_view last_chosen = {};    ///< node of the last pod that this profile placed; empty before the first
};

/// What a plugin worked out once per cycle for its later calls.
class PluginState {
 public:
  virtual ~PluginState() = default;
};
using PluginStatePtr = std::unique_ptr<PluginState>;

/// Answer of pre_filter.
struct PreFilterResult {
  Code code = Code::Success;
  std::string message;  ///< why the pod as a whole is rejected
  bool skip = false;    ///< filter() has nothing to say about this pod
  PluginStatePtr state;
  std::optional<std::vector<std::string>> node_names;  ///< sorted; present: no other node can pass
};

/// Answer of pre_score.
struct PreScoreResult {
  bool skip = false;  ///< the plugin takes no part in the sum
  PluginStatePtr state = nullptr;
  std::string error = {};  ///< not empty: the attempt fails, through no fault of the pod
};

/// Which of the extension points a plugin has.
struct ExtensionPoints {
  bool filter = false;
  bool score = false;
  bool post_filter = false;
};

/// What a plugin's states, verdicts and raw scores are functions of. It decides what identical pods can share.
enum class Dependence : std::uint8_t {
  Node,    ///< the pod's class, the node with its pods, and the image table
  Cluster  ///< anything
};

/// How raw scores become points, as far as the feasible nodes together have a say in it.
enum class Normalization : std::uint8_t {
  None,               ///< raw scores are points already
  ByMaximum,          ///< 100·s/max over the feasible nodes
  ByMaximumReversed,  ///< 100 minus that
  Own                 ///< the plugin overrides normalize()
};

class SchedulerPlugin {
 public:
  virtual ~SchedulerPlugin() = default;

  /// As in KubeSchedulerConfiguration.
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual ExtensionPoints extension_points() const = 0;
  [[nodiscard]] virtual Dependence dependence() const { return Dependence::Node; }

  /// Once per cycle, before any node. A rejection here is one of all nodes.
  [[nodiscard]] virtual PreFilterResult pre_filter(const CycleInput&) const { return {}; }
  /// Whether the pod can run on the node. `state` is pre_filter's. `reasons`, if not null, gets the texts of a rejection.
  [[nodiscard]] virtual Code filter(const CycleInput&, const PluginState* /*state*/, const NodeInfo&,
                                    Reasons* /*reasons*/) const {
    return Code::Success;
  }
  /// Asked in profile order when no node passed, until one resolves it or fails.
  [[nodiscard]] virtual PostFilterResult post_filter(const PostFilterInput&) const { return {}; }
  /// Adapts pre_filter's state to `pod` being on `node` as well (`sign` 1) or no longer (`sign` -1): what preemption tries out.
  virtual void adapt(const CycleInput&, PluginState* /*state*/, const PodOnNode& /*pod*/, const NodeInfo& /*node*/,
                     std::int32_t /*sign*/) const {}

  /// Once per cycle with at least two feasible nodes. Plugins of Dependence::Node must not look at `feasible`.
  [[nodiscard]] virtual PreScoreResult pre_score(const CycleInput&, std::span<const NodeIndex> /*feasible*/) const {
    return {};
  }
  /// True only if pre_score() would skip whatever nodes are feasible: asked first, so that they need not be listed.
  [[nodiscard]] virtual bool scores_nothing(const CycleInput&) const { return false; }
  /// Raw score of a feasible node; `state` is pre_score's.
  [[nodiscard]] virtual std::int64_t score(const CycleInput&, const PluginState* /*state*/, const NodeInfo&) const { return 0; }
  [[nodiscard]] virtual Normalization normalization() const { return Normalization::None; }
  /// Turns raw scores, aligned with `feasible`, into 0..kMaxNodeScore in place, as normalization() says.
  virtual void normalize(const CycleInput&, const PluginState* state, std::span<const NodeIndex> feasible,
                         std::span<std::int64_t> scores) const;
  /// Whether asking again gives the same answer; not so for a process outside.
  [[nodiscard]] virtual bool is_repeatable() const { return true; }

  /// Whether a pod that this plugin rejected is worth another try after the event (queueing hints, §1.2).
  [[nodiscard]] virtual bool worth_retrying(const CycleInput&, const ClusterEvent&) const = 0;
};

/// helper.DefaultNormalizeScore for one score: 100·s/max, 0 (or 100 if reversed) when max is 0; reversed: 100 − that.
std::int64_t normalized_by_maximum(std::int64_t score, std::int64_t maximum, bool reverse);

}  // namespace tandem::control::scheduler
