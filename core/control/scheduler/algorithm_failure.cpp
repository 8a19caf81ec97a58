// The second half of a cycle that found no node: why, and what the PostFilter plugins make of it.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/control/scheduler/algorithm_cycle.hpp"
#include "core/control/scheduler/fit_error.hpp"

namespace tandem::control::scheduler {

using Outcome = PostFilterResult::Outcome;

Reasons SchedulingAlgorithm::reasons_of(const Cycle& cycle, const Rejection& rejection) const {
  Reasons reasons;
  const NodeInfo& node = snapshot_.node(rejection.node);
  filters_.run_with_nominated(cycle.input, node, nominated_before(cycle.input, node), &reasons);
  return reasons;
}

void SchedulingAlgorithm::post_filter(Cycle& cycle) {
  const std::string after = run_post_filters(cycle);
  const std::size_t nodes = snapshot_.order().size();
  if (cycle.pod_rejection) {
    cycle.decision.message = no_node_available(nodes, cycle.pod_rejection->message, after);
    return;
  }
  ReasonHistogram reasons;
  std::vector<std::size_t> nodes_by_reasons;  // by number
  for (const Rejection& rejection : rejections_) {
    const NodeInfo& node = snapshot_.node(rejection.node);
    if (!node.nominated.empty() || !plugins_[rejection.verdict.plugin].node_local) {
      for (std::string& text : reasons_of(cycle, rejection)) reasons.add(std::move(text), 1);
      continue;
    }
    const std::size_t number = cycle.results.reasons_number(rejection.verdict.plugin, cycle.input, filters_, node);
    if (nodes_by_reasons.size() <= number) nodes_by_reasons.resize(number + 1, 0);
    ++nodes_by_reasons[number];
  }
  for (std::size_t number = 0; number < nodes_by_reasons.size(); ++number) {
    for (const std::string& text : cycle.results.reasons()[number]) reasons.add(text, nodes_by_reasons[number]);
  }
  if (cycle.node_names) reasons.add(not_satisfied(cycle.naming_plugins), nodes - rejections_.size());
  cycle.decision.message = no_node_available(nodes, reasons, after);
}

/// framework RunPostFilterPlugins. Returns the part of the failure message that comes after the nodes' reasons.
std::string SchedulingAlgorithm::run_post_filters(Cycle& cycle) {
  std::vector<RejectedNode> rejected;
  for (const Rejection& rejection : rejections_) rejected.push_back({rejection.node, rejection.verdict.code});
  const CounterStream draws(seed_, "scheduler-preemption", entity_of(cycle.input.pod));
  const PostFilterInput input{.cycle = cycle.input,
                              .filters = filters_,
                              .searches = cycle.results.searches,
                              .rejected_before_filters = cycle.pod_rejection.has_value(),
                              .rejected = rejected,
                              .code_of_others = cycle.pod_rejection ? cycle.pod_rejection->code : Code::UnschedulableAndUnresolvable,
                              .draws = draws};
  std::vector<std::string> messages;
  NominationChange nomination = NominationChange::Keep;
  for (const ConfiguredPlugin& configured : plugins_) {
    if (!configured.points.post_filter) continue;
    PostFilterResult result = configured.plugin->post_filter(input);
    if (result.preemption) cycle.decision.preemption = std::move(result.preemption);
    if (result.outcome == Outcome::Failed) return result.message;  // and the nomination stays as it is
    if (result.outcome == Outcome::Resolved) {
      cycle.decision.nomination = result.nomination;
      const Preemption& preemption = *cycle.decision.preemption;
      cycle.decision.nominated_node = snapshot_.node(preemption.candidates[*preemption.chosen].node).name;
      return result.message;
    }
    if (result.nomination != NominationChange::Keep) nomination = result.nomination;
    messages.push_back(std::move(result.message));
  }
  cycle.decision.nomination = nomination;
  return fmt::format("{}", fmt::join(messages, ", "));
}

void SchedulingAlgorithm::fill_filter_detail(Cycle& cycle) {
  DecisionDetail& detail = *cycle.decision.detail;
  detail.pre_filter = cycle.pod_rejection;
  if (cycle.pod_rejection) return;
  for (const NodeIndex index : feasible_) detail.feasible.push_back(snapshot_.node(index).name);
  std::vector<const Rejection*> by_node(snapshot_.node_slots(), nullptr);
  for (const Rejection& rejection : rejections_) by_node[rejection.node] = &rejection;
  for (const NodeIndex index : snapshot_.order()) {
    const NodeInfo& node = snapshot_.node(index);
    if (const Rejection* rejection = by_node[index]) {
      NodeRejection told{
          node.name, std::string(plugins_[rejection->verdict.plugin].plugin->name()), rejection->verdict.code, {}};
      told.reasons = reasons_of(cycle, *rejection);
      detail.rejected.push_back(std::move(told));
    } else if (cycle.node_names && !std::binary_search(cycle.node_names->begin(), cycle.node_names->end(), node.name)) {
      detail.rejected.push_back({node.name, "", Code::UnschedulableAndUnresolvable, {not_satisfied(cycle.naming_plugins)}});
    }
  }
}

}  // namespace tandem::control::scheduler
