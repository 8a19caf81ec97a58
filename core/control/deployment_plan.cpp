#include "core/control/deployment_plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <utility>

#include "core/cluster/selector.hpp"
#include "core/control/deployment_arithmetic.hpp"
#include "core/control/deployment_revision.hpp"
#include "core/control/deployment_status.hpp"

namespace tandem::control {

using cluster::Condition;
using cluster::ConditionStatus;
using cluster::Deployment;
using cluster::DeploymentStatus;
using cluster::Ptr;
using cluster::ReplicaSet;

namespace {

/// A ReplicaSet as one sync sees it: the cached object, or what an earlier write of this sync made of it.
struct Seen {
  ReplicaSet object;
  bool written = false;
};
using SeenPtr = std::shared_ptr<Seen>;

/// The new ReplicaSet and the old ones, oldest first.
struct Versions {
  SeenPtr newest;  ///< null if none has the Deployment's template
  std::vector<SeenPtr> old;

  /// Old ones in order, then the new one.
  [[nodiscard]] std::vector<const ReplicaSet*> all() const {
    std::vector<const ReplicaSet*> pointers = objects(old);
    if (newest) pointers.push_back(&newest->object);
    return pointers;
  }
  static std::vector<const ReplicaSet*> objects(const std::vector<SeenPtr>& list) {
    std::vector<const ReplicaSet*> pointers;
    pointers.reserve(list.size());
    for (const auto& seen : list) pointers.push_back(&seen->object);
    return pointers;
  }
};

std::vector<SeenPtr> active(const std::vector<SeenPtr>& list) {
  std::vector<SeenPtr> result;
  for (const auto& seen : list) {
    if (seen && seen->object.spec.replicas > 0) result.push_back(seen);
  }
  return result;
}

/// Collects the operations of one sync. Methods follow the functions of the same task in Kubernetes' controller.
class Planner {
 public:
  Planner(const Deployment& deployment, SimTime now) : deployment_(deployment), now_(now) {}

  DeploymentPlan run(std::span<const Ptr<ReplicaSet>> candidates, const RunningPods& running_pods) {
    if (deployment_.spec.selector->match_labels.empty() && deployment_.spec.selector->match_expressions.empty()) {
      refuse_to_select_all();
      return std::move(plan_);
    }
    claim_replica_sets(candidates);
    if (is_terminating(deployment_.meta)) {
      const Versions versions = find_versions(false);
      write_status(calculate_status(deployment_, versions.all(), raw(versions.newest), now_));
      return std::move(plan_);
    }
    note_pause();
    if (deployment_.spec.paused || is_scaling_event()) {
      scale_only();
    } else if (deployment_.spec.strategy.type == "Recreate") {
      recreate(running_pods);
    } else {
      roll();
    }
    return std::move(plan_);
  }

 private:
  static const ReplicaSet* raw(const SeenPtr& seen) { return seen ? &seen->object : nullptr; }

  void refuse_to_select_all() {
    emit(PostEvent{"Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required."});
    if (deployment_.status.observed_generation < deployment_.meta.generation) {
      deployment_.status.observed_generation = deployment_.meta.generation;
      emit(UpdateDeploymentStatus{deployment_});
    }
  }

  void emit(DeploymentOperation operation) { plan_.operations.push_back(std::move(operation)); }

  void claim_replica_sets(std::span<const Ptr<ReplicaSet>> candidates) {
    for (const auto& candidate : candidates) {
      const Claim what = claim(deployment_, *deployment_.spec.selector, *candidate);
      if (what == Claim::Adopt || what == Claim::Release) emit(ClaimReplicaSet{what, key_of(candidate->meta)});
      if (what == Claim::Adopt || what == Claim::Keep) owned_.push_back(candidate);
    }
    std::sort(owned_.begin(), owned_.end(), [](const auto& a, const auto& b) { return created_before(*a, *b); });
  }

