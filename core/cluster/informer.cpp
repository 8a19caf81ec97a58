#include <deque>
#include <utility>

#include "core/cluster/api_rules.hpp"
#include "core/cluster/api_server.hpp"
#include "core/cluster/object_index.hpp"

namespace tandem::cluster {

template <class T>
struct Informer<T>::State {
  ObjectIndex index;
  std::deque<std::function<void(const Change<T>&)>> handlers;  ///< a deque: a handler may register another
  ApiServer* server = nullptr;
  Subscription subscription;

  void apply(const Change<T>& change) {
    if (change.type == ChangeType::Deleted) {
      index.erase(rules::key_view(*change.object));
    } else {
      index.put(stored(change.object));
    }
    const std::size_t count = handlers.size();
    for (std::size_t i = 0; i < count; ++i) handlers[i](change);
  }

  static auto collector(std::vector<Ptr<T>>& objects) {
    return [&objects](const StoredObject& found) { objects.push_back(std::static_pointer_cast<const T>(found.object)); };
  }
};

template <class T>
Informer<T>::Informer(ApiServer& server, SimDuration delay) : state_(std::make_unique<State>()) {
  state_->server = &server;
  state_->subscription = server.watch<T>(delay, [state = state_.get()](const Change<T>& change) { state->apply(change); });
}

template <class T>
Informer<T>::~Informer() = default;

template <class T>
Ptr<T> Informer<T>::get(const ObjectKey& key) const {
  const StoredObject* found = state_->index.find(rules::key_view(key));
  return found == nullptr ? nullptr : std::static_pointer_cast<const T>(found->object);
}

template <class T>
std::vector<Ptr<T>> Informer<T>::list(std::string_view namespace_) const {
  std::vector<Ptr<T>> objects;
  if (namespace_.empty()) objects.reserve(state_->index.size());
  state_->index.for_each(namespace_, State::collector(objects));
  return objects;
}

template <class T>
std::vector<Ptr<T>> Informer<T>::controlled_by(std::string_view owner_uid) const {
  std::vector<Ptr<T>> objects;
  state_->index.for_each_owned_by(owner_uid, [&](const StoredObject& found) {
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
  state_->index.for_each_on_node(node_name, State::collector(objects));
  return objects;
}

template <class T>
void Informer<T>::on_change(std::function<void(const Change<T>&)> handler) {
  const std::vector<Ptr<T>> existing = list();
  state_->handlers.push_back(std::move(handler));
  // Called through the deque, which keeps its elements in place: the handler may register another one.
  const auto& registered = state_->handlers.back();
  const SimTime now = state_->server->clock().now();
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
