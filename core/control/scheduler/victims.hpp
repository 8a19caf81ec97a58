#pragma once
// Which pods would have to leave a node for a more important one (kubernetes-semantics §1.10, steps 3, 4 and 7).

#include <span>
#include <string_view>
#include <vector>

#include "core/control/scheduler/cycle_filters.hpp"
#include "core/control/scheduler/post_filter.hpp"

namespace tandem::control::scheduler {

/// What a dry run on one node found.
struct VictimSearch {
  PreemptionCandidate candidate;  ///< no victims: preemption does not help here
  Reasons reasons;                ///< why not
  Code code = Code::Success;
};

/// Takes every less important pod off the node, and if the incoming one fits then, puts back as many as can stay: first those
/// that a budget protects, the most important ones first. Source: plugins/defaultpreemption SelectVictimsOnNode.
VictimSearch find_victims(const CycleInput& input, const CycleFilters& filters, const NodeInfo& node);

/// One rule for choosing among candidates: those with the smallest value stay.
struct CandidateCriterion {
  std::string_view name;
  std::int64_t (*value)(const PreemptionCandidate&);
};
/// Fewest budgets broken, lowest priority of the most important victim, smallest sum of priorities, fewest victims, latest start of
/// the victim that started first among the most important. Source: framework/preemption pickOneNodeForPreemption.
std::span<const CandidateCriterion> candidate_criteria();

/// Dry runs for one pod class, kept for nodes where nothing changed since.
class VictimSearches {
 public:
  /// What find_victims() says; valid until the next call.
  const VictimSearch& on(const CycleInput& input, const CycleFilters& filters, const NodeInfo& node);

 private:
  struct Kept {
    std::uint64_t revision = 0;  ///< NodeInfo::revision; they start at 1
    std::uint64_t budgets_version = 0;
    VictimSearch search;
  };
  std::vector<Kept> kept_;  ///< by NodeIndex
  VictimSearch fresh_;
};

/// Candidates that the criteria cannot tell apart, as positions.
std::vector<std::size_t> best_candidates(std::span<const PreemptionCandidate> candidates);

/// Pods whose nomination to the node ends when `preemptor` takes it: the less important ones. None if every victim is on its way
/// out already, as in kube-scheduler since 1.33.
std::vector<cluster::Ptr<cluster::Pod>> nominations_to_clear(const Snapshot& snapshot, const cluster::Pod& preemptor,
                                                             const std::string& node, std::span<const PodOnNode> victims);

}  // namespace tandem::control::scheduler