  void note_pause() {
    if (!has_progress_deadline(deployment_.spec)) return;
    const Condition* current = find_condition(deployment_.status.conditions, kConditionProgressing);
    // A deadline that has passed stays visible while paused.
    if (current != nullptr && current->reason == kReasonDeadlineExceeded) return;
    const bool noted = current != nullptr && current->reason == kReasonPaused;
    if (deployment_.spec.paused == noted) return;
    set_condition(deployment_.status.conditions,
                  deployment_.spec.paused ? deployment_condition(kConditionProgressing, ConditionStatus::Unknown, kReasonPaused,
                                                                 "Deployment is paused", now_)
                                          : deployment_condition(kConditionProgressing, ConditionStatus::Unknown, kReasonResumed,
                                                                 "Deployment is resumed", now_));
    emit(UpdateDeploymentStatus{deployment_});
  }

  // ---- versions (getAllReplicaSetsAndSyncRevision)

  /// Every call starts from the caches again, as in Kubernetes: what an earlier call of the same sync wrote is not seen, so
  /// writing it once more ends in a conflict and the sync is retried on fresh caches.
  Versions find_versions(bool create_if_missing) {
    Versions versions;
    for (const auto& owned : owned_) {
      auto seen = std::make_shared<Seen>(Seen{*owned});
      const bool matches_template = !versions.newest && same_template(*owned->spec.pod_template, *deployment_.spec.pod_template);
      if (matches_template) {
        versions.newest = std::move(seen);
      } else {
        versions.old.push_back(std::move(seen));
      }
    }
    const std::int64_t revision = max_revision(Versions::objects(versions.old)) + 1;
    if (versions.newest) {
      sync_revision(*versions.newest, revision);
    } else if (create_if_missing) {
      versions.newest = create_newest(versions, revision);
    }
    return versions;
  }

  void sync_revision(Seen& newest, std::int64_t revision) {
    const bool annotated = set_new_replica_set_annotations(deployment_, revision, newest.object);
    if (annotated || newest.object.spec.min_ready_seconds != deployment_.spec.min_ready_seconds) {
      newest.object.spec.min_ready_seconds = deployment_.spec.min_ready_seconds;
      emit(UpdateReplicaSet{newest.object, newest.written, {}});
      newest.written = true;
      return;
    }
    bool changed = set_deployment_revision(revision_of(newest.object.meta));
    if (has_progress_deadline(deployment_.spec) && find_condition(deployment_.status.conditions, kConditionProgressing) == nullptr) {
      set_condition(deployment_.status.conditions,
                    deployment_condition(kConditionProgressing, ConditionStatus::True, kReasonFoundNewReplicaSet,
                                         fmt::format("Found new replica set \"{}\"", newest.object.meta.name), now_));
      changed = true;
    }
    if (changed) emit(UpdateDeploymentStatus{deployment_});
  }

  bool set_deployment_revision(std::int64_t revision) {
    std::string text = revision > 0 ? std::to_string(revision) : std::string();
    const auto found = deployment_.meta.annotations->find(kRevisionAnnotation);
    if (found != deployment_.meta.annotations->end() && found->second == text) return false;
    deployment_.meta.annotations.edit(
        [&](cluster::Labels& annotations) { annotations.insert_or_assign(std::string(kRevisionAnnotation), std::move(text)); });
    return true;
  }

  SeenPtr create_newest(const Versions& versions, std::int64_t revision) {
    auto created = std::make_shared<Seen>(Seen{new_replica_set(), true});
    ReplicaSet& object = created->object;
    object.spec.replicas = allowed_new_replicas(deployment_.spec, total_spec_replicas(Versions::objects(versions.old)), 0);
    set_new_replica_set_annotations(deployment_, revision, object);
    set_replicas_annotations(deployment_.spec, object);
    std::string event;
    if (object.spec.replicas > 0) {
      event = fmt::format("Scaled up replica set {} from 0 to {}", object.meta.name, object.spec.replicas);
    }
    emit(CreateReplicaSet{object, std::move(event)});
    bool changed = set_deployment_revision(revision);
    if (has_progress_deadline(deployment_.spec)) {
      set_condition(deployment_.status.conditions,
                    deployment_condition(kConditionProgressing, ConditionStatus::True, kReasonNewReplicaSetCreated,
                                         fmt::format("Created new replica set \"{}\"", object.meta.name), now_));
      changed = true;
    }
    if (changed) emit(UpdateDeploymentStatus{deployment_});
    return created;
  }

