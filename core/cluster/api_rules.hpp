#pragma once
// What the API server's storage rules say kind by kind: which fields are spec and status, which kinds count generations,
// and the texts of Kubernetes' own errors.

#include <concepts>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/cluster/api_server.hpp"
#include "core/cluster/object_index.hpp"

namespace tandem::cluster::rules {

template <class T>
KeyView key_view(const T& object) { return {object.meta.namespace_, object.meta.name, {}}; }
inline KeyView key_view(const Unstructured& object) { return {object.meta.namespace_, object.meta.name, object.kind}; }
inline KeyView key_view(const ObjectKey& key) { return {key.namespace_, key.name, key.kind}; }

/// "Pod", or the kind that an Unstructured object names.
template <class T>
std::string_view kind_name(const T&) { return KindOf<T>::name; }
inline std::string_view kind_name(const Unstructured& object) { return object.kind; }

/// Kinds whose metadata.generation the API server counts (reference/kubernetes-api §8).
template <class T>
bool counts_generations(const T&) {
  return std::same_as<T, Pod> || std::same_as<T, ReplicaSet> || std::same_as<T, Deployment> || std::same_as<T, EndpointSlice>;
}
bool counts_generations(const Unstructured& object);

inline bool same_spec(const Node& a, const Node& b) { return a.spec == b.spec; }
inline bool same_spec(const Pod& a, const Pod& b) { return a.node_name == b.node_name && a.spec == b.spec; }
inline bool same_spec(const ReplicaSet& a, const ReplicaSet& b) { return a.spec == b.spec; }
inline bool same_spec(const Deployment& a, const Deployment& b) { return a.spec == b.spec; }
inline bool same_spec(const Service& a, const Service& b) { return a.spec == b.spec; }
inline bool same_spec(const EndpointSlice& a, const EndpointSlice& b) {
  return a.endpoints == b.endpoints && a.ports == b.ports && a.rest == b.rest;
}
inline bool same_spec(const Event&, const Event&) { return true; }
bool same_spec(const Unstructured& a, const Unstructured& b);

/// Kinds without a status sub-resource: EndpointSlice and Event.
template <class T>
inline constexpr bool kHasStatus = !std::same_as<T, EndpointSlice> && !std::same_as<T, Event>;

template <class T>
void copy_status(const T& from, T& to) {
  if constexpr (kHasStatus<T>) to.status = from.status;
}
void copy_status(const Unstructured& from, Unstructured& to);

/// Fields that apps/v1 does not let anyone change; empty text when nothing is wrong.
template <class T>
std::string_view changed_immutable_field(const T&, const T&) { return {}; }
inline std::string_view changed_immutable_field(const ReplicaSet& a, const ReplicaSet& b) {
  return a.spec.selector == b.spec.selector ? std::string_view{} : "spec.selector";
}
inline std::string_view changed_immutable_field(const Deployment& a, const Deployment& b) {
  return a.spec.selector == b.spec.selector ? std::string_view{} : "spec.selector";
}

/// "deployments.apps": how Kubernetes names the kind in errors.
std::string resource_name(Kind kind, std::string_view unstructured_kind);

Error not_found(Kind kind, const KeyView& key);
Error already_exists(Kind kind, const KeyView& key);
Error version_conflict(Kind kind, const KeyView& key);
Error precondition_conflict(Kind kind, const KeyView& key, std::string_view wanted_uid, std::string_view actual_uid);
Error conflict(Kind kind, const KeyView& key, std::string_view reason);
Error invalid(Kind kind, const KeyView& key, std::string_view field, std::string_view reason);

}  // namespace tandem::cluster::rules
