#include "core/judge/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/check.hpp"
#include "core/base/text.hpp"
#include "core/control/scheduler/victims.hpp"
#include "core/judge/decisions_of.hpp"
#include "core/judge/worlds.hpp"

namespace tandem::judge {

using namespace control::scheduler;
using record::SchedulingDecision;

namespace {

std::string path_of(const cluster::ObjectMeta& meta) { return meta.namespace_ + "/" + meta.name; }

/// Verdicts of all nodes in the order of the node list, scores not yet filled in.
std::vector<ExplainedNode> nodes_of(const Snapshot& snapshot, const DecisionDetail& detail) {
  std::vector<ExplainedNode> nodes;
  std::map<std::string, std::size_t> position;
  for (const NodeIndex index : snapshot.order()) {
    position[snapshot.node(index).name] = nodes.size();
    nodes.emplace_back().name = snapshot.node(index).name;
  }
  for (const NodeRejection& rejection : detail.rejected) {
    ExplainedNode& node = nodes[position.at(rejection.node)];
    node.verdict = ExplainedNode::Verdict::Rejected;
    node.plugin = rejection.plugin;
    node.code = name_of(rejection.code);
    node.reasons = rejection.reasons;
  }
  for (std::size_t i = 0; i < detail.feasible.size(); ++i) {
    ExplainedNode& node = nodes[position.at(detail.feasible[i])];
    node.verdict = ExplainedNode::Verdict::Feasible;
    for (const PluginScores& scores : detail.scores) {
      node.scores.push_back({scores.raw[i], scores.normalized[i], scores.weighted[i]});
    }
    if (!detail.total.empty()) node.total = detail.total[i];
  }
  return nodes;
}

ExplainedPreemption preemption_of(const Preemption& preemption, const Snapshot& snapshot) {
  ExplainedPreemption told;
  told.eligible = preemption.eligible;
  for (const CandidateCriterion& criterion : candidate_criteria()) told.criteria.emplace_back(criterion.name);
  for (std::size_t i = 0; i < preemption.candidates.size(); ++i) {
    const PreemptionCandidate& candidate = preemption.candidates[i];
    ExplainedCandidate& explained = told.candidates.emplace_back();
    explained.node = snapshot.node(candidate.node).name;
    for (const CandidateCriterion& criterion : candidate_criteria()) explained.criteria.push_back(criterion.value(candidate));
    for (const PodOnNode& victim : candidate.victims) explained.victims.push_back({path_of(victim.pod->meta), victim.pod_class->priority()});
    explained.tied = std::find(preemption.ties.begin(), preemption.ties.end(), candidate.node) != preemption.ties.end();
    explained.chosen = preemption.chosen == i;
  }
  std::vector<const ExplainedCandidate*> left;
  for (const ExplainedCandidate& candidate : told.candidates) left.push_back(&candidate);
  for (std::size_t rule = 0; rule < told.criteria.size() && left.size() > 1; ++rule) {
    const auto worse = [rule](const auto* a, const auto* b) { return a->criteria[rule] < b->criteria[rule]; };
    const std::int64_t best = (*std::min_element(left.begin(), left.end(), worse))->criteria[rule];
    std::erase_if(left, [&](const auto* candidate) { return candidate->criteria[rule] != best; });
    if (left.size() == 1) told.decided_by = rule;
  }
  return told;
}

void explain_requests(Explanation& told, const PodRequests& requests) {
  told.cpu_milli = requests.occupied.milli_cpu;
  told.memory_bytes = requests.occupied.memory;
  told.scored_cpu_milli = requests.scored_cpu;
  told.scored_memory_bytes = requests.scored_memory;
  if (requests.occupied.ephemeral_storage != 0) told.other_requests.emplace_back("ephemeral-storage", requests.occupied.ephemeral_storage);
  for (const auto& [name, amount] : requests.occupied.scalars) told.other_requests.emplace_back(name, amount);
}

void explain_outcome(Explanation& told, const Decision& decision, const Snapshot& snapshot) {
  told.node = decision.node;
  told.message = decision.message;
  told.failed = decision.failed;
  told.nominated_node_only = decision.nominated_node_only;
  told.nominated_node = decision.nominated_node;
  told.evaluated = decision.evaluated;
  told.feasible = decision.feasible;
  const DecisionDetail& detail = *decision.detail;
  if (detail.pre_filter) {
    told.pod_rejected_by = detail.pre_filter->plugin;
    told.pod_rejection = detail.pre_filter->message;
  }
  told.nodes = nodes_of(snapshot, detail);
  for (const PluginScores& scores : detail.scores) told.plugins.push_back({scores.plugin, scores.weight});
  told.skipped = detail.skipped_score_plugins;
  std::vector<bool> tied(snapshot.node_slots(), false);
  for (const NodeIndex node : decision.ties) tied[node] = true;
  const std::vector<NodeIndex>& order = snapshot.order();
  for (std::size_t i = 0; i < order.size(); ++i) {
    ExplainedNode& node = told.nodes[i];
    node.tied = tied[order[i]];
    node.chosen = !decision.node.empty() && node.name == decision.node;
    if (node.tied) told.ties.push_back(node.name);
  }
  if (decision.preemption) told.preemption = preemption_of(*decision.preemption, snapshot);
}

Error unknown_pod(const record::Recording& recording, const RunHistory& history, const PodQuestion& question) {
  const Identities identities(history);
  std::vector<std::string> names;
  for (const PodLife& pod : history.pods) {
    if (pod.namespace_ == question.namespace_) names.push_back(pod.name);
    names.push_back(identities.of(pod));
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string nearest = nearest_name(question.name, candidates);
  return make_error(ErrorCode::UsageNotFound, "the run has no pod of this name")
      .with_found(question.namespace_ + "/" + question.name)
      .with_hint(!nearest.empty() ? "did you mean pod/" + nearest + "?" : "tandem explain " + recording.folder() + " lists every decision with its pod");
}

Error never_decided(const PodLife& pod, const record::Recording& recording) {
  Error error = make_error(ErrorCode::UsageNotFound, "the scheduler made no decision about this pod").with_found(pod.namespace_ + "/" + pod.name);
  if (has_foreign_controllers(recording.world())) {
    error.hint = "this run has no decisions of Tandem's scheduler: on a real cluster (" + recording.world() + ") its own scheduler decides";
  } else if (!pod.node.empty()) {
    error.hint = "it was bound to " + pod.node + " by someone else: its nodeName was given, or another scheduler did it";
  } else {
    error.hint = "it waits in the queue, has scheduling gates, or asks for a scheduler (schedulerName) that the run does not have";
  }
  return error;
}

Error not_yet_decided(const PodLife& pod, const PodQuestion& question, SimTime first) {
  return make_error(ErrorCode::UsageNotFound, fmt::format("the scheduler made no decision about this pod until {}", to_string(*question.at - kTimeZero)))
      .with_found(pod.namespace_ + "/" + pod.name)
      .with_hint("its first was made at " + to_string(first - kTimeZero));
}

}  // namespace

Explanation explain(ReplayedCycle& cycle) {
  const Decision decision = cycle.evaluate(Detail::Full);
  const Snapshot& snapshot = *cycle.snapshot;
  Explanation told;
  told.pod = cycle.recorded->pod;
  told.attempt = cycle.recorded->attempt;
  told.begun = cycle.inputs->begun;
  told.decided = cycle.recorded->time;
  told.profile = cycle.profile->scheduler_name;
  told.priority = cycle.pod->spec->priority.value_or(0);
  told.seen = cycle.inputs->seen;
  told.input_version = cycle.recorded->input_version;
  told.policy_answer = cycle.inputs->policy_answer;
  told.nodes_total = snapshot.order().size();
  told.nodes_wanted = feasible_nodes_to_find(told.nodes_total, cycle.profile->percentage_of_nodes_to_score);
  if (told.nodes_total > 0) told.search_start = snapshot.node(snapshot.order()[cycle.inputs->search_start % told.nodes_total]).name;
  CHECK(decision.detail.has_value(), "it was asked for");
  explain_requests(told, decision.detail->requests);
  explain_outcome(told, decision, snapshot);
  told.mismatches = differences(decision, cycle);
  return told;
}

Result<Explanation> explain_pod(const record::Recording& recording, const RunHistory& history, const scenario::SchedulerConfig& config,
                                const PodQuestion& question) {
  const DecisionsOfPods decisions(recording, history);
  const PodLife* pod = decisions.find(question.namespace_, question.name, question.at);
  if (pod == nullptr) return fail(unknown_pod(recording, history, question));
  std::vector<AttemptLine> attempts;
  for (const std::size_t number : decisions.of(*pod)) {
    const SchedulingDecision& decision = recording.decisions()[number];
    if (!question.at || decision.time <= *question.at) attempts.push_back({number, decision.attempt, decision.time, decision.node, decision.message});
  }
  if (attempts.empty() && !decisions.of(*pod).empty()) return fail(not_yet_decided(*pod, question, recording.decisions()[decisions.of(*pod).front()].time));
  if (attempts.empty()) return fail(never_decided(*pod, recording));
  std::size_t wanted = attempts.back().number;
  if (question.attempt) {
    const auto found = std::find_if(attempts.rbegin(), attempts.rend(), [&](const AttemptLine& line) { return line.attempt == *question.attempt; });
    if (found == attempts.rend()) {
      return fail(make_error(ErrorCode::UsageNotFound, "the pod has no such attempt")
                      .with_found(std::to_string(*question.attempt))
                      .with_allowed(fmt::format("{} to {}", attempts.front().attempt, attempts.back().attempt)));
    }
    wanted = found->number;
  }
  Explanation told;
  TANDEM_TRY(replay_scheduling(
      recording, config, [&](std::size_t number) { return number == wanted; }, [&](ReplayedCycle& cycle) { told = explain(cycle); }));
  told.attempts = std::move(attempts);
  told.identity = decisions.identities().of(*pod);
  return told;
}

}  // namespace tandem::judge
