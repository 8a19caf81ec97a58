#include "core/control/scheduler/victims.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>

#include "core/base/check.hpp"

namespace tandem::control::scheduler {
namespace {

/// status.startTime as the API server keeps it, in whole seconds. A pod that has not started counts as starting now, later than
/// all others.
std::int64_t start_second(const PodOnNode& pod) {
  const std::optional<SimTime>& start = pod.pod->status.start_time;
  if (!start) return std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kSecond = 1'000'000'000;
  return start->ns >= 0 ? start->ns / kSecond : -((-start->ns + kSecond - 1) / kSecond);
}

bool more_important(const PodOnNode& a, const PodOnNode& b) {
  if (a.pod_class->priority() != b.pod_class->priority()) return a.pod_class->priority() > b.pod_class->priority();
  return start_second(a) < start_second(b);
}

/// Which pods' eviction would break a budget. Each pod uses up its budgets whether or not it is spared in the end.
std::vector<bool> breaks_a_budget(const std::vector<PodOnNode>& pods, const Snapshot& snapshot) {
  std::map<cluster::ObjectKey, std::int64_t> left;
  std::vector<bool> breaks(pods.size(), false);
  for (std::size_t i = 0; i < pods.size(); ++i) {
    for (const auto& [key, budget] : snapshot.disruption_budgets()) {
      if (!budget.protects(*pods[i].pod)) continue;
      std::int64_t& allowed = left.try_emplace(key, budget.disruptions_allowed).first->second;
      if (--allowed < 0) breaks[i] = true;
    }
  }
  return breaks;
}

/// A node and filter states from which pods are taken and put back; in the end everything is as before.
class DryRun {
 public:
  DryRun(const CycleInput& input, const CycleFilters& filters, const NodeInfo& node)
      : input_(input), filters_(filters), node_(node), trial_(node.trial()), nominated_(nominated_before(input, node)) {}
  DryRun(const DryRun&) = delete;
  DryRun& operator=(const DryRun&) = delete;
  ~DryRun() { filters_.adapt(input_, removed_, node_, 1); }

  void remove(const PodOnNode& pod) {
    trial_.load.remove(*pod.pod_class);
    filters_.adapt(input_, {&pod, 1}, node_, -1);
    removed_.push_back(pod);
  }
  /// Puts the pod back; takes it off again, and says no, if then there is no room for the incoming one.
  bool spare(const PodOnNode& pod) {
    const auto place = std::find_if(removed_.begin(), removed_.end(), [&](const PodOnNode& entry) { return entry.pod == pod.pod; });
    CHECK(place != removed_.end(), "only a pod that was taken off can be put back");
    trial_.load.add(*pod.pod_class);
    filters_.adapt(input_, {&pod, 1}, node_, 1);
    if (fits(nullptr)) {
      removed_.erase(place);
      return true;
    }
    trial_.load.remove(*pod.pod_class);
    filters_.adapt(input_, {&pod, 1}, node_, -1);
    return false;
  }
  [[nodiscard]] Verdict verdict(Reasons* reasons) const {
    return filters_.run_with_nominated(input_, trial_, nominated_, reasons);
  }

 private:
  [[nodiscard]] bool fits(Reasons* reasons) const { return verdict(reasons).passed(); }

