#pragma once
// The worker of one pod (pkg/kubelet/pod_workers.go, v1.34): one piece of work at a time, first syncs, then its termination,
// then its clean-up. Between two pieces lies a relist, so that each sees what the one before has done.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/control/kubelet/kubelet_parts.hpp"
#include "core/control/kubelet/pod_record.hpp"
#include "core/control/kubelet/pod_status_generator.hpp"
#include "core/control/kubelet/pod_sync.hpp"

namespace tandem::control::kubelet {

/// The kubelet ends a pod that uses what the node needs.
struct Eviction {
  EndedByKubelet ended;
  std::int64_t grace_seconds = 0;
  cluster::Condition condition;  ///< DisruptionTarget
};

class PodWorker {
 public:
  /// `gone(uid)` runs when the object of the pod is no more; it may destroy the worker.
  PodWorker(const KubeletParts& parts, cluster::Ptr<cluster::Pod> pod, std::uint32_t number,
            std::function<void(const std::string&)> gone);
  ~PodWorker();
  PodWorker(const PodWorker&) = delete;
  PodWorker& operator=(const PodWorker&) = delete;

  /// The pod was admitted: its first sync begins.
  void admitted();
  /// The pod was not: it ends without having begun.
  void rejected(EndedByKubelet why);
  /// The API server shows another state of the pod. `worth_a_sync`: more than its status has changed.
  void updated(const cluster::Ptr<cluster::Pod>& pod, bool worth_a_sync);
  /// The object is gone without our consent (forced deletion). False: so may be the worker.
  bool object_removed(const cluster::Ptr<cluster::Pod>& pod);
  void evict(Eviction eviction);

  void relisted();
  /// False if it is no container of this pod.
  bool container_exited(const ContainerExited& exit);
  void probe_updated(const ProbeUpdate& update);

  [[nodiscard]] const PodRecord& record() const { return record_; }
  /// Nothing of the pod runs any more and nothing will.
  [[nodiscard]] bool finished() const { return stage_ == Stage::Finished; }
  [[nodiscard]] bool termination_requested() const { return stage_ != Stage::Syncing || termination_requested_; }

 private:
  enum class Stage : std::uint8_t { Syncing, Terminating, Terminated, Finished };
  enum class Outcome : std::uint8_t { Done, Failed, Ended };

  void request_work();
  void work_if_due();
  void finish_work(Outcome outcome);
  void request_termination(std::optional<std::int64_t> grace_override);

  void sync();
  void carry_out();
  void terminate();
  void containers_stopped();
  void remove_sandbox();
  void clean_up();
  void close();

  [[nodiscard]] cluster::PodStatus make_status(const RuntimePod& runtime, bool pod_is_terminal);
  [[nodiscard]] bool settled() const;
  void schedule(SimDuration delay);
  void schedule_deadline();
  void arm(TimerHandle& timer, SimTime due);

  const KubeletParts& parts_;
  PodRecord record_;
  std::function<void(const std::string&)> gone_;
  Stage stage_ = Stage::Syncing;
  bool working_ = false;
  bool pending_ = false;  ///< more work is waiting
  bool termination_requested_ = false;
  bool volumes_mounted_ = false;
  bool removal_requested_ = false;  ///< of the object
  std::optional<SimTime> last_work_end_;
  PodGrace grace_;
  std::unique_ptr<const Eviction> eviction_;  ///< if the kubelet evicts it
  std::unique_ptr<PodSync> sync_;
  TimerHandle volumes_timer_;
  TimerHandle retry_timer_;
  TimerHandle deadline_timer_;
  /// Answers may outlive the worker.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::control::kubelet
