#pragma once
// What the cluster leaves in a recording besides its objects: scheduling decisions, and what the scheduler believed when it made
// them. Together with the changes of objects they are enough to make every decision again (core/judge/scheduling_replay.hpp).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace tandem::record {

/// A decision keeps the names of its ties up to this many; a new cluster of 5,000 nodes has hundreds, and then their number and
/// sum say which they were.
inline constexpr std::size_t kNamedTiesMax = 8;

/// What becomes of the pod's status.nominatedNodeName.
enum class Nomination : std::uint8_t { Keep, Withdraw, Nominate };
inline constexpr std::uint8_t kNominationCount = 3;

/// Whether a policy in a process of its own was asked, and what came of it.
enum class PolicyAnswer : std::uint8_t { NotAsked, Answered, Failed };
inline constexpr std::uint8_t kPolicyAnswerCount = 3;

/// What a scheduling cycle was given beyond the objects, and what of its outcome is checked when it is made again. "Seen" counts
/// changes that the scheduler's watches had delivered: the first so many recorded changes of kinds with watched_by_scheduler().
struct DecisionInputs {
  SimTime begun;                     ///< the cycle's begin; the decision's own time is its end
  std::uint64_t seen = 0;            ///< at the begin
  std::uint32_t seen_during = 0;     ///< more of them when the outcome took effect
  std::uint32_t step = 0;            ///< of the scheduler: it makes one when a cycle begins and one when its outcome takes effect
  std::uint32_t search_start = 0;    ///< position in the list of nodes at which the search began
  std::uint32_t tie_count = 0;
  std::uint64_t tie_sum = 0;         ///< of tie_term(position in the list of nodes) over the ties that a decision lists
  Nomination nomination = Nomination::Keep;
  std::string nominated_node = {};   ///< of Nomination::Nominate
  PolicyAnswer policy = PolicyAnswer::NotAsked;
  std::string policy_answer = {};    ///< its line, or why there is none
  friend bool operator==(const DecisionInputs&, const DecisionInputs&) = default;
};

/// Sums of these differ for different sets of positions, whatever their order. The finalizer of SplitMix64.
constexpr std::uint64_t tie_term(std::uint64_t position) {
  std::uint64_t mixed = (position + 1) * 0x9E3779B97F4A7C15ULL;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
  return mixed ^ (mixed >> 31);
}

/// A scheduling decision: the version of its inputs and the outcome. explain re-evaluates the rest.
struct SchedulingDecision {
  SimTime time;
  std::string pod;                 ///< "namespace/name"
  std::uint32_t attempt = 1;
  std::int64_t input_version = 0;  ///< resourceVersion of the scheduler's view
  std::string node;                ///< chosen; empty if unschedulable
  std::vector<std::string> ties;   ///< every node with the best total, sorted by node order; empty if more than kNamedTiesMax
  std::uint32_t feasible = 0;
  std::uint32_t evaluated = 0;
  std::string message;             ///< FailedScheduling text if unschedulable
  std::optional<DecisionInputs> inputs = {};  ///< absent: made by a scheduler that is not ours, or recorded before there were any
  friend bool operator==(const SchedulingDecision&, const SchedulingDecision&) = default;
};

/// A change of the scheduler's picture of the cluster that neither objects nor decisions tell. Rare.
struct SchedulerNote {
  enum class Kind : std::uint8_t {
    Forgotten,        ///< a binding failed: the pod no longer counts on the node
    Nominated,        ///< room is kept for the pod on `node`
    NominationEnded,  ///< no longer
    Discarded         ///< a cycle chose `node`, but then its pod was gone; `subject` is the profile
  };
  SimTime time;
  Kind kind = Kind::Forgotten;
  std::string subject;          ///< uid of the pod; of Discarded: schedulerName of the profile
  std::string node = {};
  std::uint64_t seen = 0;       ///< as in DecisionInputs
  std::uint32_t step = 0;       ///< likewise
  friend bool operator==(const SchedulerNote&, const SchedulerNote&) = default;
};
inline constexpr std::uint8_t kSchedulerNoteKindCount = 4;

}  // namespace tandem::record
