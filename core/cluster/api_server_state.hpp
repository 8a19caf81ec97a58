#pragma once
// The API server's inside: the stores, the version counter, watches and the garbage collector's work list.

#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/random.hpp"
#include "core/cluster/api_rules.hpp"
#include "core/cluster/api_server.hpp"
#include "core/cluster/object_index.hpp"
#include "core/cluster/priority_admission.hpp"
#include "core/cluster/watch_hub.hpp"

namespace tandem::cluster {

struct ApiServer::State {
  State(ApiServer& owner, std::uint64_t root_seed) : server(owner), hub(owner.clock()), seed(root_seed) {}
  ~State();

  template <class T>
  ObjectIndex& index() { return indexes[static_cast<std::size_t>(KindOf<T>::kind)]; }

  template <class T>
  Ptr<T> find(const KeyView& key) const {
    const StoredObject* found = indexes[static_cast<std::size_t>(KindOf<T>::kind)].find(key);
    return found == nullptr ? nullptr : std::static_pointer_cast<const T>(found->object);
  }

  /// Stores the next version of an object and tells whoever watches. `previous` is null for a new one.
  template <class T>
  Ptr<T> commit(Ptr<T> previous, std::shared_ptr<T> next) {
    next->meta.resource_version = ++version;
    Ptr<T> object = std::move(next);
    index<T>().put(stored(object));
    if constexpr (std::same_as<T, Unstructured>) priorities.classes_may_have_changed();
    const ChangeType type = previous ? ChangeType::Modified : ChangeType::Added;
    hub.publish(Change<T>{type, server.clock().now(), std::move(previous), object});
    return object;
  }

  /// Takes an object out of the store; its dependents become work for the garbage collector.
  template <class T>
  Ptr<T> commit_removal(std::shared_ptr<T> last) {
    last->meta.resource_version = ++version;
    const Ptr<T> object = std::move(last);
    index<T>().erase(rules::key_view(*object));
    if constexpr (std::same_as<T, Unstructured>) priorities.classes_may_have_changed();
    forget(KindOf<T>::kind, rules::key_view(*object), object->meta.uid);
    hub.publish(Change<T>{ChangeType::Deleted, server.clock().now(), object, object});
    return object;
  }

  /// Commits `next` in the place of `current`, or removes the object if only finalizers kept it and the last one is gone.
  template <class T>
  Ptr<T> commit_edit(const Ptr<T>& current, std::shared_ptr<T> next) {
    const bool released = is_terminating(next->meta) && next->meta.deletion_grace_period_seconds.value_or(0) == 0 &&
                          !current->meta.finalizers.empty() && next->meta.finalizers.empty();
    Ptr<T> result = released ? commit_removal(std::move(next)) : commit(current, std::move(next));
    settle();
    return result;
  }

  /// Ends a public write: watchers without delay see it, and with the instant profile garbage goes too.
  void settle();

  /// What the API server adds to a new pod.
  void complete(Pod& pod);

  [[nodiscard]] std::string make_uid(std::string_view kind, const KeyView& key) const;
  [[nodiscard]] std::string make_name(std::string_view kind, std::string_view namespace_, const std::string& generate_name);

  // Garbage collection (api_server_deletion.cpp).
  struct Dependent {
    Kind kind;
    ObjectKey key;
    std::string uid;
  };
  /// After the removal of an object: remembers its uid and queues what it owned.
  void forget(Kind kind, const KeyView& key, const std::string& uid);
  /// A new object whose owner is already gone is garbage at once.
  void queue_if_orphaned(Kind kind, const ObjectKey& key, const ObjectMeta& meta);
  void queue_garbage(std::vector<Dependent> dependents);
  void collect(const std::vector<Dependent>& dependents);
  template <class T>
  void collect_one(const Dependent& dependent);
  [[nodiscard]] bool owner_exists(const OwnerReference& owner, const std::string& dependent_namespace) const;

  ApiServer& server;
  std::array<ObjectIndex, kKindCount> indexes;
  WatchHub hub;
  PriorityAdmission priorities;
  std::int64_t version = 0;
  std::uint64_t seed;
  std::uint32_t clients = 0;           ///< ApiClients so far; numbers them for the clock's tie-breaks
  std::int64_t last_event_stamp = 0;   ///< events' names carry a time in ns, made unique by this
  std::unordered_map<std::uint64_t, std::uint32_t> incarnations;  ///< removals so far by hash of kind and key
  std::unordered_set<std::string> removed_owners;                 ///< uids of removed objects, pods and events aside
  std::map<std::string, RandomStream, std::less<>> name_streams;
  /// Caches that informers share, by kind and delay; gone with their last informer.
  struct SharedCache {
    SimDuration delay;
    std::weak_ptr<void> cache;
  };
  std::array<std::vector<SharedCache>, kKindCount> caches;
  Shared<PodSpec> last_spec;         ///< the spec of the last new pod: those of one workload share it,
  std::string last_qos_class;        ///< and so its class
  std::vector<Dependent> instant_garbage;
  std::set<TimerHandle> garbage_timers;
  bool settling = false;
};

}  // namespace tandem::cluster
