// Which ReplicaSet is the new one, its revision, and its creation.

#include <fmt/format.h>
#include <algorithm>
#include <utility>

#include "core/control/deployment_arithmetic.hpp"
#include "core/control/deployment_draft.hpp"
#include "core/control/deployment_revision.hpp"
#include "core/control/deployment_status.hpp"

namespace tandem::control::draft {

using cluster::ConditionStatus;
using cluster::ReplicaSet;

std::vector<const ReplicaSet*> objects_of(const std::vector<SeenPtr>& list) {
  std::vector<const ReplicaSet*> pointers;
  pointers.reserve(list.size());
  for (const auto& seen : list) pointers.push_back(&seen->object);
  return pointers;
}

std::vector<SeenPtr> active(const std::vector<SeenPtr>& list) {
  std::vector<SeenPtr> result;
  for (const auto& seen : list) {
    if (seen->object.spec.replicas > 0) result.push_back(seen);
  }
  return result;
}

std::vector<const ReplicaSet*> Versions::all() const {
  std::vector<const ReplicaSet*> pointers = objects_of(old);
  if (newest) pointers.push_back(&newest->object);
  return pointers;
}

Versions Versions::copy() const {
  Versions result;
  if (newest) result.newest = std::make_shared<Seen>(*newest);
  for (const auto& seen : old) result.old.push_back(std::make_shared<Seen>(*seen));
  return result;
}

namespace {

/// True if the Deployment's annotation had to change.
bool set_deployment_revision(Draft& draft, std::int64_t revision) {
  std::string text = revision > 0 ? std::to_string(revision) : std::string();
  auto& annotations = draft.deployment.meta.annotations;
  const auto found = annotations->find(kRevisionAnnotation);
  if (found != annotations->end() && found->second == text) return false;
  annotations.edit(
      [&](cluster::Labels& edited) { edited.insert_or_assign(std::string(kRevisionAnnotation), std::move(text)); });
  return true;
}

void set_progressing(Draft& draft, std::string_view reason, std::string message) {
  set_condition(draft.deployment.status.conditions,
                deployment_condition(kConditionProgressing, ConditionStatus::True, reason, std::move(message), draft.now));
}

void sync_revision(Draft& draft, Seen& newest, std::int64_t revision) {
  const std::int32_t min_ready_seconds = draft.deployment.spec.min_ready_seconds;
  const bool annotated = set_new_replica_set_annotations(draft.deployment, revision, newest.object);
  if (annotated || newest.object.spec.min_ready_seconds != min_ready_seconds) {
    newest.object.spec.min_ready_seconds = min_ready_seconds;
    draft.emit(UpdateReplicaSet{newest.object, newest.written, {}});
    newest.written = true;
    return;
  }
  bool changed = set_deployment_revision(draft, revision_of(newest.object.meta));
  const bool unnoticed = find_condition(draft.deployment.status.conditions, kConditionProgressing) == nullptr;
  if (has_progress_deadline(draft.deployment.spec) && unnoticed) {
    set_progressing(draft, kReasonFoundNewReplicaSet, fmt::format("Found new replica set \"{}\"", newest.object.meta.name));
    changed = true;
  }
  if (changed) draft.emit(UpdateDeploymentStatus{draft.deployment});
}

ReplicaSet new_replica_set(const cluster::Deployment& deployment) {
  const std::string hash = template_hash(*deployment.spec.pod_template, deployment.status.collision_count);
  const auto add_hash = [&](cluster::Labels& labels) { labels.insert_or_assign(std::string(kPodTemplateHashLabel), hash); };
  ReplicaSet object;
  object.meta.name = replica_set_name(deployment.meta.name, hash);
  object.meta.namespace_ = deployment.meta.namespace_;
  object.meta.owner_references = {controller_reference(deployment)};
  object.spec.min_ready_seconds = deployment.spec.min_ready_seconds;
  object.spec.selector = deployment.spec.selector;
  object.spec.selector.edit([&](cluster::LabelSelector& selector) { add_hash(selector.match_labels); });
  object.spec.pod_template = deployment.spec.pod_template;
  object.spec.pod_template.edit([&](cluster::PodTemplate& pod_template) { pod_template.labels.edit(add_hash); });
  object.meta.labels = object.spec.pod_template->labels;
  return object;
}

SeenPtr create_newest(Draft& draft, const Versions& versions, std::int64_t revision) {
  const cluster::DeploymentSpec& spec = draft.deployment.spec;
  auto created = std::make_shared<Seen>(Seen{new_replica_set(draft.deployment), true});
  ReplicaSet& object = created->object;
  object.spec.replicas = allowed_new_replicas(spec, total_spec_replicas(objects_of(versions.old)), 0);
  set_new_replica_set_annotations(draft.deployment, revision, object);
  set_replicas_annotations(spec, object);
  std::string event;
  if (object.spec.replicas > 0) {
    event = fmt::format("Scaled up replica set {} from 0 to {}", object.meta.name, object.spec.replicas);
  }
  draft.emit(CreateReplicaSet{object, std::move(event)});
  bool changed = set_deployment_revision(draft, revision);
  if (has_progress_deadline(spec)) {
    set_progressing(draft, kReasonNewReplicaSetCreated, fmt::format("Created new replica set \"{}\"", object.meta.name));
    changed = true;
  }
  if (changed) draft.emit(UpdateDeploymentStatus{draft.deployment});
  return created;
}

}  // namespace

Versions find_versions(Draft& draft, bool create_if_missing) {
  Versions versions;
  for (const auto& owned : draft.owned) {
    auto seen = std::make_shared<Seen>(Seen{*owned});
    const bool is_newest = !versions.newest && same_template(*owned->spec.pod_template, *draft.deployment.spec.pod_template);
    if (is_newest) {
      versions.newest = std::move(seen);
    } else {
      versions.old.push_back(std::move(seen));
    }
  }
  const std::int64_t revision = max_revision(objects_of(versions.old)) + 1;
  if (versions.newest) {
    sync_revision(draft, *versions.newest, revision);
  } else if (create_if_missing) {
    versions.newest = create_newest(draft, versions, revision);
  }
  return versions;
}

}  // namespace tandem::control::draft
