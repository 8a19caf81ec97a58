#include "core/control/deployment_plan.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <limits>
#include <utility>

#include "core/cluster/selector.hpp"
#include "core/control/deployment_arithmetic.hpp"
#include "core/control/deployment_draft.hpp"
#include "core/control/deployment_revision.hpp"
#include "core/control/deployment_status.hpp"

namespace tandem::control {

using cluster::Condition;
using cluster::ConditionStatus;
using cluster::Deployment;
using cluster::DeploymentStatus;
using cluster::Ptr;
using cluster::ReplicaSet;
using namespace draft;

namespace {

// ---------------------------------------------------------------- before the strategy

bool selects_everything(const cluster::LabelSelector& selector) {
  return selector.match_labels.empty() && selector.match_expressions.empty();
}

void refuse_to_select_all(Draft& draft) {
  draft.emit(PostEvent{"Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required."});
  DeploymentStatus& status = draft.deployment.status;
  if (status.observed_generation >= draft.deployment.meta.generation) return;
  status.observed_generation = draft.deployment.meta.generation;
  draft.emit(UpdateDeploymentStatus{draft.deployment});
}

void claim_replica_sets(Draft& draft, std::span<const Ptr<ReplicaSet>> candidates) {
  for (const auto& candidate : candidates) {
    const Claim what = claim(draft.deployment, *draft.deployment.spec.selector, *candidate);
    if (what == Claim::Adopt || what == Claim::Release) draft.emit(ClaimReplicaSet{what, key_of(candidate->meta)});
    if (what == Claim::Adopt || what == Claim::Keep) draft.owned.push_back(candidate);
  }
  std::sort(draft.owned.begin(), draft.owned.end(), [](const auto& a, const auto& b) { return created_before(*a, *b); });
}

/// Progressing=Unknown while paused and right after, so that the time spent paused does not count against the deadline.
void note_pause(Draft& draft) {
  const bool paused = draft.deployment.spec.paused;
  auto& conditions = draft.deployment.status.conditions;
  if (!has_progress_deadline(draft.deployment.spec)) return;
  const Condition* current = find_condition(conditions, kConditionProgressing);
  // A deadline that has passed stays visible while paused.
  if (current != nullptr && current->reason == kReasonDeadlineExceeded) return;
  if (paused == (current != nullptr && current->reason == kReasonPaused)) return;
  set_condition(conditions,
                deployment_condition(kConditionProgressing, ConditionStatus::Unknown, paused ? kReasonPaused : kReasonResumed,
                                     paused ? "Deployment is paused" : "Deployment is resumed", draft.now));
  draft.emit(UpdateDeploymentStatus{draft.deployment});
}

// ---------------------------------------------------------------- status and history

/// True if it was different and is written.
bool write_status(Draft& draft, DeploymentStatus status) {
  if (status == draft.deployment.status) return false;
  draft.deployment.status = std::move(status);
  draft.emit(UpdateDeploymentStatus{draft.deployment});
  return true;
}

void write_plain_status(Draft& draft, const Versions& versions) {
  write_status(draft, calculate_status(draft.deployment, versions.all(), raw(versions.newest), draft.now));
}

void write_rollout_status(Draft& draft, const Versions& versions) {
  DeploymentStatus status = calculate_rollout_status(draft.deployment, versions.all(), raw(versions.newest), draft.now);
  const ProgressCheck check = next_progress_check(draft.deployment, status, draft.now);
  if (write_status(draft, std::move(status)) || !check.needed) return;
  draft.plan.requeue_rate_limited = check.rate_limited;
  if (!check.rate_limited) draft.plan.requeue_after = check.after;
}

/// Deletes the old ReplicaSets of the lowest revisions beyond the limit, unless they still have or want pods.
void clean_up_history(Draft& draft, const std::vector<SeenPtr>& old) {
  const std::int32_t limit = draft.deployment.spec.revision_history_limit;
  if (limit == std::numeric_limits<std::int32_t>::max()) return;
  std::vector<const ReplicaSet*> alive = objects_of(old);
  std::erase_if(alive, [](const ReplicaSet* replica_set) { return is_terminating(replica_set->meta); });
  std::sort(alive.begin(), alive.end(), [](const ReplicaSet* a, const ReplicaSet* b) {
    const std::int64_t first = revision_of(a->meta);
    const std::int64_t second = revision_of(b->meta);
    return first != second ? first < second : created_before(*a, *b);
  });
  for (auto surplus = static_cast<std::int64_t>(alive.size()) - limit, i = std::int64_t{0}; i < surplus; ++i) {
    const ReplicaSet& candidate = *alive[static_cast<std::size_t>(i)];
    const bool in_use = candidate.status.replicas != 0 || candidate.spec.replicas != 0 ||
                        candidate.meta.generation > candidate.status.observed_generation;
    if (!in_use) draft.emit(DeleteReplicaSet{key_of(candidate.meta)});
  }
}

// ---------------------------------------------------------------- scaling only

void scale_only(Draft& draft) {
  Versions versions = find_versions(draft, false);
  const Versions as_read = versions.copy();
  scale(draft, versions);
  if (draft.deployment.spec.paused) clean_up_history(draft, versions.old);
  write_plain_status(draft, as_read);
}

// ---------------------------------------------------------------- RollingUpdate

bool resize_newest(Draft& draft, Versions& versions) {
  const std::int32_t size = versions.newest->object.spec.replicas;
  const std::int32_t wanted = draft.deployment.spec.replicas;
  if (size >= wanted) return resize_if_different(draft, *versions.newest, wanted);
  const std::int32_t allowed = allowed_new_replicas(draft.deployment.spec, total_spec_replicas(versions.all()), size);
  return resize_if_different(draft, *versions.newest, allowed);
}

/// Oldest first: pods that are not available cost nothing to remove. Empty: the sync must end with the plan's error.
std::optional<std::int32_t> remove_unhealthy(Draft& draft, const std::vector<SeenPtr>& old, std::int32_t budget) {
  std::int32_t removed = 0;
  for (const auto& seen : old) {
    if (removed >= budget) break;
    const std::int32_t size = seen->object.spec.replicas;
    const std::int32_t available = seen->object.status.available_replicas;
    if (size == available) continue;
    if (available > size) {
      draft.plan.error =
          fmt::format("status of {} still shows {} available pods of {}", seen->object.meta.name, available, size);
      return std::nullopt;
    }
    const std::int32_t count = std::min(budget - removed, size - available);
    resize_if_different(draft, *seen, size - count);
    removed += count;
  }
  return removed;
}

std::int32_t remove_available(Draft& draft, const std::vector<SeenPtr>& old, std::int32_t most) {
  std::int32_t removed = 0;
  for (const auto& seen : old) {
    if (removed >= most) break;
    const std::int32_t size = seen->object.spec.replicas;
    const std::int32_t count = std::min(size, most - removed);
    resize_if_different(draft, *seen, size - count);
    removed += count;
  }
  return removed;
}

bool shrink_old(Draft& draft, const Versions& versions) {
  const std::vector<SeenPtr> old = active(versions.old);
  if (old.empty()) return false;
  const ReplicaSet& newest = versions.newest->object;
  const std::int32_t must_stay = min_available(draft.deployment.spec);
  const std::int32_t newest_unavailable = newest.spec.replicas - newest.status.available_replicas;
  const std::int32_t budget = total_spec_replicas(versions.all()) - must_stay - newest_unavailable;
  if (budget <= 0) return false;
  // Read before the first step: the status counts do not shrink with the sizes written here.
  std::vector<const ReplicaSet*> counted = objects_of(old);
  counted.push_back(&newest);
  const std::int32_t available = total_available_replicas(counted);
  const auto unhealthy = remove_unhealthy(draft, old, budget);
  return unhealthy && *unhealthy + remove_available(draft, old, available - must_stay) > 0;
}

void roll(Draft& draft) {
  Versions versions = find_versions(draft, true);
  const Versions as_read = versions.copy();
  const bool changed = resize_newest(draft, versions) || shrink_old(draft, versions);
  if (!draft.plan.error.empty()) return;
  if (!changed && is_complete(draft.deployment, draft.deployment.status)) clean_up_history(draft, versions.old);
  write_rollout_status(draft, as_read);
}

// ---------------------------------------------------------------- Recreate

bool old_pods_running(const Versions& versions, const RunningPods& running_pods) {
  if (total_status_replicas(objects_of(versions.old)) > 0) return true;
  return std::any_of(running_pods.begin(), running_pods.end(), [&](const auto& entry) {
    return entry.second > 0 && (!versions.newest || versions.newest->object.meta.uid != entry.first);
  });
}

void recreate(Draft& draft, const RunningPods& running_pods) {
  Versions versions = find_versions(draft, false);
  Versions as_read = versions.copy();
  bool scaled_down = false;
  for (const auto& old : active(versions.old)) scaled_down = resize_if_different(draft, *old, 0) || scaled_down;
  if (scaled_down || old_pods_running(as_read, running_pods)) return write_rollout_status(draft, as_read);
  if (!versions.newest) {
    versions = find_versions(draft, true);
    as_read = versions.copy();
  }
  resize_if_different(draft, *versions.newest, draft.deployment.spec.replicas);
  if (is_complete(draft.deployment, draft.deployment.status)) clean_up_history(draft, versions.old);
  write_rollout_status(draft, as_read);
}

}  // namespace

DeploymentPlan plan_deployment_sync(const Deployment& deployment, std::span<const Ptr<ReplicaSet>> candidates,
                                    const RunningPods& running_pods, SimTime now) {
  Draft draft{deployment, now, {}, {}};
  if (selects_everything(*deployment.spec.selector)) {
    refuse_to_select_all(draft);
    return std::move(draft.plan);
  }
  claim_replica_sets(draft, candidates);
  if (is_terminating(deployment.meta)) {
    write_plain_status(draft, find_versions(draft, false));
    return std::move(draft.plan);
  }
  note_pause(draft);
  if (deployment.spec.paused || is_scaling_event(draft)) {
    scale_only(draft);
  } else if (deployment.spec.strategy.type == "Recreate") {
    recreate(draft, running_pods);
  } else {
    roll(draft);
  }
  return std::move(draft.plan);
}

UpdateDeploymentStatus plan_name_collision(const Deployment& deployment) {
  UpdateDeploymentStatus operation{deployment};
  operation.object.status.collision_count = deployment.status.collision_count.value_or(0) + 1;
  return operation;
}

std::vector<DeploymentOperation> plan_create_failure(const Deployment& deployment, const ReplicaSet& wanted,
                                                     const std::string& why, SimTime now) {
  const std::string message = fmt::format("Failed to create new replica set \"{}\": {}", wanted.meta.name, why);
  std::vector<DeploymentOperation> operations;
  if (has_progress_deadline(deployment.spec)) {
    UpdateDeploymentStatus operation{deployment};
    set_condition(operation.object.status.conditions, deployment_condition(kConditionProgressing, ConditionStatus::False,
                                                                           kReasonReplicaSetCreateError, message, now));
    operations.emplace_back(std::move(operation));
  }
  operations.emplace_back(PostEvent{"Warning", std::string(kReasonReplicaSetCreateError), message});
  return operations;
}

}  // namespace tandem::control
