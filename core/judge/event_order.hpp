#pragma once
// The order in which things happened, told in logical names, and how two runs differ in it.

#include <optional>
#include <string>
#include <vector>

#include "core/judge/run_history.hpp"

namespace tandem::judge {

struct LogicalEvent {
  Instant at;
  /// What happened, the same text in every run: "web#2 pod ready". Pods of one ReplicaSet are interchangeable, so their numbers are
  /// not part of it: two pods that become ready in the other order are no difference.
  std::string what;
  std::string subject;  ///< which one: "web#2.3"
};

/// Template changes, ReplicaSet sizes, and pods created, bound, running, ready, deleting and gone, in order of commits.
std::vector<LogicalEvent> logical_events(const RunHistory& history);

struct Divergence {
  std::size_t number = 0;             ///< events before it are the same in both runs
  std::optional<LogicalEvent> a, b;   ///< absent: that run had no further event
};

struct OrderDifference {
  std::size_t events_a = 0;
  std::size_t events_b = 0;
  std::size_t in_common_order = 0;    ///< length of the longest common subsequence
  std::optional<Divergence> first;    ///< absent: the sequences are equal
  bool shortened = false;             ///< only the first kEventsCompared of each were compared
  /// 0: same events in the same order; 1: nothing in common.
  [[nodiscard]] double share() const {
    const std::size_t all = events_a + events_b;
    return all == 0 ? 0 : 1 - 2 * static_cast<double>(in_common_order) / static_cast<double>(all);
  }
};
inline constexpr std::size_t kEventsCompared = 50'000;

OrderDifference compare_order(const RunHistory& a, const RunHistory& b);

}  // namespace tandem::judge
