#pragma once
// One sync of the job controller: counts finished pods exactly once (through finalizers), decides whether the Job is over, creates
// and deletes pods. It writes through a seam, in the order of the real controller.
// Sources: kubernetes-semantics §7.1; pkg/controller/job/job_controller.go (v1.34).

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/control/controller_event.hpp"
#include "core/control/job/index_set.hpp"
#include "core/control/job/job_pods.hpp"

namespace tandem::control {

/// Syncs caused by pod events and by the controller's own status writes wait this long, so that several become one
/// (SyncJobBatchPeriod). A change of the Job's spec is acted on at once.
inline constexpr SimDuration kJobBatchPeriod = seconds(1);
/// Pods created or deleted by one sync at most (MaxPodCreateDeletePerSync).
inline constexpr std::int32_t kJobBurst = 500;
/// Finished pods that one status may hold before they are counted (MaxUncountedPods).
inline constexpr std::size_t kMostUncountedPods = 500;

/// How a sync acts on the world.
class JobActions {
 public:
  virtual ~JobActions() = default;
  /// Creates pods in slow-start batches; answers how many exist afterwards.
  virtual std::int32_t create_pods(std::vector<cluster::Pod> pods) = 0;
  virtual void delete_pod(const JobPod& pod) = 0;
  virtual void remove_finalizer(const JobPod& pod) = 0;
  virtual void write_status(const cluster::Job& job) = 0;
  virtual void event(const cluster::Job& job, ControllerEvent event) = 0;
  /// Syncs the Job again after this time (the earliest of several counts).
  virtual void sync_after(SimDuration delay) = 0;
};

/// Failures since the last success: decides how long creation waits. Kept by the controller between syncs.
struct JobBackoff {
  std::int32_t failures = 0;
  SimTime last_failure{};
};

/// What a sync reads.
struct JobView {
  cluster::Job job;
  std::vector<JobPod> pods;                ///< all that the Job controls, finished ones included
  bool expectations_met = true;            ///< creations and deletions of earlier syncs were all seen
  std::set<std::string> finalizers_going;  ///< uids of pods whose finalizer was removed but is still seen
};

void sync_job(JobView view, JobBackoff& backoff, SimTime now, JobActions& actions);

/// Complete or Failed: nothing is done any more.
[[nodiscard]] bool is_finished(const cluster::Job& job);

}  // namespace tandem::control