  const CycleInput& input_;
  const CycleFilters& filters_;
  const NodeInfo& node_;
  NodeInfo trial_;
  std::vector<PodOnNode> nominated_;
  std::vector<PodOnNode> removed_;
};

/// Keeps the positions whose value is the smallest.
template <class Value>
void keep_smallest(std::vector<std::size_t>& positions, Value&& value) {
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  for (const std::size_t position : positions) smallest = std::min(smallest, value(position));
  std::erase_if(positions, [&](std::size_t position) { return value(position) != smallest; });
}

std::int64_t sum_of_priorities(const PreemptionCandidate& candidate) {
  // Shifted to be positive, so that few victims of negative priority beat many.
  constexpr std::int64_t kShift = std::int64_t{1} << 31;
  return std::accumulate(candidate.victims.begin(), candidate.victims.end(), std::int64_t{0},
                         [](std::int64_t sum, const PodOnNode& victim) { return sum + victim.pod_class->priority() + kShift; });
}

/// When the first of the most important victims started.
std::int64_t earliest_start(const PreemptionCandidate& candidate) {
  const std::int32_t highest = candidate.victims.front().pod_class->priority();
  std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
  for (const PodOnNode& victim : candidate.victims) {
    if (victim.pod_class->priority() == highest) earliest = std::min(earliest, start_second(victim));
  }
  return earliest;
}

}  // namespace

bool same_victims(const PreemptionCandidate& a, const PreemptionCandidate& b) {
  return a.node == b.node && a.pdb_violations == b.pdb_violations &&
         std::equal(a.victims.begin(), a.victims.end(), b.victims.begin(), b.victims.end(),
                    [](const PodOnNode& one, const PodOnNode& other) { return one.pod == other.pod; });
}

VictimSearch find_victims(const CycleInput& input, const CycleFilters& filters, const NodeInfo& node) {
  VictimSearch search;
  search.candidate.node = node.index;
  std::vector<PodOnNode> lesser;
  for (const PodOnNode& pod : node.pods) {
    if (pod.pod_class->priority() < input.pod_class.priority()) lesser.push_back(pod);
  }
  if (lesser.empty()) {
    search.code = Code::UnschedulableAndUnresolvable;
    search.reasons.emplace_back("No preemption victims found for incoming pod");
    return search;
  }
  DryRun run(input, filters, node);
  for (const PodOnNode& pod : lesser) run.remove(pod);
  search.code = run.verdict(&search.reasons).code;
  if (search.code != Code::Success) return search;

  std::stable_sort(lesser.begin(), lesser.end(), more_important);
  const std::vector<bool> breaks = breaks_a_budget(lesser, input.snapshot);
  std::vector<PodOnNode>& victims = search.candidate.victims;
  for (const bool protected_ones : {true, false}) {
    for (std::size_t i = 0; i < lesser.size(); ++i) {
      if (breaks[i] != protected_ones || run.spare(lesser[i])) continue;
      victims.push_back(lesser[i]);
      if (protected_ones) ++search.candidate.pdb_violations;
    }
  }
  std::stable_sort(victims.begin(), victims.end(), more_important);
  return search;
}

std::span<const CandidateCriterion> candidate_criteria() {
  static constexpr std::array kCriteria{
      CandidateCriterion{"budgets broken", [](const PreemptionCandidate& candidate) { return candidate.pdb_violations; }},
      CandidateCriterion{"highest priority",
                         [](const PreemptionCandidate& candidate) { return std::int64_t{candidate.victims.front().pod_class->priority()}; }},
      CandidateCriterion{"sum of priorities", sum_of_priorities},
      CandidateCriterion{"victims", [](const PreemptionCandidate& candidate) { return static_cast<std::int64_t>(candidate.victims.size()); }},
      CandidateCriterion{"latest start", [](const PreemptionCandidate& candidate) { return -earliest_start(candidate); }},
  };
  return kCriteria;
}

const VictimSearch& VictimSearches::on(const CycleInput& input, const CycleFilters& filters, const NodeInfo& node) {
  if (!node.nominated.empty() || filters.looks_beyond_nodes()) {  // then it depends on more than the class and the node
    fresh_ = find_victims(input, filters, node);
    return fresh_;
  }
  if (kept_.size() <= node.index) kept_.resize(input.snapshot.node_slots());
  Kept& kept = kept_[node.index];
  if (kept.revision != node.revision || kept.budgets_version != input.snapshot.budgets_version()) {
    kept = {node.revision, input.snapshot.budgets_version(), find_victims(input, filters, node)};
  }
  return kept.search;
}

std::vector<std::size_t> best_candidates(std::span<const PreemptionCandidate> candidates) {
  std::vector<std::size_t> best(candidates.size());
  std::iota(best.begin(), best.end(), std::size_t{0});
  for (const CandidateCriterion& criterion : candidate_criteria()) {
    keep_smallest(best, [&](std::size_t i) { return criterion.value(candidates[i]); });
  }
  return best;
}

std::vector<cluster::Ptr<cluster::Pod>> nominations_to_clear(const Snapshot& snapshot, const cluster::Pod& preemptor,
                                                             const std::string& node, std::span<const PodOnNode> victims) {
  std::vector<cluster::Ptr<cluster::Pod>> cleared;
  const NodeInfo* info = snapshot.find_node(node);
  const bool all_leaving = std::all_of(victims.begin(), victims.end(),
                                       [](const PodOnNode& victim) { return cluster::is_terminating(victim.pod->meta); });
  if (info == nullptr || all_leaving) return cleared;
  for (const PodOnNode& pod : info->nominated) {
    if (pod.pod_class->priority() < preemptor.spec->priority.value_or(0)) cleared.push_back(pod.pod);
  }
  return cleared;
}

}  // namespace tandem::control::scheduler
