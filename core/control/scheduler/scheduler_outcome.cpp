// What the scheduler does about a decision: binding, or failure with nomination and preemption.

#include <fmt/format.h>

#include <algorithm>

#include "core/control/scheduler/fit_error.hpp"
#include "core/control/scheduler/pod_conditions.hpp"
#include "core/control/scheduler/scheduler.hpp"
#include "core/control/scheduler/victims.hpp"

namespace tandem::control {

using scheduler::ClusterEvent;
using scheduler::Decision;
using scheduler::NominationChange;
using scheduler::QueuedPod;

namespace {

constexpr std::string_view kPodScheduled = "PodScheduled";

std::string path_of(const cluster::Pod& pod) { return pod.meta.namespace_ + "/" + pod.meta.name; }

}  // namespace

// ---------------------------------------------------------------- success

void Scheduler::bind(const QueuedPod& queued, const std::string& node_name) {
  const PodPtr pod = queued.pod;
  end_nomination(pod->meta.uid);
  snapshot_.assume(*pod, node_name);
  client_.bind(
      cluster::key_of(pod->meta), pod->meta.uid, node_name, [this, pod, node_name](Result<PodPtr> bound) {
        if (!bound) return binding_failed(*pod, bound.error());
        queue_.done(pod->meta.uid);
        event(**bound, "Normal", "Scheduled", fmt::format("Successfully assigned {} to {}", path_of(*pod), node_name));
      });
}

void Scheduler::binding_failed(const cluster::Pod& pod, const Error& error) {
  const cluster::ObjectKey key = cluster::key_of(pod.meta);
  const scheduler::PodOnNode* assumed = snapshot_.find_pod(key);
  if (assumed != nullptr && assumed->pod->meta.uid == pod.meta.uid) {
    ClusterEvent event;
    event.kind = ClusterEvent::Kind::AssignedPodDeleted;
    event.old_pod = assumed->pod;
    snapshot_.remove_pod(key);
    note(record::SchedulerNote::Kind::Forgotten, pod.meta.uid);
    queue_.on_event(event, clock_.now());
  }
  if (const PodPtr latest = queue_.find(pod.meta.uid)) {
    queue_.return_failed(pod.meta.uid, clock_.now());
    const Failure failure{.reason = "SchedulerError",
                          .message = "running Bind plugin \"DefaultBinder\": " + error.what,
                          .nomination = NominationChange::Withdraw,
                          .nominated_node = {}};
    apply_nomination(latest, failure);
    report_failure(pod, failure);
  }
  wake();
}

// ---------------------------------------------------------------- failure

void Scheduler::attempt_failed(const Attempt& attempt, const PodPtr& pod) {
  const Decision& decision = attempt.decision;
  if (decision.nomination == NominationChange::Nominate) preempt(decision, pod);
  const std::string uid = pod->meta.uid;
  // Without nodes there is no plugin to wait for: the pod backs off.
  if (decision.rejecting_plugins.empty()) {
    queue_.return_failed(uid, clock_.now());
  } else {
    queue_.return_rejected(uid, decision.rejecting_plugins, clock_.now());
  }
  const Failure failure{.reason = decision.failed ? "SchedulerError" : "Unschedulable",
                        .message = decision.message,
                        .nomination = decision.nomination,
                        .nominated_node = decision.nominated_node};
  if (const PodPtr latest = queue_.find(uid)) apply_nomination(latest, failure);
  report_failure(*attempt.queued.pod, failure);
}

void Scheduler::preempt(const Decision& decision, const PodPtr& preemptor) {
  const auto& victims = decision.preemption->candidates[*decision.preemption->chosen].victims;
  scheduler::PreemptionOrder order{
      .preemptor = preemptor,
      .node = decision.nominated_node,
      .victims = {},
      .lose_nomination = scheduler::nominations_to_clear(snapshot_, *preemptor, decision.nominated_node, victims)};
  for (const scheduler::PodOnNode& victim : victims) order.victims.push_back(victim.pod);
  executor_.start(std::move(order));
}

/// The nominator's addNominatedPod: what the attempt says counts, else what the pod's status says.
void Scheduler::apply_nomination(const PodPtr& pod, const Failure& failure) {
  const std::string node = failure.nomination == NominationChange::Keep ? pod->status.nominated_node_name
                                                                         : failure.nominated_node;
  if (node.empty()) return end_nomination(pod->meta.uid);
  nominate(pod, node);
}

/// The nominator's UpdateNominatedPod: a nomination that the status does not show yet outlives other changes of the pod.
void Scheduler::update_nomination(const PodPtr& before, const PodPtr& pod) {
  std::string node = pod->status.nominated_node_name;
  if (node.empty() && before && before->status.nominated_node_name.empty()) {
    if (const std::string* known = snapshot_.nominated_node(pod->meta.uid)) node = *known;
  }
  if (node.empty()) return end_nomination(pod->meta.uid);
  nominate(pod, node);
}

/// To less important pods it is as if the pod had been on that node and was deleted.
void Scheduler::nomination_ended(const PodPtr& pod) {
  ClusterEvent event;
  event.kind = ClusterEvent::Kind::AssignedPodDeleted;
  event.old_pod = pod;
  event.at_most_priority = pod->spec->priority.value_or(0);
  queue_.on_event(event, clock_.now());
}

void Scheduler::report_failure(const cluster::Pod& pod, const Failure& failure) {
  event(pod, "Warning", "FailedScheduling", scheduler::event_note(failure.message));
  const cluster::Condition* known = cluster::find_condition(pod.status.conditions, kPodScheduled);
  const bool same_condition = known != nullptr && known->status == cluster::ConditionStatus::False &&
                              known->reason == failure.reason && known->message == failure.message;
  const bool nominates = failure.nomination != NominationChange::Keep;
  if (same_condition && !(nominates && pod.status.nominated_node_name != failure.nominated_node)) return;
  cluster::Condition condition;
  condition.type = kPodScheduled;
  condition.status = cluster::ConditionStatus::False;
  condition.reason = failure.reason;
  condition.message = failure.message;
  condition.last_transition_time = clock_.now();
  client_.patch<cluster::Pod>(
      cluster::key_of(pod.meta),
      [uid = pod.meta.uid, condition = std::move(condition), nominates, node = failure.nominated_node](cluster::Pod& edited) {
        if (edited.meta.uid != uid || !edited.node_name.empty()) return;
        scheduler::set_condition(edited.status.conditions, condition);
        if (nominates) edited.status.nominated_node_name = node;
      },
      nullptr);
}

}  // namespace tandem::control
