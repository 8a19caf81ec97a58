// The checked mode: every decision once more without anything that is kept between cycles.

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/base/check.hpp"
#include "core/control/scheduler/algorithm_cycle.hpp"

namespace tandem::control::scheduler {
namespace {

/// What both a decision with its details and one without say.
bool same_outcome(const Decision& a, const Decision& b) {
  const auto listed = [](const Decision& decision) {
    return std::span(decision.ties).first(listed_ties(decision.tie_count));
  };
  return a.node == b.node && a.tie_count == b.tie_count && a.feasible == b.feasible && a.evaluated == b.evaluated &&
         a.message == b.message && a.failed == b.failed && a.rejecting_plugins == b.rejecting_plugins &&
         a.nominated_node_only == b.nominated_node_only && a.nomination == b.nomination &&
         a.nominated_node == b.nominated_node && std::ranges::equal(listed(a), listed(b));
}

bool same_preemption(const Decision& a, const Decision& b) {
  if (a.preemption.has_value() != b.preemption.has_value()) return false;
  if (!a.preemption) return true;
  return a.preemption->eligible == b.preemption->eligible && a.preemption->chosen == b.preemption->chosen &&
         a.preemption->ties == b.preemption->ties &&
         std::ranges::equal(a.preemption->candidates, b.preemption->candidates, same_victims);
}

}  // namespace

void SchedulingAlgorithm::check(const cluster::Pod& pod, const Decision& made, const Memory& before) {
  snapshot_.check();
  const bool answered_by_ranking = answered_by_ranking_;
  const Memory after{next_start_, last_chosen_};
  const PodClassPtr from_scratch = make_pod_class(pod, 0);
  const PodClassPtr shared_class = snapshot_.class_of(pod);
  CHECK(from_scratch->requests == shared_class->requests, "pods of one class ask for the same");
  const auto again = [&](const PodClass& pod_class, ClassResults& results) {
    search_from(before.next_start);
    last_chosen_ = before.last_chosen;
    Decision decision = decide(pod, pod_class, results, Detail::Full, false);
    CHECK((Memory{next_start_, last_chosen_}) == after, "the next search begins where it did");
    return decision;
  };
  ClassResults nothing_shared(from_scratch, plugins_);
  const Decision scratch = again(*from_scratch, nothing_shared);
  CHECK(same_outcome(made, scratch), fmt::format("{}/{} goes to \"{}\", one of {}; from scratch to \"{}\", one of {}",
                                                 pod.meta.namespace_, pod.meta.name, made.node, made.tie_count, scratch.node,
                                                 scratch.tie_count));
  CHECK(same_preemption(made, scratch), "the same victims are found from scratch");
  if (made.detail) CHECK(*made.detail == *scratch.detail, "the details are those worked out from scratch");
  if (!pod.node_name.empty()) return;
  ClassResults& results = results_.find(shared_class, plugins_);
  const Decision shared = again(*shared_class, results);
  CHECK(same_outcome(shared, scratch), "shared verdicts and scores lead to the same decision");
  CHECK(*shared.detail == *scratch.detail, "every shared verdict and score is the one worked out from scratch");
  if (answered_by_ranking) check_ranking(*scratch.detail, results.ranking);
}

void SchedulingAlgorithm::check_ranking(const DecisionDetail& scratch, const ClassRanking& ranking) const {
  for (std::size_t i = 0; i < scratch.feasible.size(); ++i) {
    const NodeInfo& node = *snapshot_.find_node(scratch.feasible[i]);
    const Tournament::Standing& kept = ranking.at(snapshot_.position_of(node.index));
    CHECK(kept.in == 1, "who is feasible from scratch is so in the ranking");
    if (!scratch.total.empty()) CHECK(kept.best == scratch.total[i], "the ranking's total is the one worked out from scratch");
  }
  for (const NodeRejection& rejection : scratch.rejected) {
    const NodeInfo& node = *snapshot_.find_node(rejection.node);
    CHECK(ranking.at(snapshot_.position_of(node.index)).in == 0, "who is rejected from scratch is so in the ranking");
  }
}

}  // namespace tandem::control::scheduler
