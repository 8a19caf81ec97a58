#pragma once
// The replica set controller: keeps as many active pods as a ReplicaSet asks for, and writes its status.
// Sources: kubernetes-semantics §3, §10.1; pkg/controller/replicaset/replica_set.go.

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/controller_runtime.hpp"
#include "core/control/pod_control.hpp"
#include "core/control/replica_set_expectations.hpp"
#include "core/control/replica_set_plan.hpp"

namespace tandem::control {

/// One pass that tried to create pods: for explanations and tests.
struct CreationPass {
  cluster::ObjectKey replica_set;
  SimTime at;
  std::int32_t attempts = 0;
  std::int32_t successes = 0;
};

class ReplicaSetController {
 public:
  /// Order among simultaneous controllers of one instant: after the deployment controller.
  static constexpr std::uint32_t kEntity = 2;
  using PodControlFactory = std::function<std::unique_ptr<PodControl>(cluster::ApiClient&)>;

  /// The informers must outlive the controller and deliver nothing after its end.
  /// `pod_control` empty: pods are created and deleted through the API server alone.
  ReplicaSetController(Clock& clock, cluster::ApiServer& server, SharedInformers informers, WorkMode mode = WorkMode::Automatic,
                       const PodControlFactory& pod_control = {});
  ~ReplicaSetController();
  ReplicaSetController(const ReplicaSetController&) = delete;
  ReplicaSetController& operator=(const ReplicaSetController&) = delete;

  /// Manual mode: runs one due work item; false if there is none.
  bool process_next() { return runtime_.process_next(); }
  [[nodiscard]] const WorkQueue& queue() const { return runtime_.queue(); }
  [[nodiscard]] std::uint64_t failed_syncs() const { return runtime_.failed_syncs(); }

  /// Sees every event as it is handed to the recorder, before folding and rate limit.
  void on_event(std::function<void(const cluster::ReplicaSet&, const PostEvent&)> observer) { on_event_ = std::move(observer); }
  /// Sees every pass that tried to create pods, when it is over.
  void on_creation_pass(std::function<void(const CreationPass&)> observer) { on_creation_pass_ = std::move(observer); }

 private:
  class Execution;

  void watch();
  void on_pod(const cluster::Change<cluster::Pod>& change);
  void on_pod_added(const cluster::Change<cluster::Pod>& change);
  void on_pod_modified(const cluster::Change<cluster::Pod>& change);
  void on_pod_leaving(const cluster::Pod& pod);
  void enqueue_selecting(const cluster::Pod& orphan);
  [[nodiscard]] std::vector<cluster::Ptr<cluster::Pod>> candidates(const cluster::ReplicaSet& replica_set) const;
  [[nodiscard]] PodsPerNode related_pods(const cluster::ReplicaSet& replica_set) const;
  void sync(const cluster::ObjectKey& key, SyncDone done);

  Clock& clock_;
  SharedInformers informers_;
  cluster::ApiClient client_;
  std::unique_ptr<PodControl> pod_control_;
  Orphans<cluster::Pod> orphans_;
  ReplicaSetExpectations expectations_;
  std::function<void(const cluster::ReplicaSet&, const PostEvent&)> on_event_;
  std::function<void(const CreationPass&)> on_creation_pass_;
  ControllerRuntime runtime_;
};

}  // namespace tandem::control
