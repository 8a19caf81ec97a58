#include "core/control/deployment_controller.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/control/deployment_revision.hpp"

namespace tandem::control {

using cluster::Change;
using cluster::ChangeType;
using cluster::Deployment;
using cluster::ObjectKey;
using cluster::Pod;
using cluster::Ptr;
using cluster::ReplicaSet;

namespace {

RuntimeOptions runtime_options(const cluster::DeliveryProfile& profile, WorkMode mode) {
  RuntimeOptions options = RuntimeOptions::from(profile, DeploymentController::kEntity, mode);
  options.drop_after = DeploymentController::kMaxRetries;
  return options;
}

}  // namespace

// ---------------------------------------------------------------- one plan being written

/// Writes the operations of one plan one after another. Keeps itself alive through the callbacks of the client.
class DeploymentController::Execution : public std::enable_shared_from_this<Execution> {
 public:
  Execution(DeploymentController& controller, Ptr<Deployment> deployment, DeploymentPlan plan, SyncDone done)
      : controller_(controller), deployment_(std::move(deployment)), plan_(std::move(plan)), done_(std::move(done)) {}

  void next() {
    if (position_ == plan_.operations.size()) return finish();
    std::visit([this](auto& operation) { write(operation); }, plan_.operations[position_++]);
  }

 private:
  void finish() {
    if (!plan_.error.empty()) return done_(fail(ErrorCode::ApiConflict, plan_.error));
    const ObjectKey key = key_of(deployment_->meta);
    WorkQueue& queue = controller_.runtime_.queue();
    if (plan_.requeue_rate_limited) queue.add_rate_limited(key);
    if (plan_.requeue_after) queue.add_after(key, *plan_.requeue_after);
    done_({});
  }

  void post(const PostEvent& event) {
    if (controller_.on_event_) controller_.on_event_(*deployment_, event);
    controller_.client_.event(*deployment_, event.type, event.reason, event.message);
  }
  void post_scaling(const std::string& text) {
    if (!text.empty()) post({"Normal", "ScalingReplicaSet", text});
  }

  /// Goes on after success, ends the sync after an error.
  template <class T>
  cluster::ApiClient::Answer<T> go_on(std::function<void(const Ptr<T>&)> on_success = nullptr) {
    return [self = shared_from_this(), on_success = std::move(on_success)](Result<Ptr<T>> answer) {
      if (!answer) return self->done_(tl::unexpected(std::move(answer).error()));
      if (on_success) on_success(*answer);
      self->next();
    };
  }

  void write(const ClaimReplicaSet& operation) {
    auto answer = [self = shared_from_this()](Result<Ptr<ReplicaSet>> result) {
      // Somebody removed it meanwhile: nothing left to claim.
      if (!result && result.error().code != ErrorCode::ApiNotFound)
        return self->done_(tl::unexpected(std::move(result).error()));
      self->next();
    };
    controller_.client_.patch<ReplicaSet>(
        operation.key,
        [what = operation.what, owner = deployment_](ReplicaSet& edited) { apply_claim(what, *owner, edited.meta); },
        std::move(answer));
  }

  void write(const CreateReplicaSet& operation) {
    auto answer = [self = shared_from_this(), &operation](Result<Ptr<ReplicaSet>> result) {
      if (!result) return self->create_failed(operation, std::move(result).error());
      self->versions_[key_of((*result)->meta)] = (*result)->meta.resource_version;
      self->post_scaling(operation.event);
      self->next();
    };
    controller_.client_.create<ReplicaSet>(operation.object, std::move(answer));
  }

  void write(UpdateReplicaSet& operation) {
    const ObjectKey key = key_of(operation.object.meta);
    if (operation.chained) operation.object.meta.resource_version = versions_[key];
    controller_.client_.update<ReplicaSet>(
        operation.object,
        go_on<ReplicaSet>([self = shared_from_this(), key, &event = operation.event](const Ptr<ReplicaSet>& written) {
          self->versions_[key] = written->meta.resource_version;
          self->post_scaling(event);
        }));
  }

  void write(const DeleteReplicaSet& operation) {
    auto answer = [self = shared_from_this()](Result<Ptr<ReplicaSet>> result) {
      if (!result && result.error().code != ErrorCode::ApiNotFound)
        return self->done_(tl::unexpected(std::move(result).error()));
      self->next();
    };
    controller_.client_.remove<ReplicaSet>(operation.key, {}, std::move(answer));
  }

  void write(const UpdateDeploymentStatus& operation) {
    controller_.client_.update_status<Deployment>(operation.object, go_on<Deployment>());
  }

  void write(const PostEvent& operation) {
    post(operation);
    next();
  }

  void create_failed(const CreateReplicaSet& operation, Error error) {
    if (error.code != ErrorCode::ApiAlreadyExists) {
      return end_with(plan_create_failure(*deployment_, operation.object, error.what, controller_.clock_.now()),
                      std::move(error));
    }
    const auto namesake = controller_.informers_.replica_sets.get(key_of(operation.object.meta));
    if (!namesake) return done_(tl::unexpected(std::move(error)));
    const auto* owner = cluster::controller_of(namesake->meta);
    const bool ours = owner != nullptr && owner->uid == deployment_->meta.uid &&
                      same_template(*namesake->spec.pod_template, *deployment_->spec.pod_template);
    // Ours: an earlier sync created it and the cache has learnt of it since this sync read it. The retry will find it there.
    if (ours) return done_(tl::unexpected(std::move(error)));
    end_with({plan_name_collision(*deployment_)}, std::move(error));
  }

