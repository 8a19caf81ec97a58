#include "core/control/scheduler/scheduler.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace tandem::control {

using scheduler::ClusterEvent;
using scheduler::Decision;
using scheduler::NodeIndex;
using scheduler::QueuedPod;

namespace {

std::vector<scheduler::ConfiguredPlugin> plugins_of(const scheduler::Profile& profile,
                                                    const scheduler::ExternalPolicyPtr& external) {
  auto plugins = scheduler::configure(profile, external);
  CHECK(plugins.has_value(), "an invalid profile must be refused before a scheduler is made of it");
  return std::move(*plugins);
}

const std::string& first_name(const SchedulerOptions& options) {
  CHECK(!options.profiles.empty(), "a scheduler has at least one profile");
  return options.profiles.front().scheduler_name;
}

/// In the order of the node list, whatever node the search began with.
std::vector<std::string> names_in_node_order(const scheduler::Snapshot& snapshot, std::vector<NodeIndex> nodes) {
  std::sort(nodes.begin(), nodes.end(),
            [&](NodeIndex a, NodeIndex b) { return snapshot.position_of(a) < snapshot.position_of(b); });
  std::vector<std::string> names;
  names.reserve(nodes.size());
  for (const NodeIndex node : nodes) names.push_back(snapshot.node(node).name);
  return names;
}

}  // namespace

Scheduler::Profile::Profile(cluster::ApiServer& server, const scheduler::Snapshot& snapshot, const scheduler::Profile& profile,
                            const scheduler::ExternalPolicyPtr& external, const SchedulerOptions& options)
    : algorithm(snapshot, plugins_of(profile, external), profile.percentage_of_nodes_to_score, options.seed, options.check_every),
      events(server, profile.scheduler_name, server.profile().scheduler_limit, server.profile().scheduler_limit) {}

Scheduler::Scheduler(Clock& clock, cluster::ApiServer& server, SchedulerOptions options)
    : clock_(clock),
      options_(std::move(options)),
      cycle_cost_(server.profile().scheduling_cost),
      client_(server, first_name(options_), server.profile().scheduler_limit, server.profile().scheduler_limit),
      executor_(client_, snapshot_,
                [this](const std::string& uid) {
                  queue_.activate(uid);
                  wake();
                }),
      queue_(
          clock.now(),
          [this](const QueuedPod& queued, const ClusterEvent& event) {
            const Profile* profile = profile_of(*queued.pod);
            return profile != nullptr &&
                   std::any_of(queued.rejecting_plugins.begin(), queued.rejecting_plugins.end(), [&](std::size_t position) {
                     return profile->algorithm.worth_retrying(position, *queued.pod, event);
                   });
          },
          [this](const std::string& uid) { return executor_.is_running(uid); }, options_.backoff) {
  for (const scheduler::Profile& profile : options_.profiles) {
    const auto external = options_.policies.find(profile.scheduler_name);
    const bool added = profiles_
                           .try_emplace(profile.scheduler_name, server, snapshot_, profile,
                                        external == options_.policies.end() ? nullptr : external->second, options_)
                           .second;
    CHECK(added, "profiles of one scheduler have different names");
  }
  watch_ = std::make_unique<scheduler::ClusterWatch>(
      server, snapshot_,
      scheduler::WatchHandlers{.on_event = [this](const ClusterEvent& event) { cluster_changed(event); },
                               .on_pending_pod = [this](const auto& pod) { pending_pod_changed(pod); },
                               .on_pod_left = [this](const auto& pod) { pod_left(*pod); }});
}

Scheduler::~Scheduler() {
  if (timer_) clock_.cancel(timer_);
}

Scheduler::Profile* Scheduler::profile_of(const cluster::Pod& pod) {
  const std::string& name = pod.spec->scheduler_name;
  const auto found = profiles_.find(name.empty() ? std::string_view("default-scheduler") : std::string_view(name));
  return found == profiles_.end() ? nullptr : &found->second;
}

void Scheduler::event(const cluster::Pod& pod, std::string_view type, std::string_view reason, std::string message) {
  if (Profile* profile = profile_of(pod)) profile->events.event(pod, type, reason, std::move(message));
}

// ---------------------------------------------------------------- what the watch says

void Scheduler::pending_pod_changed(const PodPtr& pod) {
  if (profile_of(*pod) == nullptr) return;
  // News from before the binding can arrive after its answer: such a pod is assumed and no longer queued.
  const scheduler::PodOnNode* assumed = snapshot_.find_pod(cluster::key_of(pod->meta));
  if (assumed != nullptr && assumed->pod->meta.uid == pod->meta.uid && !queue_.find(pod->meta.uid)) return;
  const PodPtr before = queue_.find(pod->meta.uid);
  const bool in_flight = queue_.in_flight(pod->meta.uid);
  queue_.update(pod, clock_.now());
  if (!in_flight) update_nomination(before, pod);  // else the end of the attempt does it
  const bool nomination_changed = before && !before->status.nominated_node_name.empty() &&
                                  before->status.nominated_node_name != pod->status.nominated_node_name;
  if (nomination_changed) nomination_ended(before);
  wake();
}

void Scheduler::pod_left(const cluster::Pod& pod) {
  queue_.remove(pod.meta.uid);
  snapshot_.withdraw_nomination(pod.meta.uid);
}

void Scheduler::cluster_changed(const ClusterEvent& event) {
  queue_.on_event(event, clock_.now());
  wake();
}

// ---------------------------------------------------------------- cycles

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
    event(pod, "Warning", "FailedScheduling", "skip schedule deleting pod: " + pod.meta.namespace_ + "/" + pod.meta.name);
    queue_.done(pod.meta.uid);
    return wake();
  }
  in_cycle_ = true;
  scheduler::SchedulingAlgorithm& algorithm = profile_of(pod)->algorithm;
  algorithm.search_from(next_start_);
  Decision decision = algorithm.schedule_one(pod);
  next_start_ = algorithm.next_start();
  record::SchedulingDecision record;
  if (options_.on_decision) record = describe(*next, decision);
  Attempt attempt{std::move(*next), std::move(decision), std::move(record)};
  if (cycle_cost_ <= SimDuration{}) return finish_cycle(attempt);
  timer_ = clock_.after(cycle_cost_, EventClass::Control, options_.entity, [this, attempt = std::move(attempt)]() mutable {
    timer_ = {};
    finish_cycle(attempt);
  });
}

void Scheduler::finish_cycle(Attempt& attempt) {
  const PodPtr pod = queue_.find(attempt.queued.pod->meta.uid);
  if (pod) {  // else it was deleted, or bound by someone else, during the cycle
    if (options_.on_decision) {
      attempt.record.time = clock_.now();
      options_.on_decision(attempt.record);
    }
    if (!attempt.decision.node.empty()) {
      bind(attempt.queued, attempt.decision.node);
    } else {
      attempt_failed(attempt, pod);
    }
  }
  in_cycle_ = false;
  wake();
}

record::SchedulingDecision Scheduler::describe(const QueuedPod& queued, const Decision& decision) const {
  record::SchedulingDecision told;
  told.pod = queued.pod->meta.namespace_ + "/" + queued.pod->meta.name;
  told.attempt = queued.attempts;
  told.input_version = watch_->newest_version();
  told.node = decision.node;
  told.ties = names_in_node_order(snapshot_, decision.ties);
  told.feasible = decision.feasible;
  told.evaluated = decision.evaluated;
  told.message = decision.message;
  return told;
}

}  // namespace tandem::control
