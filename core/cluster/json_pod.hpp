#pragma once
// JSON fields of pods and their status (json_io.hpp explains the notation).

#include "core/cluster/json_pod_spec.hpp"

namespace tandem::cluster {

template <class Io>
void fields(Io& io, Field<Io, ContainerStateWaiting>& waiting) {
  io("reason", waiting.reason);
  io("message", waiting.message);
}
template <class Io>
void fields(Io& io, Field<Io, ContainerStateRunning>& running) { io("startedAt", running.started_at); }
template <class Io>
void fields(Io& io, Field<Io, ContainerStateTerminated>& terminated) {
  io.always("exitCode", terminated.exit_code);
  io("signal", terminated.signal);
  io("reason", terminated.reason);
  io("message", terminated.message);
  io("startedAt", terminated.started_at);
  io("finishedAt", terminated.finished_at);
  io.rest(terminated.rest);
}

/// One of waiting, running, terminated; an empty object reads as waiting without a reason and as no last state.
void container_states(JsonReader& reader, ContainerStatus& status);
void container_states(JsonWriter& writer, const ContainerStatus& status);

template <class Io>
void fields(Io& io, Field<Io, ContainerStatus>& status) {
  io.always("name", status.name);
  io.always("image", status.image);
  io("containerID", status.container_id);
  container_states(io, status);
  io.always("ready", status.ready);
  io.always("started", status.started);
  io.always("restartCount", status.restart_count);
  io.rest(status.rest);
}

/// podIP and the first of podIPs say the same, as the API server's conversion has it.
void pod_addresses(JsonReader& reader, PodStatus& status);
void pod_addresses(JsonWriter& writer, const PodStatus& status);

/// "" is no phase and not written.
void phase_field(JsonReader& reader, PodPhase& phase);
void phase_field(JsonWriter& writer, PodPhase phase);

template <class Io>
void fields(Io& io, Field<Io, PodStatus>& status) {
  phase_field(io, status.phase);
  io("reason", status.reason);
  io("message", status.message);
  io("conditions", status.conditions);
  io("hostIP", status.host_ip);
  pod_addresses(io, status);
  io("startTime", status.start_time);
  io("nominatedNodeName", status.nominated_node_name);
  io("qosClass", status.qos_class);
  io("initContainerStatuses", status.init_container_statuses);
  io("containerStatuses", status.container_statuses);
  io.rest(status.rest);
}

template <class Io>
void fields(Io& io, Field<Io, Pod>& pod) {
  io.always("metadata", pod.meta);
  io.nested_always("spec", [&](auto& spec) {
    spec("nodeName", pod.node_name);
    spec.inline_into(pod.spec);
  });
  io.always("status", pod.status);
}

}  // namespace tandem::cluster
