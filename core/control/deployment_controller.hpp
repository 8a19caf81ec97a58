#pragma once
// The deployment controller: takes Deployments from its work queue, plans (deployment_plan.hpp) on what its informers show, and
// writes the plan through its rate-limited client. Sources: kubernetes-semantics §2.2, §10.1.

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/controller_runtime.hpp"
#include "core/control/deployment_plan.hpp"

namespace tandem::control {

class DeploymentController {
 public:
  /// Order among simultaneous controllers of one instant.
  static constexpr std::uint32_t kEntity = 1;
  /// Retries after which a failing Deployment is dropped until something about it changes.
  static constexpr int kMaxRetries = 15;

  /// The informers must outlive the controller and deliver nothing after its end.
  DeploymentController(Clock& clock, cluster::ApiServer& server, SharedInformers informers,
                       WorkMode mode = WorkMode::Automatic);
  ~DeploymentController();
  DeploymentController(const DeploymentController&) = delete;
  DeploymentController& operator=(const DeploymentController&) = delete;

  /// Manual mode: runs one due work item; false if there is none.
  bool process_next() { return runtime_.process_next(); }
  [[nodiscard]] const WorkQueue& queue() const { return runtime_.queue(); }
  /// Syncs that ended with an error (conflicts included) so far.
  [[nodiscard]] std::uint64_t failed_syncs() const { return runtime_.failed_syncs(); }

  /// Sees every event as it is handed to the recorder, before folding and rate limit.
  void on_event(std::function<void(const cluster::Deployment&, const PostEvent&)> observer) { on_event_ = std::move(observer); }
  /// Sees every plan just before it is executed.
  void on_plan(std::function<void(const cluster::Deployment&, const DeploymentPlan&)> observer) {
    on_plan_ = std::move(observer);
  }

 private:
  class Execution;

  void watch();
  void enqueue_owner(const cluster::ObjectMeta& replica_set_meta);
  void enqueue_selecting(const cluster::ReplicaSet& orphan);
  void on_replica_set(const cluster::Change<cluster::ReplicaSet>& change);
  void on_pod_removed(const cluster::Pod& pod);
  [[nodiscard]] std::vector<cluster::Ptr<cluster::ReplicaSet>> candidates(const cluster::Deployment& deployment) const;
  [[nodiscard]] RunningPods running_pods(const cluster::Deployment& deployment,
                                         const std::vector<cluster::Ptr<cluster::ReplicaSet>>& replica_sets) const;
  void sync(const cluster::ObjectKey& key, SyncDone done);

  Clock& clock_;
  SharedInformers informers_;
  cluster::ApiClient client_;
  Orphans<cluster::ReplicaSet> orphans_;
  std::function<void(const cluster::Deployment&, const PostEvent&)> on_event_;
  std::function<void(const cluster::Deployment&, const DeploymentPlan&)> on_plan_;
  ControllerRuntime runtime_;
};

}  // namespace tandem::control
