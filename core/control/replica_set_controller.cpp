#include "core/control/replica_set_controller.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace tandem::control {

using cluster::Change;
using cluster::ChangeType;
using cluster::ObjectKey;
using cluster::Pod;
using cluster::Ptr;
using cluster::ReplicaSet;
using cluster::ReplicaSetStatus;

// ---------------------------------------------------------------- one plan being written

/// Claims, then creations in slow-start batches or deletions in parallel, then the status. Keeps itself alive through the
/// callbacks of the client.
class ReplicaSetController::Execution : public std::enable_shared_from_this<Execution> {
 public:
  Execution(ReplicaSetController& controller, Ptr<ReplicaSet> replica_set, ReplicaSetPlan plan, SyncDone done)
      : controller_(controller),
        replica_set_(std::move(replica_set)),
        key_(key_of(replica_set_->meta)),
        plan_(std::move(plan)),
        done_(std::move(done)) {}

  void start() { claim_next(); }

 private:
  // ---- claims, one after another

  void claim_next() {
    if (claimed_ == plan_.claims.size()) return claim_error_ ? done_(fail(*claim_error_)) : manage();
    const PodClaim& claim = plan_.claims[claimed_++];
    auto answer = [self = shared_from_this(), claim](Result<Ptr<Pod>> result) {
      if (!result && result.error().code == ErrorCode::ApiNotFound) {
        // Gone meanwhile: an adopted pod that no longer exists does not count.
        std::erase_if(self->plan_.active, [&](const Ptr<Pod>& pod) { return key_of(pod->meta) == claim.key; });
      } else if (!result && !self->claim_error_) {
        self->claim_error_ = std::move(result).error();
      }
      self->claim_next();
    };
    controller_.client_.patch<Pod>(
        claim.key, [what = claim.what, owner = replica_set_](Pod& edited) { apply_claim(what, *owner, edited.meta); },
        std::move(answer));
  }

  void manage() {
    if (plan_.creations > 0) {
      controller_.expectations_.expect_creations(key_, plan_.creations, now());
      pass_ = {key_, now(), 0, 0};
      start_batch(kSlowStartInitialBatch);
    } else if (!plan_.deletions.empty()) {
      remove_pods();
    } else {
      write_status();
    }
  }

  // ---- creations

  void start_batch(std::int32_t size) {
    // Local: answers may come inside create(), and the last one starts the next batch.
    const std::int32_t count = std::min(size, plan_.creations - pass_.successes);
    batch_ = pending_ = count;
    pass_.attempts += count;
    const Pod pod = pod_from_template(*replica_set_);
    for (std::int32_t i = 0; i < count; ++i) {
      controller_.pod_control_->create(
          pod, [self = shared_from_this()](Result<Ptr<Pod>> answer) { self->created(std::move(answer)); });
    }
  }

  void created(Result<Ptr<Pod>> answer) {
    if (answer) {
      ++pass_.successes;
      post({"Normal", "SuccessfulCreate", fmt::format("Created pod: {}", (*answer)->meta.name)});
    } else {
      post({"Warning", "FailedCreate", fmt::format("Error creating: {}", answer.error().what)});
      note_failure(std::move(answer).error());
    }
    if (--pending_ > 0) return;
    if (!failure_ && pass_.successes < plan_.creations) return start_batch(batch_ * 2);
    // What was not created will never be seen by the informer.
    for (std::int32_t i = pass_.successes; i < plan_.creations; ++i) controller_.expectations_.creation_observed(key_);
    if (controller_.on_creation_pass_) controller_.on_creation_pass_(pass_);
    write_status();
  }

  // ---- deletions

  void remove_pods() {
    std::set<ObjectKey> pods;
    for (const auto& pod : plan_.deletions) pods.insert(key_of(pod->meta));
    controller_.expectations_.expect_deletions(key_, pods, now());
    pending_ = static_cast<std::int32_t>(plan_.deletions.size());
    for (const auto& pod : plan_.deletions) {
      const ObjectKey key = key_of(pod->meta);
      controller_.pod_control_->remove(
          key, [self = shared_from_this(), key](const Result<Ptr<Pod>>& answer) { self->removed(key, answer); });
    }
  }