  /// Writes these last operations, whatever becomes of them, then ends the sync with `error`.
  void end_with(std::vector<DeploymentOperation> operations, Error error) {
    plan_ = DeploymentPlan{};
    plan_.operations = std::move(operations);
    position_ = 0;
    done_ = [done = std::move(done_), error = std::move(error)](const Status&) { done(tl::unexpected(error)); };
    next();
  }

  DeploymentController& controller_;
  Ptr<Deployment> deployment_;
  DeploymentPlan plan_;
  SyncDone done_;
  std::size_t position_ = 0;
  std::map<ObjectKey, std::int64_t> versions_;  ///< resourceVersions that this sync's writes produced
};

// ---------------------------------------------------------------- the controller

DeploymentController::DeploymentController(Clock& clock, cluster::ApiServer& server, SharedInformers informers, WorkMode mode)
    : clock_(clock),
      informers_(informers),
      client_(server, "deployment-controller", server.profile().controller_limit),
      runtime_(clock, runtime_options(server.profile(), mode),
               [this](const ObjectKey& key, SyncDone done) { sync(key, std::move(done)); }) {
  watch();
}

DeploymentController::~DeploymentController() = default;

void DeploymentController::watch() {
  informers_.deployments.on_change(
      [this](const Change<Deployment>& change) { runtime_.queue().add(key_of(change.object->meta)); });
  informers_.replica_sets.on_change([this](const Change<ReplicaSet>& change) { on_replica_set(change); });
  informers_.pods.on_change([this](const Change<Pod>& change) {
    if (change.type == ChangeType::Deleted) on_pod_removed(*change.object);
  });
}

void DeploymentController::enqueue_owner(const cluster::ObjectMeta& meta) {
  if (const auto owner = resolve_controller(informers_.deployments, meta)) runtime_.queue().add(key_of(owner->meta));
}

void DeploymentController::enqueue_selecting(const ReplicaSet& orphan) {
  for (const auto& deployment : informers_.deployments.list(orphan.meta.namespace_)) {
    if (cluster::matches(*deployment->spec.selector, *orphan.meta.labels)) runtime_.queue().add(key_of(deployment->meta));
  }
}

void DeploymentController::on_replica_set(const Change<ReplicaSet>& change) {
  orphans_.observe(change);
  const bool owner_changed = controller_changed(change);
  if (owner_changed) enqueue_owner(change.previous->meta);
  if (cluster::controller_of(change.object->meta) != nullptr) return enqueue_owner(change.object->meta);
  if (change.type == ChangeType::Deleted || is_terminating(change.object->meta)) return;
  if (change.type == ChangeType::Added || owner_changed || labels_changed(change)) enqueue_selecting(*change.object);
}

/// Recreate waits for old pods; the controller wakes up when the last pod object of the Deployment is gone.
void DeploymentController::on_pod_removed(const Pod& pod) {
  const auto replica_set = resolve_controller(informers_.replica_sets, pod.meta);
  if (!replica_set) return;
  const auto deployment = resolve_controller(informers_.deployments, replica_set->meta);
  if (!deployment || deployment->spec.strategy.type != "Recreate") return;
  for (const auto& sibling : informers_.replica_sets.controlled_by(deployment->meta.uid)) {
    for (const auto& other : informers_.pods.controlled_by(sibling->meta.uid)) {
      if (cluster::matches(*deployment->spec.selector, *other->meta.labels)) return;
    }
  }
  runtime_.queue().add(key_of(deployment->meta));
}

std::vector<Ptr<ReplicaSet>> DeploymentController::candidates(const Deployment& deployment) const {
  auto found = informers_.replica_sets.controlled_by(deployment.meta.uid);
  const auto ownerless = orphans_.matching(deployment.meta.namespace_, *deployment.spec.selector);
  found.insert(found.end(), ownerless.begin(), ownerless.end());
  return found;
}

RunningPods DeploymentController::running_pods(const Deployment& deployment,
                                               const std::vector<Ptr<ReplicaSet>>& replica_sets) const {
  RunningPods running;
  if (deployment.spec.strategy.type != "Recreate") return running;
  for (const auto& replica_set : replica_sets) {
    for (const auto& pod : informers_.pods.controlled_by(replica_set->meta.uid)) {
      const bool counts =
          !cluster::is_terminal(pod->status.phase) && cluster::matches(*deployment.spec.selector, *pod->meta.labels);
      if (counts) ++running[replica_set->meta.uid];
    }
  }
  return running;
}

void DeploymentController::sync(const ObjectKey& key, SyncDone done) {
  const auto deployment = informers_.deployments.get(key);
  if (!deployment) return done({});
  const auto replica_sets = candidates(*deployment);
  DeploymentPlan plan = plan_deployment_sync(*deployment, replica_sets, running_pods(*deployment, replica_sets), clock_.now());
  if (on_plan_) on_plan_(*deployment, plan);
  std::make_shared<Execution>(*this, deployment, std::move(plan), std::move(done))->next();
}

}  // namespace tandem::control
