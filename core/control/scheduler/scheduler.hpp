#pragma once
// The scheduler as a component: watches the API server, takes pods from the queue one at a time, binds them
// (kubernetes-semantics §1.1, §1.2, §1.9). What it decides is in algorithm.hpp, when it tries again in queue.hpp.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/scheduler/algorithm.hpp"
#include "core/control/scheduler/cluster_watch.hpp"
#include "core/control/scheduler/profile.hpp"
#include "core/control/scheduler/queue.hpp"
#include "core/record/events.hpp"

namespace tandem::control {

struct SchedulerOptions {
  scheduler::Profile profile = scheduler::default_profile();  ///< must pass scheduler::configure()
  std::uint64_t seed = 0;                                     ///< of tie-breaks
  std::uint32_t entity = 3000;                                ///< order among simultaneous control plane work
  /// Called once per attempt, when its outcome is known; must not change anything. May be empty.
  std::function<void(const record::SchedulingDecision&)> on_decision;
};

/// Cycles are strictly serial and take the profile's scheduling_cost. A chosen node counts at once (the pod is assumed); the
/// binding goes on by itself. Pods of other schedulers, finished and gated pods are left alone.
class Scheduler {
 public:
  Scheduler(Clock& clock, cluster::ApiServer& server, SchedulerOptions options);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  [[nodiscard]] const scheduler::Snapshot& snapshot() const { return snapshot_; }
  [[nodiscard]] const scheduler::SchedulingQueue& queue() const { return queue_; }

 private:
  struct Attempt {
    scheduler::QueuedPod queued;
    scheduler::Decision decision;
    std::int64_t input_version = 0;
  };
  struct Failure {
    const char* reason = "";  ///< of the PodScheduled condition
    std::string message;
  };

  [[nodiscard]] bool responsible_for(const cluster::Pod& pod) const;
  void pending_pod_changed(const cluster::Ptr<cluster::Pod>& pod);
  void cluster_changed(const scheduler::ClusterEvent& event);
  void wake();
  void start_cycle();
  void finish_cycle(const Attempt& attempt);
  void bind(const scheduler::QueuedPod& queued, const std::string& node_name);
  void binding_failed(const cluster::Pod& pod, const Error& error);
  void report_failure(const cluster::Pod& pod, const Failure& failure);
  void record_decision(const Attempt& attempt);

  Clock& clock_;
  SchedulerOptions options_;
  SimDuration cycle_cost_;
  cluster::ApiClient client_;
  scheduler::Snapshot snapshot_;
  scheduler::SchedulingAlgorithm algorithm_;
  scheduler::SchedulingQueue queue_;
  bool in_cycle_ = false;
  TimerHandle timer_;  ///< the next cycle, the end of the current one, or the next flush of the queue
  SimTime timer_time_ = kTimeNever;
  std::unique_ptr<scheduler::ClusterWatch> watch_;
};

}  // namespace tandem::control