  [[nodiscard]] ReplicaSet new_replica_set() const {
    const std::string hash = template_hash(*deployment_.spec.pod_template, deployment_.status.collision_count);
    const auto add_hash = [&](cluster::Labels& labels) { labels.insert_or_assign(std::string(kPodTemplateHashLabel), hash); };
    ReplicaSet object;
    object.meta.name = replica_set_name(deployment_.meta.name, hash);
    object.meta.namespace_ = deployment_.meta.namespace_;
    object.meta.owner_references = {controller_reference(deployment_)};
    object.spec.min_ready_seconds = deployment_.spec.min_ready_seconds;
    object.spec.selector = deployment_.spec.selector;
    object.spec.selector.edit([&](cluster::LabelSelector& selector) { add_hash(selector.match_labels); });
    object.spec.pod_template = deployment_.spec.pod_template;
    object.spec.pod_template.edit([&](cluster::PodTemplate& pod_template) { pod_template.labels.edit(add_hash); });
    object.meta.labels = object.spec.pod_template->labels;
    return object;
  }

  // ---- sizes

  /// Writes the size and the size annotations if either differs; true if the size did.
  bool resize(Seen& seen, std::int32_t size) {
    ReplicaSet& object = seen.object;
    const std::int32_t before = object.spec.replicas;
    const bool annotated = set_replicas_annotations(deployment_.spec, object);
    if (before == size && !annotated) return false;
    object.spec.replicas = size;
    std::string event;
    if (before != size) {
      event = fmt::format("Scaled {} replica set {} from {} to {}", size > before ? "up" : "down", object.meta.name, before, size);
    }
    emit(UpdateReplicaSet{object, seen.written, std::move(event)});
    seen.written = true;
    return before != size;
  }
  /// As resize, but leaves the annotations alone when the size is right already.
  bool resize_if_different(Seen& seen, std::int32_t size) { return seen.object.spec.replicas != size && resize(seen, size); }

  bool is_scaling_event() {
    const Versions versions = find_versions(false);
    for (const ReplicaSet* replica_set : versions.all()) {
      if (replica_set->spec.replicas == 0) continue;
      const auto desired = number_annotation(replica_set->meta, kDesiredReplicasAnnotation);
      if (desired && *desired != deployment_.spec.replicas) return true;
    }
    return false;
  }

  void scale_only() {
    Versions versions = find_versions(false);
    const Versions before = copy(versions);
    scale(versions);
    if (deployment_.spec.paused) clean_up_history(versions.old);
    write_status(calculate_status(deployment_, before.all(), raw(before.newest), now_));
  }

  void scale(Versions& versions) {
    std::vector<SeenPtr> live = active(versions.old);
    if (versions.newest && versions.newest->object.spec.replicas > 0) live.push_back(versions.newest);
    if (live.size() <= 1) {
      SeenPtr only = !live.empty() ? live.front() : versions.newest;
      if (!only && !versions.old.empty()) only = versions.old.back();
      if (only) resize_if_different(*only, deployment_.spec.replicas);
      return;
    }
    if (is_saturated(versions.newest)) {
      for (const auto& old : active(versions.old)) resize_if_different(*old, 0);
    } else if (deployment_.spec.strategy.type == "RollingUpdate") {
      scale_proportionally(live);
    }
  }

  [[nodiscard]] bool is_saturated(const SeenPtr& newest) const {
    if (!newest) return false;
    const auto desired = number_annotation(newest->object.meta, kDesiredReplicasAnnotation);
    return desired == deployment_.spec.replicas && newest->object.spec.replicas == deployment_.spec.replicas &&
           newest->object.status.available_replicas == deployment_.spec.replicas;
  }

