#pragma once
// The outcome of one scheduling attempt as a value.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/control/scheduler/plugin.hpp"

namespace tandem::control::scheduler {

/// A node that was looked at and cannot take the pod, or was excluded before.
struct NodeRejection {
  std::string node;
  std::string plugin;  ///< the first that failed; empty if pre_filter left the node out
  Code code = Code::Unschedulable;
  Reasons reasons;
  friend bool operator==(const NodeRejection&, const NodeRejection&) = default;
};

/// A rejection of the pod before any node was looked at.
struct PodRejection {
  std::string plugin;
  Code code = Code::Unschedulable;
  std::string message;
  friend bool operator==(const PodRejection&, const PodRejection&) = default;
};

/// One plugin's column, aligned with DecisionDetail::feasible.
struct PluginScores {
  std::string plugin;
  std::int64_t weight = 0;
  std::vector<std::int64_t> raw;
  std::vector<std::int64_t> normalized;
  std::vector<std::int64_t> weighted;
  friend bool operator==(const PluginScores&, const PluginScores&) = default;
};

/// Why: what explain prints and tests compare.
struct DecisionDetail {
  PodRequests requests;
  std::optional<PodRejection> pre_filter;
  std::vector<NodeRejection> rejected;             ///< in the order of Snapshot::order()
  std::vector<std::string> feasible;               ///< in the order visited
  std::vector<PluginScores> scores;                ///< in profile order; empty with fewer than two feasible nodes
  std::vector<std::string> skipped_score_plugins;  ///< took no part in the sum, in profile order
  std::vector<std::int64_t> total;                 ///< aligned with `feasible`
  friend bool operator==(const DecisionDetail&, const DecisionDetail&) = default;
};

/// Without DecisionDetail all of up to kListedTies tied nodes are listed, of more than that the first kListedOfMany: in a large
/// and even cluster thousands tie, and a decision must not cost as much as a list of the nodes.
inline constexpr std::uint32_t kListedTies = 100;
inline constexpr std::uint32_t kListedOfMany = 5;
constexpr std::uint32_t listed_ties(std::uint32_t ties) { return ties <= kListedTies ? ties : kListedOfMany; }

struct Decision {
  std::string node;             ///< chosen; empty if the pod cannot be scheduled
  std::vector<NodeIndex> ties;  ///< nodes with the largest total, in the order visited, see listed_ties()
  std::uint32_t tie_count = 0;  ///< how many nodes have the largest total
  std::uint32_t feasible = 0;
  std::uint32_t evaluated = 0;                 ///< nodes looked at
  std::string message;                         ///< why it cannot be scheduled, as in the PodScheduled condition
  bool failed = false;                         ///< an error, no verdict: the pod is tried again after its back-off
  std::vector<std::size_t> rejecting_plugins;  ///< if it failed: positions in the profile of all that rejected something, sorted
  bool nominated_node_only = false;            ///< the pod's nominated node passed, so no other was looked at
  NominationChange nomination = NominationChange::Keep;
  std::string nominated_node;  ///< of NominationChange::Nominate
  std::optional<Preemption> preemption;  ///< absent unless the pod was rejected by filters
  std::optional<DecisionDetail> detail;
};

}  // namespace tandem::control::scheduler
