#pragma once
// What identical pods share beyond class_results.hpp: who can take a pod of the class and with which total, for the whole node list
// at once, re-worked only for nodes that changed. A cycle then asks for the best instead of walking over all nodes.

#include <cstdint>
#include <vector>

#include "core/control/scheduler/cycle_filters.hpp"
#include "core/control/scheduler/tournament.hpp"

namespace tandem::control::scheduler {

class ClassResults;

/// Stands for cycles in which only node-local plugins have something to say: nothing is nominated, and no filter or score looks
/// beyond the node. The one thing such scores share is the largest raw score that some are measured against; it is looked up
/// for the nodes in question, and where it differs from the one in the totals, the ranking does not answer.
class ClassRanking {
 public:
  /// The nodes that one cycle looks at: `visited` positions of the node list from `start` on, wrapping around.
  struct Search {
    std::size_t start = 0;
    std::size_t visited = 0;
    std::uint32_t feasible = 0;
  };

  /// Catches up with the cluster. False if the ranking would have to be built anew and that is not worth its cost yet: building
  /// looks at every node, so as many visits must have gone without it since. begin_cycle() of `results` comes first.
  bool bring_up_to_date(const CycleInput& input, const CycleFilters& filters, ClassResults& results,
                        const std::vector<ConfiguredPlugin>& plugins);
  /// Cycles that did without the ranking looked at this many nodes.
  void note_visits(std::size_t nodes) { visits_without_ += nodes; }

  /// From `start` on until `wanted` feasible nodes are found or all were looked at.
  [[nodiscard]] Search search(std::size_t start, std::size_t wanted) const;
  /// Whether the totals of these nodes are right: the scores are measured against the largest raw score among just them.
  /// If not, the ranking will be built anew for these in time.
  bool holds_for(const Search& search);
  [[nodiscard]] Tournament::Standing best_of(const Search& search) const;
  /// Position of the n-th node (from 0, in the order visited) that has the largest total `best`.
  [[nodiscard]] std::size_t nth_best(const Search& search, std::int64_t best, std::uint32_t n) const;
  /// Position of the first feasible node visited.
  [[nodiscard]] std::size_t first_feasible(const Search& search) const;

  /// For checks: how it stands with a position.
  [[nodiscard]] const Tournament::Standing& at(std::size_t position) const { return totals_.at(position); }

 private:
  /// A plugin whose points are in the totals.
  struct Part {
    std::size_t position = 0;  ///< in the profile
    std::int64_t weight = 0;
    Normalization normalization = Normalization::None;
    std::int64_t maximum = 0;  ///< raw score that counts as 100, if measured against one
    Tournament raw;            ///< raw scores, if measured against a maximum
    [[nodiscard]] bool is_measured() const { return normalization != Normalization::None; }
  };
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  void build(const CycleInput& input, const CycleFilters& filters, ClassResults& results,
             const std::vector<ConfiguredPlugin>& plugins);
  void find_parts(const CycleInput& input, ClassResults& results, const std::vector<ConfiguredPlugin>& plugins);
  void place(const CycleInput& input, const CycleFilters& filters, ClassResults& results, const NodeInfo& node);
  /// The search as stretches of positions: up to the end of the list, and from its beginning on.
  [[nodiscard]] Range before_wrapping(const Search& search) const;
  [[nodiscard]] Range after_wrapping(const Search& search) const;

  Tournament totals_;
  std::vector<Part> parts_;
  bool is_built_ = false;
  bool is_possible_ = true;  ///< no plugin fails
  std::uint64_t order_version_ = 0;
  std::uint64_t images_version_ = 0;
  std::uint64_t generation_ = 0;
  std::size_t visits_without_ = 0;
};

}  // namespace tandem::control::scheduler
