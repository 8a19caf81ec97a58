#include "core/control/replica_set_plan.hpp"

#include <algorithm>
#include <utility>

#include "core/control/deployment_status.hpp"

namespace tandem::control {

using cluster::Condition;
using cluster::ConditionStatus;
using cluster::Pod;
using cluster::Ptr;
using cluster::ReplicaSet;
using cluster::ReplicaSetStatus;

ReplicaSetPlan plan_replica_set_sync(const ReplicaSet& replica_set, std::span<const Ptr<Pod>> candidates, bool manage,
                                     const std::function<PodsPerNode()>& related, SimTime now) {
  ReplicaSetPlan plan;
  plan.active.reserve(candidates.size());
  for (const auto& pod : candidates) {
    if (!is_active(*pod)) continue;
    const Claim what = claim(replica_set, *replica_set.spec.selector, *pod);
    if (what == Claim::Adopt || what == Claim::Release) plan.claims.push_back({what, key_of(pod->meta)});
    if (what == Claim::Adopt || what == Claim::Keep) plan.active.push_back(pod);
  }
  if (!manage || is_terminating(replica_set.meta)) return plan;
  const auto surplus = static_cast<std::int64_t>(plan.active.size()) - replica_set.spec.replicas;
  if (surplus < 0) {
    plan.creations = static_cast<std::int32_t>(std::min<std::int64_t>(-surplus, kBurstReplicas));
  } else if (surplus > 0) {
    const auto count = static_cast<std::size_t>(std::min<std::int64_t>(surplus, kBurstReplicas));
    const bool rank = count < plan.active.size();
    plan.deletions = choose_pods_to_delete(plan.active, rank ? related() : PodsPerNode{}, count, now);
  }
  return plan;
}

std::vector<std::int32_t> slow_start_batches(std::int32_t count) {
  std::vector<std::int32_t> batches;
  for (std::int32_t batch = kSlowStartInitialBatch; count > 0; batch *= 2) {
    batches.push_back(std::min(batch, count));
    count -= batches.back();
  }
  return batches;
}

ReplicaSetStatus replica_set_status(const ReplicaSet& replica_set, std::span<const Ptr<Pod>> active,
                                    const std::optional<std::string>& failure, SimTime now) {
  ReplicaSetStatus status = replica_set.status;
  const cluster::Labels& template_labels = *replica_set.spec.pod_template->labels;
  status.observed_generation = replica_set.meta.generation;
  status.replicas = static_cast<std::int32_t>(active.size());
  status.fully_labeled_replicas = status.ready_replicas = status.available_replicas = 0;
  for (const auto& pod : active) {
    const bool labelled =
        pod->meta.labels.same_as(replica_set.spec.pod_template->labels) || cluster::matches(template_labels, *pod->meta.labels);
    if (labelled) ++status.fully_labeled_replicas;
    if (is_ready(*pod)) ++status.ready_replicas;
    if (is_available(*pod, replica_set.spec.min_ready_seconds, now)) ++status.available_replicas;
  }
  const bool reported = find_condition(status.conditions, kConditionReplicaFailure) != nullptr;
  if (failure && !reported) {
    Condition condition;
    condition.type = kConditionReplicaFailure;
    condition.status = ConditionStatus::True;
    condition.reason = status.replicas < replica_set.spec.replicas ? "FailedCreate" : "FailedDelete";
    condition.message = *failure;
    condition.last_transition_time = api_time(now);
    status.conditions.push_back(std::move(condition));
  } else if (!failure && reported) {
    remove_condition(status.conditions, kConditionReplicaFailure);
  }
  return status;
}

bool status_needs_write(const ReplicaSet& replica_set, const ReplicaSetStatus& status) {
  return !(replica_set.status == status);
}

std::optional<SimDuration> next_availability(const ReplicaSet& replica_set, const ReplicaSetStatus& status,
                                             std::span<const Ptr<Pod>> active, SimTime now) {
  const std::int32_t min_ready = replica_set.spec.min_ready_seconds;
  if (min_ready <= 0 || status.ready_replicas == status.available_replicas) return std::nullopt;
  SimDuration soonest = seconds(min_ready);
  for (const auto& pod : active) {
    if (!is_ready(*pod) || is_available(*pod, min_ready, now)) continue;
    const SimTime since = find_condition(pod->status.conditions, "Ready")->last_transition_time;
    soonest = std::min(soonest, since + seconds(min_ready) - now);
  }
  return soonest;
}

Pod pod_from_template(const ReplicaSet& replica_set) {
  const cluster::PodTemplate& pod_template = *replica_set.spec.pod_template;
  Pod pod;
  pod.meta.namespace_ = replica_set.meta.namespace_;
  pod.meta.generate_name = replica_set.meta.name + "-";
  pod.meta.labels = pod_template.labels;
  pod.meta.annotations = pod_template.annotations;
  pod.meta.owner_references = {controller_reference(replica_set)};
  pod.spec = pod_template.spec;
  pod.status.phase = cluster::PodPhase::Pending;
  return pod;
}

}  // namespace tandem::control