  void scale_proportionally(const std::vector<SeenPtr>& live) {
    std::vector<ProportionalShare> shares;
    for (const auto& seen : live) {
      const ReplicaSet& object = seen->object;
      shares.push_back({object.meta.name, object.spec.replicas,
                        static_cast<std::int32_t>(number_annotation(object.meta, kMaxReplicasAnnotation).value_or(0)),
                        api_time(object.meta.creation_timestamp)});
    }
    for (const auto& [name, size] : proportional_sizes(deployment_.spec, deployment_.status.replicas, std::move(shares))) {
      const auto seen = std::find_if(live.begin(), live.end(), [&, &wanted = name](const SeenPtr& s) { return s->object.meta.name == wanted; });
      resize(**seen, size);
    }
  }

  // ---- strategies

  void roll() {
    Versions versions = find_versions(true);
    const Versions before = copy(versions);
    const bool changed = resize_newest(versions) || shrink_old(versions);
    if (!plan_.error.empty()) return;
    if (!changed && is_complete(deployment_, deployment_.status)) clean_up_history(versions.old);
    write_rollout_status(before);
  }

  bool resize_newest(Versions& versions) {
    const std::int32_t size = versions.newest->object.spec.replicas;
    const std::int32_t wanted = deployment_.spec.replicas;
    if (size == wanted) return false;
    if (size > wanted) return resize_if_different(*versions.newest, wanted);
    return resize_if_different(*versions.newest, allowed_new_replicas(deployment_.spec, total_spec_replicas(versions.all()), size));
  }

  bool shrink_old(Versions& versions) {
    const std::vector<SeenPtr> old = active(versions.old);
    if (old.empty()) return false;
    const ReplicaSet& newest = versions.newest->object;
    const std::int32_t newest_unavailable = newest.spec.replicas - newest.status.available_replicas;
    const std::int32_t budget = total_spec_replicas(versions.all()) - min_available(deployment_.spec) - newest_unavailable;
    if (budget <= 0) return false;
    // Read before the first step: the status counts do not shrink with the sizes written here.
    std::vector<const ReplicaSet*> counted = Versions::objects(old);
    counted.push_back(&newest);
    const std::int32_t available = total_available_replicas(counted);
    const auto unhealthy = remove_unhealthy(old, budget);
    if (!unhealthy) return false;
    const std::int32_t healthy = remove_available(old, available - min_available(deployment_.spec));
    return *unhealthy + healthy > 0;
  }

  /// Oldest first: pods that are not available cost nothing to remove. Empty: the sync must end with an error.
  std::optional<std::int32_t> remove_unhealthy(const std::vector<SeenPtr>& old, std::int32_t budget) {
    std::int32_t removed = 0;
    for (const auto& seen : old) {
      if (removed >= budget) break;
      const std::int32_t size = seen->object.spec.replicas;
      const std::int32_t available = seen->object.status.available_replicas;
      if (size == available) continue;
      if (available > size) {
        plan_.error = fmt::format("status of {} still shows {} available pods of {}", seen->object.meta.name, available, size);
        return std::nullopt;
      }
      const std::int32_t count = std::min(budget - removed, size - available);
      resize_if_different(*seen, size - count);
      removed += count;
    }
    return removed;
  }

  std::int32_t remove_available(const std::vector<SeenPtr>& old, std::int32_t most) {
    std::int32_t removed = 0;
    for (const auto& seen : old) {
      if (removed >= most) break;
      const std::int32_t size = seen->object.spec.replicas;
      if (size == 0) continue;
      const std::int32_t count = std::min(size, most - removed);
      resize_if_different(*seen, size - count);
      removed += count;
    }
    return removed;
  }

  void recreate(const RunningPods& running_pods) {
    Versions versions = find_versions(false);
    Versions before = copy(versions);
    bool scaled_down = false;
    for (const auto& old : active(versions.old)) scaled_down = resize_if_different(*old, 0) || scaled_down;
    if (scaled_down || old_pods_running(before, running_pods)) return write_rollout_status(before);
    if (!versions.newest) {
      versions = find_versions(true);
      before = copy(versions);
    }
    resize_if_different(*versions.newest, deployment_.spec.replicas);
    if (is_complete(deployment_, deployment_.status)) clean_up_history(versions.old);
    write_rollout_status(before);
  }

