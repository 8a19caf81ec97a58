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

}  // namespace

Scheduler::Profile::Profile(cluster::ApiServer& server, const scheduler::Snapshot& snapshot, const scheduler::Profile& profile,
                            std::shared_ptr<scheduler::RememberingPolicy> external, const SchedulerOptions& options)
    : policy(std::move(external)),
      algorithm(snapshot, plugins_of(profile, policy), profile.percentage_of_nodes_to_score, options.seed, options.check_every),
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
    const auto known = options_.policies.find(profile.scheduler_name);
    auto external = known == options_.policies.end() ? nullptr : std::make_shared<scheduler::RememberingPolicy>(known->second);
    const bool added =
        profiles_.try_emplace(profile.scheduler_name, server, snapshot_, profile, std::move(external), options_).second;
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
  const PodPtr before = queue_.find(pod->meta.uid);
  if (!before) {
    // News from before the binding can arrive after its answer: such a pod is assumed and no longer queued.
    const scheduler::PodOnNode* assumed = snapshot_.find_pod(cluster::key_of(pod->meta));
    if (assumed != nullptr && assumed->pod->meta.uid == pod->meta.uid) return;
  }
  const bool in_flight = before && queue_.in_flight(pod->meta.uid);
  queue_.update(pod, clock_.now());
  if (!in_flight) update_nomination(before, pod);  // else the end of the attempt does it
  const bool nomination_changed = before && !before->status.nominated_node_name.empty() &&
                                  before->status.nominated_node_name != pod->status.nominated_node_name;
  if (nomination_changed) nomination_ended(before);
  wake();
}

void Scheduler::pod_left(const cluster::Pod& pod) {
  queue_.remove(pod.meta.uid);
  end_nomination(pod.meta.uid);
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
  ++step_;
  Profile& profile = *profile_of(pod);
  const std::size_t search_start = next_start_;
  profile.algorithm.search_from(search_start);
  Decision decision = profile.algorithm.schedule_one(pod);
  next_start_ = profile.algorithm.next_start();
  record::SchedulingDecision record;
  if (options_.on_decision) record = describe(*next, decision, profile, search_start);
  Attempt attempt{std::move(*next), std::move(decision), std::move(record)};
  if (cycle_cost_ <= SimDuration{}) return finish_cycle(attempt);
  timer_ = clock_.after(cycle_cost_, EventClass::Control, options_.entity, [this, attempt = std::move(attempt)]() mutable {
    timer_ = {};
    finish_cycle(attempt);
  });
}

void Scheduler::finish_cycle(Attempt& attempt) {
  const PodPtr pod = queue_.find(attempt.queued.pod->meta.uid);
  ++step_;
  if (pod) {  // else it was deleted, or bound by someone else, during the cycle
    if (options_.on_decision) {
      attempt.record.time = clock_.now();
      attempt.record.inputs->seen_during = static_cast<std::uint32_t>(watch_->seen() - attempt.record.inputs->seen);
      options_.on_decision(attempt.record);
    }
    if (!attempt.decision.node.empty()) {
      bind(attempt.queued, attempt.decision.node);
    } else {
      attempt_failed(attempt, pod);
    }
  } else if (!attempt.decision.node.empty()) {
    const std::string& name = attempt.queued.pod->spec->scheduler_name;
    note(record::SchedulerNote::Kind::Discarded, name.empty() ? "default-scheduler" : name, attempt.decision.node);
  }
  in_cycle_ = false;
  wake();
}

}  // namespace tandem::control