  void removed(const ObjectKey& pod, const Result<Ptr<Pod>>& answer) {
    if (answer) {
      post({"Normal", "SuccessfulDelete", fmt::format("Deleted pod: {}", pod.name)});
    } else {
      controller_.expectations_.deletion_observed(key_, pod);
      if (answer.error().code != ErrorCode::ApiNotFound) {
        post({"Warning", "FailedDelete", fmt::format("Error deleting: {}", answer.error().what)});
        note_failure(answer.error());
      }
    }
    if (--pending_ == 0) write_status();
  }

  // ---- status

  void write_status() {
    const auto failure = failure_ ? std::optional<std::string>(failure_->what) : std::nullopt;
    status_time_ = now();
    status_ = replica_set_status(*replica_set_, plan_.active, failure, status_time_);
    if (!status_needs_write(*replica_set_, status_)) return finish();
    put_status(replica_set_->meta.resource_version, /*retry_on_conflict=*/true);
  }

  void put_status(std::int64_t version, bool retry_on_conflict) {
    ReplicaSet written = *replica_set_;
    written.meta.resource_version = version;
    written.status = status_;
    controller_.client_.update_status<ReplicaSet>(
        std::move(written), [self = shared_from_this(), retry_on_conflict](Result<Ptr<ReplicaSet>> answer) {
          if (answer) return self->finish();
          if (!retry_on_conflict) return self->done_(tl::unexpected(std::move(answer).error()));
          // One more attempt on the version that is current now (statusUpdateRetries = 1).
          const auto current = self->controller_.client_.server().get<ReplicaSet>(self->key_);
          if (!current) return self->done_(tl::unexpected(std::move(answer).error()));
          self->put_status(current->meta.resource_version, false);
        });
  }

  void finish() {
    if (failure_) return done_(fail(*failure_));
    const auto later = next_availability(*replica_set_, status_, plan_.active, status_time_);
    // One nanosecond at least: the check must come after the moment it waits for.
    if (later) controller_.runtime_.queue().add_after(key_, std::max(*later - (now() - status_time_), nanoseconds(1)));
    done_({});
  }

  void note_failure(Error error) {
    if (!failure_) failure_ = std::move(error);
  }
  void post(const PostEvent& event) {
    if (controller_.on_event_) controller_.on_event_(*replica_set_, event);
    controller_.client_.event(*replica_set_, event.type, event.reason, event.message);
  }
  [[nodiscard]] SimTime now() const { return controller_.clock_.now(); }

  ReplicaSetController& controller_;
  Ptr<ReplicaSet> replica_set_;
  ObjectKey key_;
  ReplicaSetPlan plan_;
  SyncDone done_;
  std::size_t claimed_ = 0;
  std::optional<Error> claim_error_;
  std::int32_t batch_ = 0;
  std::int32_t pending_ = 0;  ///< calls under way in this batch
  CreationPass pass_;
  std::optional<Error> failure_;  ///< the first error of creating or deleting
  ReplicaSetStatus status_;
  SimTime status_time_;
};

// ---------------------------------------------------------------- the controller

ReplicaSetController::ReplicaSetController(Clock& clock, cluster::ApiServer& server, SharedInformers informers, WorkMode mode,
                                           const PodControlFactory& pod_control)
    : clock_(clock),
      informers_(informers),
      client_(server, "replicaset-controller", server.profile().controller_limit),
      pod_control_(pod_control ? pod_control(client_) : std::make_unique<ApiPodControl>(client_)),
      runtime_(clock, RuntimeOptions::from(server.profile(), kEntity, mode),
               [this](const ObjectKey& key, SyncDone done) { sync(key, std::move(done)); }) {
  watch();
}

ReplicaSetController::~ReplicaSetController() = default;

void ReplicaSetController::watch() {
  informers_.replica_sets.on_change([this](const Change<ReplicaSet>& change) {
    const ObjectKey key = key_of(change.object->meta);
    if (change.type == ChangeType::Deleted) expectations_.forget(key);
    runtime_.queue().add(key);
  });
  informers_.pods.on_change([this](const Change<Pod>& change) { on_pod(change); });
}