  static bool old_pods_running(const Versions& versions, const RunningPods& running_pods) {
    if (total_status_replicas(Versions::objects(versions.old)) > 0) return true;
    return std::any_of(running_pods.begin(), running_pods.end(), [&](const auto& entry) {
      return entry.second > 0 && (!versions.newest || versions.newest->object.meta.uid != entry.first);
    });
  }

  // ---- history and status

  void clean_up_history(const std::vector<SeenPtr>& old) {
    const std::int32_t limit = deployment_.spec.revision_history_limit;
    if (limit == std::numeric_limits<std::int32_t>::max()) return;
    std::vector<const ReplicaSet*> alive = Versions::objects(old);
    std::erase_if(alive, [](const ReplicaSet* r) { return is_terminating(r->meta); });
    const auto surplus = static_cast<std::int64_t>(alive.size()) - limit;
    if (surplus <= 0) return;
    std::sort(alive.begin(), alive.end(), [](const ReplicaSet* a, const ReplicaSet* b) {
      const std::int64_t first = revision_of(a->meta);
      const std::int64_t second = revision_of(b->meta);
      return first != second ? first < second : created_before(*a, *b);
    });
    for (std::int64_t i = 0; i < surplus; ++i) {
      const ReplicaSet& candidate = *alive[static_cast<std::size_t>(i)];
      const bool in_use = candidate.status.replicas != 0 || candidate.spec.replicas != 0 ||
                          candidate.meta.generation > candidate.status.observed_generation;
      if (!in_use) emit(DeleteReplicaSet{key_of(candidate.meta)});
    }
  }

  /// Status is computed from the objects read at the start of the strategy, not from what it wrote since.
  static Versions copy(const Versions& versions) {
    Versions result;
    if (versions.newest) result.newest = std::make_shared<Seen>(*versions.newest);
    for (const auto& old : versions.old) result.old.push_back(std::make_shared<Seen>(*old));
    return result;
  }

  bool write_status(DeploymentStatus status) {
    if (status == deployment_.status) return false;
    deployment_.status = std::move(status);
    emit(UpdateDeploymentStatus{deployment_});
    return true;
  }

  void write_rollout_status(const Versions& versions) {
    DeploymentStatus status = calculate_rollout_status(deployment_, versions.all(), raw(versions.newest), now_);
    const ProgressCheck check = next_progress_check(deployment_, status, now_);
    if (write_status(std::move(status)) || !check.needed) return;
    plan_.requeue_rate_limited = check.rate_limited;
    if (!check.rate_limited) plan_.requeue_after = check.after;
  }

  Deployment deployment_;
  SimTime now_;
  std::vector<Ptr<ReplicaSet>> owned_;  ///< oldest first
  DeploymentPlan plan_;
};

}  // namespace

DeploymentPlan plan_deployment_sync(const Deployment& deployment, std::span<const Ptr<ReplicaSet>> candidates,
                                    const RunningPods& running_pods, SimTime now) {
  return Planner(deployment, now).run(candidates, running_pods);
}

UpdateDeploymentStatus plan_name_collision(const Deployment& deployment) {
  UpdateDeploymentStatus operation{deployment};
  operation.object.status.collision_count = deployment.status.collision_count.value_or(0) + 1;
  return operation;
}

std::vector<DeploymentOperation> plan_create_failure(const Deployment& deployment, const ReplicaSet& wanted, const std::string& why,
                                                     SimTime now) {
  const std::string message = fmt::format("Failed to create new replica set \"{}\": {}", wanted.meta.name, why);
  std::vector<DeploymentOperation> operations;
  if (has_progress_deadline(deployment.spec)) {
    UpdateDeploymentStatus operation{deployment};
    set_condition(operation.object.status.conditions,
                  deployment_condition(kConditionProgressing, ConditionStatus::False, kReasonReplicaSetCreateError, message, now));
    operations.emplace_back(std::move(operation));
  }
  operations.emplace_back(PostEvent{"Warning", std::string(kReasonReplicaSetCreateError), message});
  return operations;
}

}  // namespace tandem::control
