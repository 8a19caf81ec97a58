#pragma once
// What identical pods share: for one pod class, the verdict and raw scores of every node, re-worked only for nodes that
// changed since. This is what makes a rollout of many equal replicas cheap (design §4).

#include <cstdint>
#include <map>
#include <vector>

#include "core/control/scheduler/class_ranking.hpp"
#include "core/control/scheduler/cycle_filters.hpp"
#include "core/control/scheduler/victims.hpp"

namespace tandem::control::scheduler {

/// Results of the node-local plugins for one class. Node columns appear with the second pod of the class, so that
/// single pods cost no memory per node.
class ClassResults {
 public:
  ClassResults(PodClassPtr pod_class, const std::vector<ConfiguredPlugin>& plugins);

  /// Must be called at the start of each cycle: drops what a changed image table or node count made stale.
  void begin_cycle(const CycleInput& input);

  /// pre_filter of a node-local plugin, by position.
  [[nodiscard]] PreFilterResult& pre_filter(std::size_t position) { return pre_filter_[position]; }
  /// pre_score of a node-local plugin, by position.
  PreScoreResult& pre_score(std::size_t position, const CycleInput& input);

  /// The node-local verdict.
  Verdict verdict(const CycleInput& input, const CycleFilters& filters, const NodeInfo& node);
  /// The raw score of a node-local plugin that is not skipped.
  std::int64_t raw_score(std::size_t position, const CycleInput& input, const NodeInfo& node);

  /// Why a node-local filter rejects the node, as a number for reasons(): few texts are common to many nodes.
  std::size_t reasons_number(std::uint8_t plugin, const CycleInput& input, const CycleFilters& filters, const NodeInfo& node);
  [[nodiscard]] const std::vector<Reasons>& reasons() const { return reasons_; }

  std::uint64_t last_used = 0;
  ClassRanking ranking;
  VictimSearches searches;

 private:
  /// Generations start at 1, so 0 is "never".
  struct CachedVerdict {
    std::uint64_t generation = 0;
    Verdict verdict;
  };
  struct CachedReasons {
    std::uint64_t generation = 0;
    std::size_t number = 0;
  };
  struct CachedScore {
    std::uint64_t generation = 0;
    std::int64_t score = 0;
  };

  PodClassPtr pod_class_;
  const std::vector<ConfiguredPlugin>& plugins_;
  std::vector<PreFilterResult> pre_filter_;
  std::vector<PreScoreResult> pre_score_;
  std::vector<bool> pre_score_known_;
  std::vector<CachedVerdict> verdicts_;
  std::vector<std::vector<CachedScore>> scores_;  ///< by position, then NodeIndex
  std::vector<CachedReasons> reasons_numbers_;    ///< by NodeIndex
  std::vector<Reasons> reasons_;
  std::uint64_t cycles_ = 0;
  std::uint64_t images_version_ = 0;
};

/// Results of the classes seen lately.
class ClassResultsCache {
 public:
  ClassResults& find(const PodClassPtr& pod_class, const std::vector<ConfiguredPlugin>& plugins);
  void clear() { results_.clear(); }

 private:
  std::map<std::uint32_t, ClassResults> results_;  ///< by class id
  std::uint64_t uses_ = 0;
};

}  // namespace tandem::control::scheduler