void ReplicaSetController::on_pod(const Change<Pod>& change) {
  orphans_.observe(change);
  const bool leaving = change.type == ChangeType::Deleted || is_terminating(change.object->meta);
  if (leaving) {
    on_pod_leaving(*change.object);
    if (labels_changed(change)) on_pod_leaving(*change.previous);
  } else if (change.type == ChangeType::Added) {
    on_pod_added(change);
  } else {
    on_pod_modified(change);
  }
}

void ReplicaSetController::on_pod_added(const Change<Pod>& change) {
  if (cluster::controller_of(change.object->meta) == nullptr) return enqueue_selecting(*change.object);
  if (const auto owner = resolve_controller(informers_.replica_sets, change.object->meta)) {
    expectations_.creation_observed(key_of(owner->meta));
    runtime_.queue().add(key_of(owner->meta));
  }
}

void ReplicaSetController::on_pod_modified(const Change<Pod>& change) {
  const bool moved = controller_changed(change);
  if (moved) {
    if (const auto before = resolve_controller(informers_.replica_sets, change.previous->meta)) {
      runtime_.queue().add(key_of(before->meta));
    }
  }
  if (cluster::controller_of(change.object->meta) == nullptr) {
    if (moved || labels_changed(change)) enqueue_selecting(*change.object);
    return;
  }
  const auto owner = resolve_controller(informers_.replica_sets, change.object->meta);
  if (!owner) return;
  runtime_.queue().add(key_of(owner->meta));
  const bool became_ready = !is_ready(*change.previous) && is_ready(*change.object);
  // One second more than needed, as Kubernetes does against clock skew; the sync itself asks for the exact moment.
  if (became_ready && owner->spec.min_ready_seconds > 0) {
    runtime_.queue().add_after(key_of(owner->meta), seconds(owner->spec.min_ready_seconds) + seconds(1));
  }
}

void ReplicaSetController::on_pod_leaving(const Pod& pod) {
  const auto owner = resolve_controller(informers_.replica_sets, pod.meta);
  if (!owner) return;
  expectations_.deletion_observed(key_of(owner->meta), key_of(pod.meta));
  runtime_.queue().add(key_of(owner->meta));
}

void ReplicaSetController::enqueue_selecting(const Pod& orphan) {
  for (const auto& replica_set : informers_.replica_sets.list(orphan.meta.namespace_)) {
    if (cluster::matches(*replica_set->spec.selector, *orphan.meta.labels)) runtime_.queue().add(key_of(replica_set->meta));
  }
}

std::vector<Ptr<Pod>> ReplicaSetController::candidates(const ReplicaSet& replica_set) const {
  auto found = informers_.pods.controlled_by(replica_set.meta.uid);
  const auto ownerless = orphans_.matching(replica_set.meta.namespace_, *replica_set.spec.selector);
  found.insert(found.end(), ownerless.begin(), ownerless.end());
  return found;
}

/// Where pods of all ReplicaSets of the same owner sit. A ReplicaSet without owner has no relatives, itself included.
PodsPerNode ReplicaSetController::related_pods(const ReplicaSet& replica_set) const {
  PodsPerNode counts;
  const auto* owner = cluster::controller_of(replica_set.meta);
  if (owner == nullptr) return counts;
  for (const auto& relative : informers_.replica_sets.controlled_by(owner->uid)) {
    for (const auto& [node, count] : active_pods_per_node(informers_.pods.controlled_by(relative->meta.uid)))
      counts[node] += count;
  }
  return counts;
}

void ReplicaSetController::sync(const ObjectKey& key, SyncDone done) {
  const auto replica_set = informers_.replica_sets.get(key);
  if (!replica_set) {
    expectations_.forget(key);
    return done({});
  }
  const bool may_manage = expectations_.satisfied(key, clock_.now());
  auto related = [&] { return related_pods(*replica_set); };
  ReplicaSetPlan plan = plan_replica_set_sync(*replica_set, candidates(*replica_set), may_manage, related, clock_.now());
  std::make_shared<Execution>(*this, replica_set, std::move(plan), std::move(done))->start();
}

}  // namespace tandem::control
