#pragma once
// JSON fields of Services, EndpointSlices and Events (json_io.hpp explains the notation).

#include "core/cluster/json_meta.hpp"

namespace tandem::cluster {

template <class Io>
void fields(Io& io, Field<Io, ServicePort>& port) {
  io("name", port.name);
  io("protocol", port.protocol);
  io.always("port", port.port);
  io("targetPort", port.target_port);
  io("nodePort", port.node_port);
  io.rest(port.rest);
}

template <class Io>
void fields(Io& io, Field<Io, ServiceSpec>& spec) {
  io("type", spec.type);
  io("clusterIP", spec.cluster_ip);
  io("selector", spec.selector);
  io("ports", spec.ports);
  io("publishNotReadyAddresses", spec.publish_not_ready_addresses);
  io.rest(spec.rest);
}

/// Everything under status is kept as it is; a Service without any shows an empty load balancer, as the API server does.
void service_status(JsonReader& reader, JsonRest& status);
void service_status(JsonWriter& writer, const JsonRest& status);

template <class Io>
void fields(Io& io, Field<Io, Service>& service) {
  io.always("metadata", service.meta);
  io.always("spec", service.spec);
  service_status(io, service.status);
}

/// A condition that the document leaves out is read as its meaning (ready: true, serving: like ready, terminating: false) and
/// left out again as long as it has that value.
void endpoint_conditions(JsonReader& reader, Endpoint& endpoint);
void endpoint_conditions(JsonWriter& writer, const Endpoint& endpoint);
/// The first of `addresses`; further ones, whose meaning Kubernetes leaves open, are kept in the rest.
void endpoint_addresses(JsonReader& reader, Endpoint& endpoint);
void endpoint_addresses(JsonWriter& writer, const Endpoint& endpoint);

/// The pod behind the endpoint. Its kind is Pod; its namespace is the slice's (slice_constants).
void endpoint_target(JsonReader& reader, Endpoint& endpoint);
void endpoint_target(JsonWriter& writer, const Endpoint& endpoint);
/// addressType IPv4 and the targets' namespace, which the typed view implies.
void slice_constants(JsonReader& reader, EndpointSlice& slice);
void slice_constants(JsonWriter& writer, const EndpointSlice& slice);

template <class Io>
void fields(Io& io, Field<Io, Endpoint>& endpoint) {
  endpoint_addresses(io, endpoint);
  endpoint_target(io, endpoint);
  io("nodeName", endpoint.node_name);
  if constexpr (std::remove_cvref_t<Io>::kReading) {
    endpoint_conditions(io, endpoint);
    io.rest(endpoint.rest);
  } else {
    io.rest(endpoint.rest);
    endpoint_conditions(io, endpoint);  // after the rest, which says what to leave out
  }
}

template <class Io>
void fields(Io& io, Field<Io, EndpointPort>& port) {
  io("name", port.name);
  io("protocol", port.protocol);
  io("port", port.port);
  io.rest(port.rest);
}

template <class Io>
void fields(Io& io, Field<Io, EndpointSlice>& slice) {
  io.always("metadata", slice.meta);
  io.always("endpoints", slice.endpoints);
  io.always("ports", slice.ports);
  slice_constants(io, slice);
  io.rest(slice.rest);
}

template <class Io>
void fields(Io& io, Field<Io, Event>& event) {
  if constexpr (std::remove_cvref_t<Io>::kReading) event.count = 0;  // events.k8s.io writers count in `series`
  io.always("metadata", event.meta);
  io("type", event.type);
  io("reason", event.reason);
  io("message", event.message);
  io.nested_always("involvedObject", [&](auto& object) {
    object("kind", event.involved_kind);
    object("name", event.involved_name);
    object("namespace", event.involved_namespace);
    object("uid", event.involved_uid);
  });
  io.nested_always("source", [&](auto& source) {
    source("component", event.source_component);
    source("host", event.source_host);
  });
  io("count", event.count);
  io("firstTimestamp", event.first_timestamp);
  io("lastTimestamp", event.last_timestamp);
  io.rest(event.rest);
}

}  // namespace tandem::cluster
