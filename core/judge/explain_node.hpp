#pragma once
// What is on a node at a moment of a run, what room is left, and which pods its filters sent away until then.

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/judge/explain.hpp"

namespace tandem::judge {

struct NodeResource {
  std::string name;
  std::int64_t allocatable = 0;  ///< cpu in thousandths, everything else in its own unit
  std::int64_t requested = 0;    ///< by the pods that count, as the scheduler adds them up
};

struct PodOnNodeNow {
  std::string pod;
  std::string identity;
  std::string phase;
  std::int64_t cpu_milli = 0;
  std::int64_t memory_bytes = 0;
  std::int32_t priority = 0;
};

/// One reason for which pods were sent away.
struct RejectedHere {
  std::string plugin;
  std::string reason;
  std::size_t attempts = 0;
  std::vector<std::string> pods;  ///< in order of their first rejection
  std::vector<std::string> logical_names;  ///< of the same pods
};

struct NodeExplanation {
  std::string node;
  SimTime at;
  bool unschedulable = false;        ///< cordoned
  std::vector<std::string> taints;   ///< "key=value:Effect"
  std::vector<NodeResource> resources;
  std::vector<PodOnNodeNow> pods;    ///< bound and not finished, in order of namespace and name
  std::size_t finished_pods = 0;     ///< bound, Succeeded or Failed: they no longer count
  std::size_t decisions = 0;         ///< made until then
  std::size_t chosen = 0;            ///< of them for this node
  std::size_t outscored = 0;         ///< it could take the pod, another node was chosen
  std::size_t rejections = 0;        ///< a filter said no here
  std::size_t not_visited = 0;       ///< the search had ended before it
  std::size_t failed = 0;            ///< ended with an error before a node was chosen, and said nothing against this one
  std::size_t not_there = 0;         ///< made when the scheduler did not know the node
  std::vector<RejectedHere> rejected;
  std::vector<std::string> mismatches;  ///< decisions that came out differently when made again
};

/// Each of `decisions` counts in one of chosen, outscored, rejections, not_visited, failed and not_there.
/// Errors: UsageNotFound for a node that does not exist at that time, with the time when it does; those of replay_scheduling.
Result<NodeExplanation> explain_node(const record::Recording& recording, const RunHistory& history, const scenario::SchedulerConfig& config,
                                     const std::string& node, SimTime at);

std::string to_text(const NodeExplanation& explanation, const ExplainTextOptions& options);
nlohmann::ordered_json to_json(const NodeExplanation& explanation);

}  // namespace tandem::judge
