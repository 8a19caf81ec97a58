#pragma once
// JSON fields of nodes (json_io.hpp explains the notation).

#include "core/cluster/json_meta.hpp"

namespace tandem::cluster {

template <class Io>
void fields(Io& io, Field<Io, Taint>& taint) {
  io.always("key", taint.key);
  io("value", taint.value);
  io.always("effect", taint.effect);
  io("timeAdded", taint.time_added);
  io.rest(taint.rest);
}

template <class Io>
void fields(Io& io, Field<Io, ContainerImage>& image) {
  io("names", image.names);
  io("sizeBytes", image.size_bytes);
}

template <class Io>
void fields(Io& io, Field<Io, NodeSpec>& spec) {
  io("unschedulable", spec.unschedulable);
  io("taints", spec.taints);
  io("podCIDR", spec.pod_cidr);
  io.rest(spec.rest);
}

/// The InternalIP of status.addresses is typed; other addresses, and the order they came in, are kept in the rest.
void node_addresses(JsonReader& reader, NodeStatus& status);
void node_addresses(JsonWriter& writer, const NodeStatus& status);

template <class Io>
void fields(Io& io, Field<Io, NodeStatus>& status) {
  io("capacity", status.capacity);
  io("allocatable", status.allocatable);
  io("conditions", status.conditions);
  io("images", status.images);
  io.nested("nodeInfo", [&](auto& info) { info("kubeletVersion", status.kubelet_version); });
  node_addresses(io, status);
  io.rest(status.rest);
}

template <class Io>
void fields(Io& io, Field<Io, Node>& node) {
  io.always("metadata", node.meta);
  io.always("spec", node.spec);
  io.always("status", node.status);
}

}  // namespace tandem::cluster
