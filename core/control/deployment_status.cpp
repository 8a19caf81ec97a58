#include "core/control/deployment_status.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <limits>
#include <utility>

#include "core/control/controller_runtime.hpp"
#include "core/control/deployment_arithmetic.hpp"

namespace tandem::control {

using cluster::Condition;
using cluster::ConditionStatus;
using cluster::Deployment;
using cluster::DeploymentStatus;
using cluster::find_condition;
using cluster::ReplicaSet;

namespace {

std::string subject(const Deployment& deployment, const ReplicaSet* new_replica_set) {
  return new_replica_set != nullptr ? fmt::format("ReplicaSet \"{}\"", new_replica_set->meta.name)
                                    : fmt::format("Deployment \"{}\"", deployment.meta.name);
}

/// More updated, fewer old, more ready or more available replicas than the status written last.
bool made_progress(const DeploymentStatus& before, const DeploymentStatus& after) {
  return after.updated_replicas > before.updated_replicas ||
         after.replicas - after.updated_replicas < before.replicas - before.updated_replicas ||
         after.ready_replicas > before.ready_replicas || after.available_replicas > before.available_replicas;
}

bool timed_out(const Deployment& deployment, const DeploymentStatus& status, SimTime now) {
  const Condition* progressing = find_condition(status.conditions, kConditionProgressing);
  if (progressing == nullptr || progressing->reason == kReasonNewReplicaSetAvailable) return false;
  if (progressing->reason == kReasonDeadlineExceeded) return true;
  const SimTime since = progressing->last_update_time.value_or(progressing->last_transition_time);
  return since + seconds(deployment.spec.progress_deadline_seconds) < now;
}

/// Progress refreshes lastUpdateTime even if the reason stays, so the condition is replaced, not set.
void note_progress(const Deployment& deployment, const ReplicaSet* new_replica_set, DeploymentStatus& status, SimTime now) {
  Condition condition = deployment_condition(kConditionProgressing, ConditionStatus::True, kReasonReplicaSetUpdated,
                                             subject(deployment, new_replica_set) + " is progressing.", now);
  const Condition* current = find_condition(deployment.status.conditions, kConditionProgressing);
  if (current != nullptr) {
    if (current->status == ConditionStatus::True) condition.last_transition_time = current->last_transition_time;
    remove_condition(status.conditions, kConditionProgressing);
  }
  set_condition(status.conditions, std::move(condition));
}

void set_progressing(const Deployment& deployment, const ReplicaSet* new_replica_set, DeploymentStatus& status, SimTime now) {
  const Condition* current = find_condition(deployment.status.conditions, kConditionProgressing);
  const bool finished_before =
      status.replicas == status.updated_replicas && current != nullptr && current->reason == kReasonNewReplicaSetAvailable;
  if (finished_before) return;
  const std::string who = subject(deployment, new_replica_set);
  if (is_complete(deployment, status)) {
    set_condition(status.conditions,
                  deployment_condition(kConditionProgressing, ConditionStatus::True, kReasonNewReplicaSetAvailable,
                                       who + " has successfully progressed.", now));
  } else if (made_progress(deployment.status, status)) {
    note_progress(deployment, new_replica_set, status, now);
  } else if (timed_out(deployment, status, now)) {
    set_condition(status.conditions, deployment_condition(kConditionProgressing, ConditionStatus::False,
                                                          kReasonDeadlineExceeded, who + " has timed out progressing.", now));
  }
}

const Condition* find_failure(std::span<const ReplicaSet* const> all, const ReplicaSet* new_replica_set) {
  if (new_replica_set != nullptr) {
    if (const auto* own = find_condition(new_replica_set->status.conditions, kConditionReplicaFailure)) return own;
  }
  for (const ReplicaSet* replica_set : all) {
    if (const auto* failure = find_condition(replica_set->status.conditions, kConditionReplicaFailure)) return failure;
  }
  return nullptr;
}

}  // namespace

Condition deployment_condition(std::string_view type, ConditionStatus status, std::string_view reason, std::string message,
                               SimTime now) {
  Condition condition;
  condition.type = type;
  condition.status = status;
  condition.reason = reason;
  condition.message = std::move(message);
  condition.last_transition_time = api_time(now);
  condition.last_update_time = api_time(now);
  return condition;
}

void set_condition(std::vector<Condition>& conditions, Condition condition) {
  if (const Condition* current = find_condition(conditions, condition.type)) {
    if (current->status == condition.status && current->reason == condition.reason) return;
    if (current->status == condition.status) condition.last_transition_time = current->last_transition_time;
  }
  remove_condition(conditions, condition.type);
  conditions.push_back(std::move(condition));
}

void remove_condition(std::vector<Condition>& conditions, std::string_view type) {
  std::erase_if(conditions, [&](const Condition& condition) { return condition.type == type; });
}

bool has_progress_deadline(const cluster::DeploymentSpec& spec) {
  return spec.progress_deadline_seconds != std::numeric_limits<std::int32_t>::max();
}

bool is_complete(const Deployment& deployment, const DeploymentStatus& status) {
  const std::int32_t wanted = deployment.spec.replicas;
  return status.updated_replicas == wanted && status.replicas == wanted && status.available_replicas == wanted &&
         status.observed_generation >= deployment.meta.generation;
}

DeploymentStatus calculate_status(const Deployment& deployment, std::span<const ReplicaSet* const> all,
                                  const ReplicaSet* new_replica_set, SimTime now) {
  DeploymentStatus status = deployment.status;
  status.observed_generation = deployment.meta.generation;
  status.replicas = total_status_replicas(all);
  status.updated_replicas = new_replica_set != nullptr ? new_replica_set->status.replicas : 0;
  status.ready_replicas = total_ready_replicas(all);
  status.available_replicas = total_available_replicas(all);
  status.unavailable_replicas = std::max(0, total_spec_replicas(all) - status.available_replicas);
  const bool available = status.available_replicas >= min_available(deployment.spec);
  set_condition(status.conditions,
                available ? deployment_condition(kConditionAvailable, ConditionStatus::True, kReasonMinimumAvailable,
                                                 "Deployment has minimum availability.", now)
                          : deployment_condition(kConditionAvailable, ConditionStatus::False, kReasonMinimumUnavailable,
                                                 "Deployment does not have minimum availability.", now));
  return status;
}

DeploymentStatus calculate_rollout_status(const Deployment& deployment, std::span<const ReplicaSet* const> all,
                                          const ReplicaSet* new_replica_set, SimTime now) {
  DeploymentStatus status = calculate_status(deployment, all, new_replica_set, now);
  if (has_progress_deadline(deployment.spec)) {
    set_progressing(deployment, new_replica_set, status, now);
  } else {
    remove_condition(status.conditions, kConditionProgressing);
  }
  if (const Condition* failure = find_failure(all, new_replica_set)) {
    Condition copy = *failure;
    copy.last_update_time = copy.last_transition_time;
    set_condition(status.conditions, std::move(copy));
  } else {
    remove_condition(status.conditions, kConditionReplicaFailure);
  }
  return status;
}

ProgressCheck next_progress_check(const Deployment& deployment, const DeploymentStatus& status, SimTime now) {
  const Condition* current = find_condition(deployment.status.conditions, kConditionProgressing);
  if (!has_progress_deadline(deployment.spec) || current == nullptr) return {};
  if (is_complete(deployment, status) || current->reason == kReasonDeadlineExceeded) return {};
  const SimTime since = current->last_update_time.value_or(current->last_transition_time);
  const SimDuration left = since + seconds(deployment.spec.progress_deadline_seconds) - now;
  if (left < seconds(1)) return {.needed = true, .rate_limited = true, .after = {}};
  return {.needed = true, .rate_limited = false, .after = left + seconds(1)};
}

}  // namespace tandem::control
