#include "core/control/scheduler/cluster_watch.hpp"

#include <algorithm>

#include "core/control/scheduler/unstructured.hpp"

namespace tandem::control::scheduler {
namespace {

using cluster::Change;
using cluster::ChangeType;
using cluster::Ptr;

}  // namespace

struct ClusterWatch::Informers {
  Informers(cluster::ApiServer& server, SimDuration delay)
      : nodes(server, delay), services(server, delay), replica_sets(server, delay), others(server, delay), pods(server, delay) {}

  cluster::Informer<cluster::Node> nodes;
  cluster::Informer<cluster::Service> services;
  cluster::Informer<cluster::ReplicaSet> replica_sets;
  cluster::Informer<cluster::Unstructured> others;
  cluster::Informer<cluster::Pod> pods;
};

ClusterWatch::ClusterWatch(Snapshot& snapshot, WatchHandlers handlers) : snapshot_(snapshot), handlers_(std::move(handlers)) {}

ClusterWatch::ClusterWatch(cluster::ApiServer& server, Snapshot& snapshot, WatchHandlers handlers)
    : ClusterWatch(snapshot, std::move(handlers)) {
  informers_ = std::make_unique<Informers>(server, server.profile().watch_delay);
  informers_->nodes.on_change([this](const auto& change) { node_changed(change); });
  informers_->services.on_change([this](const auto& change) { service_changed(change); });
  informers_->replica_sets.on_change([this](const auto& change) { replica_set_changed(change); });
  informers_->others.on_change([this](const auto& change) { other_changed(change); });
  informers_->pods.on_change([this](const auto& change) { pod_changed(change); });
}

ClusterWatch::~ClusterWatch() = default;

void ClusterWatch::node_changed(const Change<cluster::Node>& change) {
  count(change);
  ClusterEvent event;
  if (change.type == ChangeType::Deleted) {
    snapshot_.remove_node(change.object->meta.name);
    event.kind = ClusterEvent::Kind::NodeDeleted;
    event.old_node = change.object;
  } else {
    const bool added = change.type == ChangeType::Added;
    if (!added && same_for_scheduling(*change.previous, *change.object)) return snapshot_.set_node(change.object);
    snapshot_.set_node(change.object);
    event.kind = added ? ClusterEvent::Kind::NodeAdded : ClusterEvent::Kind::NodeUpdated;
    event.old_node = change.previous;
    event.new_node = change.object;
  }
  handlers_.on_event(event);
}

void ClusterWatch::pod_changed(const Change<cluster::Pod>& change) {
  count(change);
  const bool over = change.type == ChangeType::Deleted || cluster::is_terminal(change.object->status.phase);
  if (over) {
    handlers_.on_pod_left(change.object);
    pod_gone(change.object);
  } else if (!change.object->node_name.empty()) {
    handlers_.on_pod_left(change.object);
    pod_occupies(change);
  } else {
    handlers_.on_pending_pod(change.object);
  }
}

void ClusterWatch::pod_occupies(const Change<cluster::Pod>& change) {
  const bool bound_before = change.previous && !change.previous->node_name.empty() && change.type == ChangeType::Modified;
  snapshot_.set_pod(change.object);
  ClusterEvent event;
  event.new_pod = change.object;
  if (!bound_before) {
    event.kind = ClusterEvent::Kind::AssignedPodAdded;
  } else {
    if (change.previous->meta.labels == change.object->meta.labels) return;  // nothing that a plugin looks at
    event.kind = ClusterEvent::Kind::AssignedPodUpdated;
    event.old_pod = change.previous;
  }
  handlers_.on_event(event);
}

void ClusterWatch::pod_gone(const Ptr<cluster::Pod>& pod) {
  const cluster::ObjectKey key = cluster::key_of(pod->meta);
  const PodOnNode* known = snapshot_.find_pod(key);
  ClusterEvent event;
  event.kind = ClusterEvent::Kind::AssignedPodDeleted;
  event.old_pod = pod;
  if (pod->node_name.empty()) {  // an assumed pod is forgotten when its binding fails
    if (pod->status.nominated_node_name.empty()) return;
    event.at_most_priority = pod->spec->priority.value_or(0);
  } else {
    if (known == nullptr || known->pod->meta.uid != pod->meta.uid) return;  // finished before, or another of the same name
    snapshot_.remove_pod(key);
  }
  handlers_.on_event(event);
}

void ClusterWatch::service_changed(const Change<cluster::Service>& change) {
  count(change);
  if (change.type == ChangeType::Deleted) return snapshot_.remove_service(cluster::key_of(change.object->meta));
  snapshot_.set_service(change.object);
}

void ClusterWatch::replica_set_changed(const Change<cluster::ReplicaSet>& change) {
  count(change);
  const cluster::ObjectKey key = cluster::key_of(change.object->meta);
  if (change.type == ChangeType::Deleted) return snapshot_.remove_owner("ReplicaSet", key);
  if (change.previous && change.previous->spec.selector == change.object->spec.selector) return;
  snapshot_.set_owner_selector("ReplicaSet", key, *change.object->spec.selector);
}

void ClusterWatch::other_changed(const Change<cluster::Unstructured>& change) {
  count(change);
  const cluster::Unstructured& object = *change.object;
  const bool deleted = change.type == ChangeType::Deleted;
  if (object.kind == "Namespace") {
    if (deleted) return snapshot_.remove_namespace(object.meta.name);
    snapshot_.set_namespace(object.meta.name, object.meta.labels);
  } else if (object.kind == "PodDisruptionBudget") {
    std::optional<DisruptionBudget> budget = deleted ? std::nullopt : disruption_budget_of(object);
    if (!budget) return snapshot_.remove_disruption_budget(cluster::key_of(object.meta));
    snapshot_.set_disruption_budget(std::move(*budget));
  } else if (object.kind == "StatefulSet" || object.kind == "ReplicationController") {
    const cluster::ObjectKey key = cluster::key_of(object.meta);
    if (deleted) return snapshot_.remove_owner(object.kind, key);
    if (auto selector = selector_of(object, object.kind == "ReplicationController")) snapshot_.set_owner_selector(object.kind, key, std::move(*selector));
  }
}

}  // namespace tandem::control::scheduler
