// The short way through a cycle: the class's ranking knows who passes and with which total (class_ranking.hpp).

#include <algorithm>

#include "core/control/scheduler/algorithm_cycle.hpp"

namespace tandem::control::scheduler {

/// Whether this pod's verdicts and scores are functions of its class and each node alone.
bool SchedulingAlgorithm::only_local_plugins_speak(const Cycle& cycle) const {
  if (cycle.pod_rejection || cycle.node_names || !snapshot_.nominations().empty() || filters_.looks_beyond_nodes()) return false;
  if (!cycle.input.pod.status.nominated_node_name.empty()) return false;
  return std::all_of(plugins_.begin(), plugins_.end(), [&](const ConfiguredPlugin& configured) {
    return !configured.points.score || configured.node_local || configured.plugin->scores_nothing(cycle.input);
  });
}

/// False, with nothing done, if the cycle needs the long way.
bool SchedulingAlgorithm::decide_by_ranking(Cycle& cycle) {
  ClassRanking& ranking = cycle.results.ranking;
  if (!only_local_plugins_speak(cycle) || !ranking.bring_up_to_date(cycle.input, filters_, cycle.results, plugins_)) return false;
  const std::vector<NodeIndex>& order = snapshot_.order();
  const ClassRanking::Search search =
      ranking.search(next_start_ % order.size(), feasible_nodes_to_find(order.size(), percentage_));
  if (search.feasible == 0) return false;  // what comes then asks for every rejection
  Decision& decision = cycle.decision;
  if (search.feasible == 1) {
    decision.ties = {order[ranking.first_feasible(search)]};
    decision.tie_count = 1;
    decision.node = snapshot_.node(decision.ties.front()).name;
  } else {
    if (!ranking.holds_for(search)) return false;
    const Tournament::Standing best = ranking.best_of(search);
    decision.tie_count = best.ties;
    const std::uint32_t listed = listed_ties(best.ties);
    decision.ties.reserve(listed);
    for (std::uint32_t i = 0; i < listed; ++i) decision.ties.push_back(order[ranking.nth_best(search, best.best, i)]);
    const std::uint32_t taken = draw(cycle.input.pod, best.ties);
    decision.node = snapshot_.node(order[ranking.nth_best(search, best.best, taken)]).name;
  }
  decision.feasible = search.feasible;
  decision.evaluated = static_cast<std::uint32_t>(search.visited);
  next_start_ = (next_start_ + search.visited) % order.size();
  return true;
}

}  // namespace tandem::control::scheduler
