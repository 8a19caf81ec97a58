#pragma once
// The scheduler as a component: watches the API server, takes pods from the queue one at a time, binds them
// (kubernetes-semantics §1.1, §1.2, §1.9). What it decides is in algorithm.hpp, when it tries again in queue.hpp.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/scheduler/algorithm.hpp"
#include "core/control/scheduler/cluster_watch.hpp"
#include "core/control/scheduler/preemption_executor.hpp"
#include "core/control/scheduler/profile.hpp"
#include "core/control/scheduler/queue.hpp"
#include "core/control/scheduler/remembering_policy.hpp"
#include "core/record/events.hpp"

namespace tandem::control {

struct SchedulerOptions {
  /// At least one, with different names; each must pass scheduler::configure(). A pod's schedulerName picks one.
  std::vector<scheduler::Profile> profiles = {scheduler::default_profile()};
  /// What the plugin ExternalPolicy asks, by the profile's schedulerName.
  std::map<std::string, scheduler::ExternalPolicyPtr> policies = {};
  scheduler::Backoff backoff = {};
  std::uint64_t seed = 0;       ///< of tie-breaks
  /// The checked mode: every so many decisions one is worked out once more without anything shared between cycles, and CHECKed
  /// to be the same; 0 is never, 1 always.
  scheduler::CheckEvery check_every = 0;
  std::uint32_t entity = 3000;  ///< order among simultaneous control plane work
  /// Called once per attempt, when its outcome is known; must not change anything. May be empty.
  std::function<void(const record::SchedulingDecision&)> on_decision;
  /// Called for what changes the scheduler's picture of the cluster beside watched changes and decisions. May be empty.
  std::function<void(const record::SchedulerNote&)> on_note;
};

/// Cycles are strictly serial and take the profile's scheduling_cost. A chosen node counts at once (the pod is assumed); the
/// binding goes on by itself, and so does the eviction of victims of a preemption. Pods of other schedulers, finished and gated
/// pods are left alone.
class Scheduler {
 public:
  Scheduler(Clock& clock, cluster::ApiServer& server, SchedulerOptions options);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  [[nodiscard]] const scheduler::Snapshot& snapshot() const { return snapshot_; }
  [[nodiscard]] const scheduler::SchedulingQueue& queue() const { return queue_; }

 private:
  using PodPtr = cluster::Ptr<cluster::Pod>;
  struct Attempt {
    scheduler::QueuedPod queued;
    scheduler::Decision decision;
    record::SchedulingDecision record;
  };
  /// What an attempt that failed leaves on the pod.
  struct Failure {
    const char* reason = "";  ///< of the PodScheduled condition
    std::string message;
    scheduler::NominationChange nomination = scheduler::NominationChange::Keep;
    std::string nominated_node;
  };

  /// A profile at work. Calls of all profiles share the tokens of one client, `client_`; events bear the profile's name.
  struct Profile {
    Profile(cluster::ApiServer& server, const scheduler::Snapshot& snapshot, const scheduler::Profile& profile,
            std::shared_ptr<scheduler::RememberingPolicy> external, const SchedulerOptions& options);
    std::shared_ptr<scheduler::RememberingPolicy> policy;  ///< null without one
    scheduler::SchedulingAlgorithm algorithm;
    cluster::ApiClient events;
  };

  /// Null for a pod of another scheduler.
  [[nodiscard]] Profile* profile_of(const cluster::Pod& pod);
  void event(const cluster::Pod& pod, std::string_view type, std::string_view reason, std::string message);
  void pending_pod_changed(const PodPtr& pod);
  void pod_left(const cluster::Pod& pod);
  void update_nomination(const PodPtr& before, const PodPtr& pod);
  void cluster_changed(const scheduler::ClusterEvent& event);
  void nomination_ended(const PodPtr& pod);
  void wake();
  void start_cycle();
  void finish_cycle(Attempt& attempt);
  void bind(const scheduler::QueuedPod& queued, const std::string& node_name);
  void binding_failed(const cluster::Pod& pod, const Error& error);
  void attempt_failed(const Attempt& attempt, const PodPtr& pod);
  void preempt(const scheduler::Decision& decision, const PodPtr& preemptor);
  void apply_nomination(const PodPtr& pod, const Failure& failure);
  void report_failure(const cluster::Pod& pod, const Failure& failure);
  [[nodiscard]] record::SchedulingDecision describe(const scheduler::QueuedPod& queued, const scheduler::Decision& decision,
                                                    const Profile& profile, std::size_t search_start) const;
  void nominate(const PodPtr& pod, const std::string& node);
  void end_nomination(const std::string& pod_uid);
  void note(record::SchedulerNote::Kind kind, std::string subject, std::string node = {}) const;

  Clock& clock_;
  SchedulerOptions options_;
  SimDuration cycle_cost_;
  cluster::ApiClient client_;
  scheduler::Snapshot snapshot_;
  std::map<std::string, Profile, std::less<>> profiles_;  ///< by schedulerName
  std::size_t next_start_ = 0;                                           ///< of the next search for nodes, whatever its profile
  scheduler::PreemptionExecutor executor_;
  scheduler::SchedulingQueue queue_;
  std::uint32_t step_ = 0;  ///< odd inside a cycle
  bool in_cycle_ = false;
  TimerHandle timer_;  ///< the next cycle, the end of the current one, or the next flush of the queue
  SimTime timer_time_ = kTimeNever;
  std::unique_ptr<scheduler::ClusterWatch> watch_;
};

}  // namespace tandem::control
