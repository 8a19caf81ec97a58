// Sizes: one write, scaling events, proportional scaling (kubernetes-semantics §2.5).

#include <fmt/format.h>
#include <algorithm>
#include <utility>

#include "core/control/deployment_arithmetic.hpp"
#include "core/control/deployment_draft.hpp"
#include "core/control/deployment_revision.hpp"

namespace tandem::control::draft {

using cluster::ReplicaSet;

bool resize(Draft& draft, Seen& seen, std::int32_t size) {
  ReplicaSet& object = seen.object;
  const std::int32_t before = object.spec.replicas;
  const bool annotated = set_replicas_annotations(draft.deployment.spec, object);
  if (before == size && !annotated) return false;
  object.spec.replicas = size;
  std::string event;
  if (before != size) {
    const std::string_view direction = size > before ? "up" : "down";
    event = fmt::format("Scaled {} replica set {} from {} to {}", direction, object.meta.name, before, size);
  }
  draft.emit(UpdateReplicaSet{object, seen.written, std::move(event)});
  seen.written = true;
  return before != size;
}

bool resize_if_different(Draft& draft, Seen& seen, std::int32_t size) {
  return seen.object.spec.replicas != size && resize(draft, seen, size);
}

bool is_scaling_event(Draft& draft) {
  const Versions versions = find_versions(draft, false);
  const auto all = versions.all();
  return std::any_of(all.begin(), all.end(), [&](const ReplicaSet* replica_set) {
    if (replica_set->spec.replicas == 0) return false;
    const auto desired = number_annotation(replica_set->meta, kDesiredReplicasAnnotation);
    return desired && *desired != draft.deployment.spec.replicas;
  });
}

namespace {

/// All its pods are there and available, and it was sized for the present number of replicas.
bool is_saturated(const SeenPtr& newest, std::int32_t replicas) {
  if (!newest) return false;
  const auto desired = number_annotation(newest->object.meta, kDesiredReplicasAnnotation);
  return desired == replicas && newest->object.spec.replicas == replicas &&
         newest->object.status.available_replicas == replicas;
}

void scale_proportionally(Draft& draft, const std::vector<SeenPtr>& live) {
  std::vector<ProportionalShare> shares;
  for (const auto& seen : live) {
    const ReplicaSet& object = seen->object;
    const auto before = number_annotation(object.meta, kMaxReplicasAnnotation).value_or(0);
    shares.push_back(
        {object.meta.name, object.spec.replicas, static_cast<std::int32_t>(before), api_time(object.meta.creation_timestamp)});
  }
  for (const auto& share : proportional_sizes(draft.deployment.spec, draft.deployment.status.replicas, std::move(shares))) {
    const auto same_name = [&](const SeenPtr& seen) { return seen->object.meta.name == share.first; };
    resize(draft, **std::find_if(live.begin(), live.end(), same_name), share.second);
  }
}

}  // namespace

void scale(Draft& draft, Versions& versions) {
  const std::int32_t replicas = draft.deployment.spec.replicas;
  std::vector<SeenPtr> live = active(versions.old);
  if (versions.newest && versions.newest->object.spec.replicas > 0) live.push_back(versions.newest);
  if (live.size() <= 1) {
    SeenPtr only = !live.empty() ? live.front() : versions.newest;
    if (!only && !versions.old.empty()) only = versions.old.back();
    if (only) resize_if_different(draft, *only, replicas);
  } else if (is_saturated(versions.newest, replicas)) {
    for (const auto& old : active(versions.old)) resize_if_different(draft, *old, 0);
  } else if (draft.deployment.spec.strategy.type == "RollingUpdate") {
    scale_proportionally(draft, live);
  }
}

}  // namespace tandem::control::draft
