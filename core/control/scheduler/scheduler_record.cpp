// What the scheduler tells a recording: decisions with what they were made from, and what else changed its picture of the cluster.

#include <algorithm>

#include "core/control/scheduler/scheduler.hpp"

namespace tandem::control {

using scheduler::Decision;
using scheduler::NodeIndex;
using scheduler::NominationChange;
using scheduler::QueuedPod;

namespace {

record::Nomination recorded(NominationChange change) {
  switch (change) {
    case NominationChange::Keep: return record::Nomination::Keep;
    case NominationChange::Withdraw: return record::Nomination::Withdraw;
    case NominationChange::Nominate: return record::Nomination::Nominate;
  }
  return record::Nomination::Keep;
}

/// A few ties by name, in the order of the node list; more of them only by number and sum, which is what a busy scheduler can afford.
void record_ties(record::SchedulingDecision& told, const scheduler::Snapshot& snapshot, const Decision& decision) {
  std::vector<NodeIndex> ties = decision.ties;
  told.inputs->tie_count = decision.tie_count;
  for (const NodeIndex node : ties) told.inputs->tie_sum += record::tie_term(snapshot.position_of(node));
  if (decision.tie_count > record::kNamedTiesMax) return;
  std::sort(ties.begin(), ties.end(), [&](NodeIndex a, NodeIndex b) { return snapshot.position_of(a) < snapshot.position_of(b); });
  for (const NodeIndex node : ties) told.ties.push_back(snapshot.node(node).name);
}

}  // namespace

record::SchedulingDecision Scheduler::describe(const QueuedPod& queued, const Decision& decision, const Profile& profile,
                                               std::size_t search_start) const {
  record::SchedulingDecision told;
  told.pod = queued.pod->meta.namespace_ + "/" + queued.pod->meta.name;
  told.attempt = queued.attempts;
  told.input_version = watch_->newest_version();
  told.node = decision.node;
  told.feasible = decision.feasible;
  told.evaluated = decision.evaluated;
  told.message = decision.message;
  record::DecisionInputs& inputs = told.inputs.emplace();
  inputs.begun = clock_.now();
  inputs.seen = watch_->seen();
  inputs.step = step_;
  inputs.search_start = static_cast<std::uint32_t>(search_start);
  inputs.nomination = recorded(decision.nomination);
  inputs.nominated_node = decision.nominated_node;
  record_ties(told, snapshot_, decision);
  if (profile.policy) {
    const scheduler::RememberingPolicy::Answer answer = profile.policy->take();
    inputs.policy = answer.state;
    inputs.policy_answer = answer.text;
  }
  return told;
}

void Scheduler::nominate(const PodPtr& pod, const std::string& node) {
  snapshot_.nominate(pod, node);
  note(record::SchedulerNote::Kind::Nominated, pod->meta.uid, node);
}

void Scheduler::end_nomination(const std::string& pod_uid) {
  if (snapshot_.nominated_node(pod_uid) == nullptr) return;
  snapshot_.withdraw_nomination(pod_uid);
  note(record::SchedulerNote::Kind::NominationEnded, pod_uid);
}

void Scheduler::note(record::SchedulerNote::Kind kind, std::string subject, std::string node) const {
  if (!options_.on_note) return;
  // While the watch is being made it reports what exists already; recordings begin with an empty cluster.
  options_.on_note({clock_.now(), kind, std::move(subject), std::move(node), watch_ ? watch_->seen() : 0, step_});
}

}  // namespace tandem::control
