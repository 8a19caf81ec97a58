#include "core/control/scheduler/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/check.hpp"
#include "core/control/scheduler/fit_error.hpp"

namespace tandem::control {

using scheduler::ClusterEvent;
using scheduler::Decision;
using scheduler::NodeIndex;
using scheduler::QueuedPod;

namespace {

constexpr std::string_view kPodScheduled = "PodScheduled";

std::vector<scheduler::ConfiguredPlugin> plugins_of(const scheduler::Profile& profile) {
  auto plugins = scheduler::configure(profile);
  CHECK(plugins.has_value(), "an invalid profile must be refused before a scheduler is made of it");
  return std::move(*plugins);
}

std::string path_of(const cluster::Pod& pod) { return pod.meta.namespace_ + "/" + pod.meta.name; }

/// Ties in the order of the node list, whatever node the search began with.
std::vector<std::string> names_in_node_order(const scheduler::Snapshot& snapshot, const std::vector<NodeIndex>& ties) {
  std::vector<bool> tied(snapshot.node_slots(), false);
  for (const NodeIndex node : ties) tied[node] = true;
  std::vector<std::string> names;
  names.reserve(ties.size());
  for (const NodeIndex node : snapshot.order()) {
    if (tied[node]) names.push_back(snapshot.node(node).name);
  }
  return names;
}

/// Writes PodScheduled=False. The transition time changes with the status only.
void set_not_scheduled(cluster::Pod& pod, const cluster::Condition& failed) {
  auto& conditions = pod.status.conditions;
  const auto place = std::find_if(conditions.begin(), conditions.end(),
                                  [](const cluster::Condition& condition) { return condition.type == kPodScheduled; });
  if (place == conditions.end()) {
    conditions.push_back(failed);
    return;
  }
  const SimTime since = place->status == failed.status ? place->last_transition_time : failed.last_transition_time;
  *place = failed;
  place->last_transition_time = since;
}

}  // namespace

Scheduler::Scheduler(Clock& clock, cluster::ApiServer& server, SchedulerOptions options)
    : clock_(clock),
      options_(std::move(options)),
      cycle_cost_(server.profile().scheduling_cost),
      client_(server, options_.profile.scheduler_name, server.profile().scheduler_limit, server.profile().scheduler_limit),
      algorithm_(snapshot_, plugins_of(options_.profile), options_.profile.percentage_of_nodes_to_score, options_.seed),
      queue_(clock.now(), [this](const QueuedPod& queued, const ClusterEvent& event) {
        return std::any_of(queued.rejecting_plugins.begin(), queued.rejecting_plugins.end(),
                           [&](std::size_t position) { return algorithm_.worth_retrying(position, *queued.pod, event); });
      }) {
  watch_ = std::make_unique<scheduler::ClusterWatch>(
      server, snapshot_,
      scheduler::WatchHandlers{.on_event = [this](const ClusterEvent& event) { cluster_changed(event); },
                               .on_pending_pod = [this](const auto& pod) { pending_pod_changed(pod); },
                               .on_pod_left = [this](const cluster::Pod& pod) { queue_.remove(pod.meta.uid); }});
}

Scheduler::~Scheduler() {
  if (timer_) clock_.cancel(timer_);
}

bool Scheduler::responsible_for(const cluster::Pod& pod) const {
  const std::string& name = pod.spec->scheduler_name;
  return name == options_.profile.scheduler_name || (name.empty() && options_.profile.scheduler_name == "default-scheduler");
}

void Scheduler::pending_pod_changed(const cluster::Ptr<cluster::Pod>& pod) {
  if (!responsible_for(*pod)) return;
  // News from before the binding can arrive after its answer: such a pod is assumed and no longer queued.
  const scheduler::PodOnNode* assumed = snapshot_.find_pod(cluster::key_of(pod->meta));
  if (assumed != nullptr && assumed->pod->meta.uid == pod->meta.uid && !queue_.find(pod->meta.uid)) return;
  queue_.update(pod, clock_.now());
  wake();
}

void Scheduler::cluster_changed(const ClusterEvent& event) {
  queue_.on_event(event, clock_.now());
  wake();
}

/// Arms the one timer for whatever comes next: a cycle now, or the next flush.
void Scheduler::wake() {
  if (in_cycle_) return;
  const SimTime due = queue_.has_ready() ? clock_.now() : queue_.next_flush();
  if (timer_ && timer_time_ <= due) return;
  if (timer_) clock_.cancel(timer_);
  timer_ = {};
  timer_time_ = due;
  if (due == kTimeNever) return;
  timer_ = clock_.at(due, EventClass::Control, options_.entity, [this] {
    timer_ = {};
    timer_time_ = kTimeNever;
    start_cycle();
  });
}

void Scheduler::start_cycle() {
  std::optional<QueuedPod> next = queue_.pop(clock_.now());
  if (!next) return wake();
  const cluster::Pod& pod = *next->pod;
  if (cluster::is_terminating(pod.meta)) {
    client_.event(pod, "Warning", "FailedScheduling", "skip schedule deleting pod: " + path_of(pod));
    queue_.done(pod.meta.uid);
    return wake();
  }
  in_cycle_ = true;
  Attempt attempt{*next, algorithm_.schedule_one(pod), watch_->newest_version()};
  if (cycle_cost_ <= SimDuration{}) return finish_cycle(attempt);
  timer_ = clock_.after(cycle_cost_, EventClass::Control, options_.entity, [this, attempt = std::move(attempt)] {
    timer_ = {};
    finish_cycle(attempt);
  });
}

void Scheduler::finish_cycle(const Attempt& attempt) {
  const cluster::Ptr<cluster::Pod> pod = queue_.find(attempt.queued.pod->meta.uid);
  if (pod) {  // else it was deleted, or bound by someone else, during the cycle
    const Decision& decision = attempt.decision;
    record_decision(attempt);
    if (!decision.node.empty()) {
      bind(attempt.queued, decision.node);
    } else {
      // Without nodes there is no plugin to wait for: the pod backs off.
      if (decision.rejecting_plugins.empty()) {
        queue_.return_failed(pod->meta.uid, clock_.now());
      } else {
        queue_.return_rejected(pod->meta.uid, decision.rejecting_plugins, clock_.now());
      }
      report_failure(*pod, {"Unschedulable", decision.message});
    }
  }
  in_cycle_ = false;
  wake();
}

void Scheduler::bind(const QueuedPod& queued, const std::string& node_name) {
  const cluster::Ptr<cluster::Pod> pod = queued.pod;
  snapshot_.assume(*pod, node_name);
  client_.bind(
      cluster::key_of(pod->meta), pod->meta.uid, node_name, [this, pod, node_name](Result<cluster::Ptr<cluster::Pod>> bound) {
        if (!bound) return binding_failed(*pod, bound.error());
        queue_.done(pod->meta.uid);
        client_.event(**bound, "Normal", "Scheduled", fmt::format("Successfully assigned {} to {}", path_of(*pod), node_name));
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
    queue_.on_event(event, clock_.now());
  }
  if (queue_.find(pod.meta.uid)) {
    queue_.return_failed(pod.meta.uid, clock_.now());
    report_failure(pod, {"SchedulerError", "running Bind plugin \"DefaultBinder\": " + error.what});
  }
  wake();
}

void Scheduler::report_failure(const cluster::Pod& pod, const Failure& failure) {
  client_.event(pod, "Warning", "FailedScheduling", scheduler::event_note(failure.message));
  const cluster::Condition* known = cluster::find_condition(pod.status.conditions, kPodScheduled);
  if (known != nullptr && known->status == cluster::ConditionStatus::False && known->reason == failure.reason &&
      known->message == failure.message) {
    return;
  }
  cluster::Condition condition;
  condition.type = kPodScheduled;
  condition.status = cluster::ConditionStatus::False;
  condition.reason = failure.reason;
  condition.message = failure.message;
  condition.last_transition_time = clock_.now();
  client_.patch<cluster::Pod>(
      cluster::key_of(pod.meta),
      [uid = pod.meta.uid, condition = std::move(condition)](cluster::Pod& edited) {
        if (edited.meta.uid == uid && edited.node_name.empty()) set_not_scheduled(edited, condition);
      },
      nullptr);
}

void Scheduler::record_decision(const Attempt& attempt) {
  if (!options_.on_decision) return;
  const Decision& decision = attempt.decision;
  record::SchedulingDecision told;
  told.time = clock_.now();
  told.pod = path_of(*attempt.queued.pod);
  told.attempt = attempt.queued.attempts;
  told.input_version = attempt.input_version;
  told.node = decision.node;
  told.ties = names_in_node_order(snapshot_, decision.ties);
  told.feasible = decision.feasible;
  told.evaluated = decision.evaluated;
  told.message = decision.message;
  options_.on_decision(told);
}

}  // namespace tandem::control
