// Deleting: graceful for pods, at once for everything else, later where finalizers hold an object; and what happens to
// the objects that a removed one owned.

#include <algorithm>
#include <utility>

#include "core/cluster/api_server_state.hpp"

namespace tandem::cluster {

namespace {

/// What the deletion of a pod asks for now (kubernetes-semantics §4.6 and the pod strategy's CheckGracefulDelete).
std::int64_t wanted_grace(const Pod& pod, const DeleteOptions& options) {
  if (pod.node_name.empty() || is_terminal(pod.status.phase)) return 0;
  const std::int64_t grace = options.grace_period_seconds.value_or(pod.spec->termination_grace_period_seconds);
  return grace < 0 ? 1 : grace;
}

template <class T>
std::int64_t wanted_grace(const T&, const DeleteOptions&) { return 0; }

void mark(ObjectMeta& meta, SimTime now, std::int64_t grace) {
  meta.deletion_timestamp = now + seconds(grace);
  meta.deletion_grace_period_seconds = grace;
  if (meta.generation > 0) ++meta.generation;
}

}  // namespace

template <class T>
Result<Ptr<T>> ApiServer::remove(const ObjectKey& key, const DeleteOptions& options) {
  const Ptr<T> current = state_->find<T>(rules::key_view(key));
  if (!current) return fail(rules::not_found(KindOf<T>::kind, rules::key_view(key)));
  if (!options.uid.empty() && options.uid != current->meta.uid) {
    return fail(rules::precondition_conflict(KindOf<T>::kind, rules::key_view(key), options.uid, current->meta.uid));
  }
  auto next = std::make_shared<T>(*current);
  if (!is_terminating(current->meta)) {
    const std::int64_t grace = wanted_grace(*current, options);
    const bool stays = grace > 0 || !current->meta.finalizers.empty();
    if (stays) mark(next->meta, clock_.now(), grace);
  } else {
    const std::int64_t pending = current->meta.deletion_grace_period_seconds.value_or(0);
    const bool shorter = options.grace_period_seconds && *options.grace_period_seconds < pending;
    if (!shorter) {
      if (pending > 0 || !current->meta.finalizers.empty()) return current;
    } else {
      const std::int64_t grace = std::max<std::int64_t>(*options.grace_period_seconds, 0);
      next->meta.deletion_timestamp = *current->meta.deletion_timestamp - seconds(pending) + seconds(grace);
      next->meta.deletion_grace_period_seconds = grace;
    }
  }
  const bool goes = next->meta.finalizers.empty() &&
                    (!is_terminating(next->meta) || next->meta.deletion_grace_period_seconds.value_or(0) == 0);
  Ptr<T> result = goes ? state_->commit_removal(std::move(next)) : state_->commit(current, std::move(next));
  state_->settle();
  return result;
}

ApiServer::State::~State() {
  for (const TimerHandle timer : garbage_timers) server.clock().cancel(timer);
}

void ApiServer::State::forget(Kind kind, const KeyView& key, const std::string& uid) {
  if (kind == Kind::Event) return;  // their names carry a time and never come back
  const std::string_view kind_text = kind == Kind::Unstructured ? key.kind : name_of(kind);
  ++incarnations[stable_hash(key.name, stable_hash(key.namespace_, stable_hash(kind_text)))];
  if (kind != Kind::Pod) removed_owners.insert(uid);

  std::vector<Dependent> dependents;
  for (std::size_t k = 0; k < kKindCount; ++k) {
    indexes[k].for_each_owned_by(uid, [&](const StoredObject& object) {
      dependents.push_back({static_cast<Kind>(k),
                            {object.meta->namespace_, object.meta->name, std::string(object.kind)},
                            object.meta->uid});
    });
  }
  queue_garbage(std::move(dependents));
}

void ApiServer::State::queue_if_orphaned(Kind kind, const ObjectKey& key, const ObjectMeta& meta) {
  const bool orphaned = std::any_of(meta.owner_references.begin(), meta.owner_references.end(),
                                    [&](const OwnerReference& owner) { return removed_owners.contains(owner.uid); });
  if (orphaned) queue_garbage({{kind, key, meta.uid}});
}

void ApiServer::State::queue_garbage(std::vector<Dependent> dependents) {
  if (dependents.empty()) return;
  const SimDuration delay = server.profile().watch_delay + server.profile().write_latency;
  if (delay <= SimDuration{}) {
    std::move(dependents.begin(), dependents.end(), std::back_inserter(instant_garbage));
    return;
  }
  // The collector's entity comes after every watch channel's, so that the removal is seen before its consequences.
  static constexpr std::uint32_t kCollectorEntity = 1000;
  auto timer = std::make_shared<TimerHandle>();
  *timer = server.clock().after(delay, EventClass::Api, kCollectorEntity,
                                [this, timer, batch = std::move(dependents)] {
                                  garbage_timers.erase(*timer);
                                  collect(batch);
                                });
  garbage_timers.insert(*timer);
}

void ApiServer::State::collect(const std::vector<Dependent>& dependents) {
  for (const Dependent& dependent : dependents) {
    switch (dependent.kind) {
      case Kind::Node: collect_one<Node>(dependent); break;
      case Kind::Pod: collect_one<Pod>(dependent); break;
      case Kind::ReplicaSet: collect_one<ReplicaSet>(dependent); break;
      case Kind::Deployment: collect_one<Deployment>(dependent); break;
      case Kind::Service: collect_one<Service>(dependent); break;
      case Kind::EndpointSlice: collect_one<EndpointSlice>(dependent); break;
      case Kind::Event: collect_one<Event>(dependent); break;
      case Kind::Unstructured: collect_one<Unstructured>(dependent); break;
    }
  }
}

template <class T>
void ApiServer::State::collect_one(const Dependent& dependent) {
  const Ptr<T> object = find<T>(rules::key_view(dependent.key));
  if (!object || object->meta.uid != dependent.uid || is_terminating(object->meta)) return;
  const auto alive = [&](const OwnerReference& owner) { return owner_exists(owner, object->meta.namespace_); };
  const auto& owners = object->meta.owner_references;
  if (std::none_of(owners.begin(), owners.end(), alive)) {
    (void)server.remove<T>(dependent.key, DeleteOptions{{}, dependent.uid});
    return;
  }
  // Another owner still wants it: only the dangling references go.
  (void)server.patch<T>(dependent.key, [&](T& edited) {
    std::erase_if(edited.meta.owner_references, [&](const OwnerReference& owner) { return !alive(owner); });
  });
}

bool ApiServer::State::owner_exists(const OwnerReference& owner, const std::string& dependent_namespace) const {
  for (std::size_t k = 0; k < kKindCount; ++k) {
    const Kind kind = static_cast<Kind>(k);
    if (kind != Kind::Unstructured && name_of(kind) != owner.kind) continue;
    const std::string_view kind_text = kind == Kind::Unstructured ? std::string_view(owner.kind) : std::string_view{};
    // Owners live in the dependent's namespace or in none.
    for (const std::string_view namespace_ : {std::string_view(dependent_namespace), std::string_view{}}) {
      const StoredObject* found = indexes[k].find({namespace_, owner.name, kind_text});
      if (found != nullptr && found->meta->uid == owner.uid) return true;
    }
  }
  return false;
}

template Result<Ptr<Node>> ApiServer::remove<Node>(const ObjectKey&, const DeleteOptions&);
template Result<Ptr<Pod>> ApiServer::remove<Pod>(const ObjectKey&, const DeleteOptions&);
template Result<Ptr<ReplicaSet>> ApiServer::remove<ReplicaSet>(const ObjectKey&, const DeleteOptions&);
template Result<Ptr<Deployment>> ApiServer::remove<Deployment>(const ObjectKey&, const DeleteOptions&);
template Result<Ptr<Service>> ApiServer::remove<Service>(const ObjectKey&, const DeleteOptions&);
template Result<Ptr<EndpointSlice>> ApiServer::remove<EndpointSlice>(const ObjectKey&, const DeleteOptions&);
template Result<Ptr<Event>> ApiServer::remove<Event>(const ObjectKey&, const DeleteOptions&);
template Result<Ptr<Unstructured>> ApiServer::remove<Unstructured>(const ObjectKey&, const DeleteOptions&);

}  // namespace tandem::cluster
