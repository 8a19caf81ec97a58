#pragma once
// JSON fields of metadata, selectors and conditions (json_io.hpp explains the notation).

#include "core/cluster/json_io.hpp"

namespace tandem::cluster {

template <class Io>
void fields(Io& io, Field<Io, OwnerReference>& owner) {
  io.always("apiVersion", owner.api_version);
  io.always("kind", owner.kind);
  io.always("name", owner.name);
  io.always("uid", owner.uid);
  io("controller", owner.controller);
  io("blockOwnerDeletion", owner.block_owner_deletion);
  io.rest(owner.rest);
}

/// resourceVersion is text in JSON and opaque to clients; ours is a number.
void resource_version_field(JsonReader& reader, std::int64_t& version);
void resource_version_field(JsonWriter& writer, std::int64_t version);

template <class Io>
void fields(Io& io, Field<Io, ObjectMeta>& meta) {
  io("name", meta.name);
  io("generateName", meta.generate_name);
  io("namespace", meta.namespace_);
  io("uid", meta.uid);
  resource_version_field(io, meta.resource_version);
  io("generation", meta.generation);
  io("creationTimestamp", meta.creation_timestamp);
  io("deletionTimestamp", meta.deletion_timestamp);
  io("deletionGracePeriodSeconds", meta.deletion_grace_period_seconds);
  io("labels", meta.labels);
  io("annotations", meta.annotations);
  io("ownerReferences", meta.owner_references);
  io("finalizers", meta.finalizers);
  io.rest(meta.rest);
}

template <class Io>
void fields(Io& io, Field<Io, SelectorRequirement>& requirement) {
  io.always("key", requirement.key);
  io.always("operator", requirement.op);
  io("values", requirement.values);
}

template <class Io>
void fields(Io& io, Field<Io, LabelSelector>& selector) {
  io("matchLabels", selector.match_labels);
  io("matchExpressions", selector.match_expressions);
}

template <class Io>
void fields(Io& io, Field<Io, Condition>& condition) {
  io.always("type", condition.type);
  io.always("status", condition.status);
  io("reason", condition.reason);
  io("message", condition.message);
  io("lastTransitionTime", condition.last_transition_time);
  io("lastUpdateTime", condition.last_update_time);
  io.rest(condition.rest);
}

template <class Io>
void fields(Io& io, Field<Io, ResourceRequirements>& resources) {
  io("limits", resources.limits);
  io("requests", resources.requests);
  io.rest(resources.rest);
}

}  // namespace tandem::cluster
