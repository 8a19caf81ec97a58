#include <algorithm>
#include <deque>
#include <utility>

#include "core/cluster/api_server_state.hpp"

namespace tandem::cluster {

/// One informer's handlers. A deque: a handler may register another one while it runs.
template <class T>
struct Informer<T>::Handlers {
  std::deque<std::function<void(const Change<T>&)>> handlers;

  void call(const Change<T>& change) {
    const std::size_t count = handlers.size();
    for (std::size_t i = 0; i < count; ++i) handlers[i](change);
  }
};

/// The objects that all informers of one delay believe in.
template <class T>
struct Informer<T>::Cache {
  ObjectIndex index;
  Clock* clock = nullptr;
  std::vector<std::weak_ptr<Handlers>> informers;  ///< in order of construction
  Subscription subscription;

  void apply(const Change<T>& change) {
    if (change.type == ChangeType::Deleted) {
      index.erase(rules::key_view(*change.object));
    } else {
      index.put(stored(change.object));
    }
    const std::size_t count = informers.size();  // who joins meanwhile starts from this cache
    bool gone = false;
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto informer = informers[i].lock()) {
        informer->call(change);
      } else {
        gone = true;
      }
    }
    if (gone) std::erase_if(informers, [](const auto& informer) { return informer.expired(); });
  }

  static auto collector(std::vector<Ptr<T>>& objects) {
    return [&objects](const StoredObject& found) { objects.push_back(std::static_pointer_cast<const T>(found.object)); };
  }
};

template <class T>
Informer<T>::Informer(ApiServer& server, SimDuration delay) : handlers_(std::make_shared<Handlers>()) {
  auto& caches = server.state_->caches[static_cast<std::size_t>(KindOf<T>::kind)];
  std::erase_if(caches, [](const auto& shared) { return shared.cache.expired(); });
  const auto same = std::find_if(caches.begin(), caches.end(), [&](const auto& shared) { return shared.delay == delay; });
  if (same != caches.end()) {
    cache_ = std::static_pointer_cast<Cache>(same->cache.lock());
  } else {
    cache_ = std::make_shared<Cache>();
    cache_->clock = &server.clock();
    // Weak: a delivery holds the cache while it runs, so that a handler may destroy the last informer.
    cache_->subscription = server.watch<T>(delay, [weak = std::weak_ptr(cache_)](const Change<T>& change) {
      if (const auto cache = weak.lock()) cache->apply(change);
    });
    caches.push_back({delay, cache_});
  }
  cache_->informers.push_back(handlers_);
}

template <class T>
Informer<T>::~Informer() = default;

template <class T>
Ptr<T> Informer<T>::get(const ObjectKey& key) const {
  const StoredObject* found = cache_->index.find(rules::key_view(key));
  return found == nullptr ? nullptr : std::static_pointer_cast<const T>(found->object);
}

template <class T>
std::vector<Ptr<T>> Informer<T>::list(std::string_view namespace_) const {
  std::vector<Ptr<T>> objects;
  if (namespace_.empty()) objects.reserve(cache_->index.size());
  cache_->index.for_each(namespace_, Cache::collector(objects));
  return objects;
}

template <class T>
std::vector<Ptr<T>> Informer<T>::controlled_by(std::string_view owner_uid) const {
  std::vector<Ptr<T>> objects;
  cache_->index.for_each_owned_by(owner_uid, [&](const StoredObject& found) {
    const OwnerReference* controller = controller_of(*found.meta);
    if (controller != nullptr && controller->uid == owner_uid) {
      objects.push_back(std::static_pointer_cast<const T>(found.object));
    }
  });
  return objects;
}

template <class T>
std::vector<Ptr<T>> Informer<T>::on_node(std::string_view node_name) const {
  std::vector<Ptr<T>> objects;
  cache_->index.for_each_on_node(node_name, Cache::collector(objects));
  return objects;
}

template <class T>
void Informer<T>::on_change(std::function<void(const Change<T>&)> handler) {
  const std::vector<Ptr<T>> existing = list();
  const std::shared_ptr<Handlers> held = handlers_;
  held->handlers.push_back(std::move(handler));
  // Called in its place, which a deque keeps: the handler may register another one.
  const auto& registered = held->handlers.back();
  const SimTime now = cache_->clock->now();
  for (const Ptr<T>& object : existing) registered(Change<T>{ChangeType::Added, now, nullptr, object});
}

template class Informer<Node>;
template class Informer<Pod>;
template class Informer<ReplicaSet>;
template class Informer<Deployment>;
template class Informer<Service>;
template class Informer<EndpointSlice>;
template class Informer<Event>;
template class Informer<Unstructured>;

}  // namespace tandem::cluster
