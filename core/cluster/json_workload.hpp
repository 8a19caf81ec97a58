#pragma once
// JSON fields of Deployments and ReplicaSets (json_io.hpp explains the notation).

#include "core/cluster/json_pod_spec.hpp"

namespace tandem::cluster {

/// rollingUpdate exists for the type RollingUpdate only.
template <class Io>
void fields(Io& io, Field<Io, DeploymentStrategy>& strategy) {
  io("type", strategy.type);
  const auto numbers = [&](auto& rolling) {
    rolling.always("maxSurge", strategy.max_surge);
    rolling.always("maxUnavailable", strategy.max_unavailable);
  };
  if (std::remove_cvref_t<Io>::kReading || strategy.type == "RollingUpdate") io.nested("rollingUpdate", numbers);
}

template <class Io>
void fields(Io& io, Field<Io, DeploymentSpec>& spec) {
  io.always("replicas", spec.replicas);
  io.always("selector", spec.selector);
  io.always("template", spec.pod_template);
  io("strategy", spec.strategy);
  io("minReadySeconds", spec.min_ready_seconds);
  io.always("progressDeadlineSeconds", spec.progress_deadline_seconds);
  io.always("revisionHistoryLimit", spec.revision_history_limit);
  io("paused", spec.paused);
  io.rest(spec.rest);
}

template <class Io>
void fields(Io& io, Field<Io, DeploymentStatus>& status) {
  io("observedGeneration", status.observed_generation);
  io("replicas", status.replicas);
  io("updatedReplicas", status.updated_replicas);
  io("readyReplicas", status.ready_replicas);
  io("availableReplicas", status.available_replicas);
  io("unavailableReplicas", status.unavailable_replicas);
  io("collisionCount", status.collision_count);
  io("conditions", status.conditions);
  io.rest(status.rest);
}

template <class Io>
void fields(Io& io, Field<Io, Deployment>& deployment) {
  io.always("metadata", deployment.meta);
  io.always("spec", deployment.spec);
  io.always("status", deployment.status);
}

template <class Io>
void fields(Io& io, Field<Io, ReplicaSetSpec>& spec) {
  io.always("replicas", spec.replicas);
  io("minReadySeconds", spec.min_ready_seconds);
  io.always("selector", spec.selector);
  io.always("template", spec.pod_template);
  io.rest(spec.rest);
}

template <class Io>
void fields(Io& io, Field<Io, ReplicaSetStatus>& status) {
  io("observedGeneration", status.observed_generation);
  io.always("replicas", status.replicas);
  io("fullyLabeledReplicas", status.fully_labeled_replicas);
  io("readyReplicas", status.ready_replicas);
  io("availableReplicas", status.available_replicas);
  io("conditions", status.conditions);
  io.rest(status.rest);
}

template <class Io>
void fields(Io& io, Field<Io, ReplicaSet>& replica_set) {
  io.always("metadata", replica_set.meta);
  io.always("spec", replica_set.spec);
  io.always("status", replica_set.status);
}

}  // namespace tandem::cluster
