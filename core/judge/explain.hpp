#pragma once
// Why a pod is on its node, or on none: one recorded scheduling attempt made again with every verdict and score, as a value. Its text
// and JSON are in explain_text.cpp and explain_json.cpp.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/judge/run_history.hpp"
#include "core/judge/scheduling_replay.hpp"

namespace tandem::judge {

struct ExplainedScore {
  std::int64_t raw = 0;
  std::int64_t normalized = 0;
  std::int64_t weighted = 0;
};

/// What one node got to hear. Feasible nodes have a score for each of Explanation::plugins; with only one of them nothing is scored.
struct ExplainedNode {
  enum class Verdict : std::uint8_t { Feasible, Rejected, NotVisited };
  std::string name;
  Verdict verdict = Verdict::NotVisited;
  std::string plugin;                ///< that rejected it; empty if plugins left it out before the filters
  std::string code;                  ///< "Unschedulable": preemption may help; "UnschedulableAndUnresolvable"
  std::vector<std::string> reasons;  ///< as in the FailedScheduling message
  std::vector<ExplainedScore> scores;
  std::int64_t total = 0;
  bool tied = false;                 ///< has the best total
  bool chosen = false;
};

struct ExplainedPlugin {
  std::string name;
  std::int64_t weight = 0;
};

struct ExplainedVictim {
  std::string pod;  ///< "namespace/name"
  std::int32_t priority = 0;
};
struct ExplainedCandidate {
  std::string node;
  std::vector<std::int64_t> criteria;  ///< values of Preemption::criteria, the smaller the better
  std::vector<ExplainedVictim> victims;  ///< most important first
  bool tied = false;
  bool chosen = false;
};
struct ExplainedPreemption {
  bool eligible = true;
  std::vector<std::string> criteria;  ///< in the order in which they decide
  std::optional<std::size_t> decided_by;  ///< position in `criteria` of the one that left a single candidate
  std::vector<ExplainedCandidate> candidates;
};

/// One attempt in a list of attempts.
struct AttemptLine {
  std::size_t number = 0;  ///< in Recording::decisions()
  std::uint32_t attempt = 1;
  SimTime time;
  std::string node;
  std::string message;
};

struct Explanation {
  std::string pod;       ///< "namespace/name"
  std::string identity;  ///< "web#2.3", see identity.hpp
  std::uint32_t attempt = 1;
  std::vector<AttemptLine> attempts;  ///< all of this pod
  SimTime begun;
  SimTime decided;
  std::string profile;
  std::int64_t cpu_milli = 0;     ///< effective requests
  std::int64_t memory_bytes = 0;
  std::int64_t scored_cpu_milli = 0;     ///< what NodeResourcesFit scores: 100m and 200 MiB stand in for what is not requested
  std::int64_t scored_memory_bytes = 0;  ///< (kubernetes-semantics §1.4)
  std::vector<std::pair<std::string, std::int64_t>> other_requests;
  std::int32_t priority = 0;
  std::uint64_t seen = 0;          ///< changes of objects that the scheduler had seen
  std::int64_t input_version = 0;  ///< resourceVersion of the newest

  std::string node;              ///< chosen; empty if none
  std::string message;           ///< of a failed attempt, as in the FailedScheduling event
  bool failed = false;           ///< an error of a plugin, no verdict
  bool nominated_node_only = false;
  std::string nominated_node;    ///< where preemption makes room
  std::size_t nodes_total = 0;
  std::size_t nodes_wanted = 0;  ///< feasible nodes at which the search ends
  std::string search_start;      ///< name of the first node that was looked at
  std::uint32_t evaluated = 0;
  std::uint32_t feasible = 0;

  std::string pod_rejected_by;   ///< plugin that rejected the pod before any node was looked at
  std::string pod_rejection;
  std::vector<ExplainedNode> nodes;        ///< in the order of the node list
  std::vector<ExplainedPlugin> plugins;    ///< that scored, in profile order
  std::vector<std::string> skipped;        ///< had nothing to say about this pod
  std::vector<std::string> ties;
  std::string policy_answer;               ///< what a policy in a process of its own said; empty: none was asked
  std::optional<ExplainedPreemption> preemption;

  /// What came out differently when the decision was made again. Not empty means: this explanation cannot be trusted.
  std::vector<std::string> mismatches;
};

/// A cycle of a replay, explained. `attempts` and `identity` are left empty.
Explanation explain(ReplayedCycle& cycle);

struct PodQuestion {
  std::string namespace_ = "default";
  std::string name;                      ///< or a logical name, "web#2.3"
  std::optional<std::uint32_t> attempt;  ///< the last one if absent
  std::optional<SimTime> at;             ///< only attempts decided up to here; of several pods of the name, the one of then
};
/// Errors: UsageNotFound for a pod or attempt that the run does not have, with the nearest name; those of replay_scheduling.
Result<Explanation> explain_pod(const record::Recording& recording, const RunHistory& history, const scenario::SchedulerConfig& config,
                                const PodQuestion& question);

struct ExplainTextOptions {
  bool unicode = true;
  bool all_nodes = false;  ///< else long lists of nodes are cut
};
std::string to_text(const Explanation& explanation, const ExplainTextOptions& options);
nlohmann::ordered_json to_json(const Explanation& explanation);

/// The decisions of a run whose numbers `wanted` accepts, a line each.
std::string decisions_text(const record::Recording& recording, const RunHistory& history, const std::function<bool(std::size_t)>& wanted);

}  // namespace tandem::judge
