#include "core/control/kubelet/pod_status_generator.hpp"

#include <utility>

#include "core/control/kubelet/pod_phase.hpp"

namespace tandem::control::kubelet {

using cluster::is_terminal;
using cluster::PodStatus;

namespace {

/// A pod does not come back from its end, neither from the one that was stored nor from the one the API server shows.
void keep_end(const cluster::Pod& pod, const PodStatus& stored, PodStatus& status) {
  if (is_terminal(status.phase)) return;
  if (is_terminal(stored.phase))
    status.phase = stored.phase;
  else if (is_terminal(pod.status.phase))
    status.phase = pod.status.phase;
}

/// Reason and message belong to the phase.
void keep_reason(const cluster::Pod& pod, const PodStatus& stored, PodStatus& status) {
  if (status.phase != stored.phase) return;
  status.reason = stored.reason.empty() ? pod.status.reason : stored.reason;
  status.message = stored.message.empty() ? pod.status.message : stored.message;
}

}  // namespace

std::optional<SimTime> active_deadline(const cluster::Pod& pod, const PodStatus* stored) {
  const std::optional<std::int64_t> allowed = pod.spec->active_deadline_seconds;
  if (!allowed || stored == nullptr || !stored->start_time) return std::nullopt;
  // The API's start time has whole seconds.
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  return SimTime{stored->start_time->ns / kNsPerSecond * kNsPerSecond} + seconds(*allowed);
}

PodStatus generate_status(const StatusInput& input, ProbeManager& probes, const FeatureGates& gates) {
  const cluster::Pod& pod = input.pod;
  const cluster::PodSpec& spec = *pod.spec;
  const PodStatus& before = input.stored != nullptr ? *input.stored : pod.status;
  PodStatus status;
  status.host_ip = input.host_ip;
  if (!input.runtime.sandboxes.empty()) status.pod_ip = input.runtime.sandboxes.front().ip;
  status.qos_class = cluster::qos_class_of(spec);
  status.init_container_statuses =
      container_statuses(pod, ContainerGroup::Init, input.runtime, before.init_container_statuses, input.start_failures, gates);
  status.container_statuses =
      container_statuses(pod, ContainerGroup::Regular, input.runtime, before.container_statuses, input.start_failures, gates);
  // As Kubernetes has it, the phase is worked out before the probes have been asked, so that no sidecar counts as started yet.
  status.phase = pod_phase(spec, status, {input.pod_is_terminal, any_regular_container_in(spec, input.runtime)}, gates);
  keep_end(pod, before, status);
  keep_reason(pod, before, status);
  if (input.ended_by_kubelet) {
    status.phase = cluster::PodPhase::Failed;
    status.reason = input.ended_by_kubelet->reason;
    status.message = input.ended_by_kubelet->message;
  }
  if (is_terminal(pod.status.phase)) status.phase = pod.status.phase;
  probes.update_pod_status(pod, status);
  if (const cluster::Condition* disruption = cluster::find_condition(before.conditions, "DisruptionTarget")) {
    status.conditions.push_back(*disruption);
  }
  for (cluster::Condition& condition : pod_conditions(spec, status, input.runtime, pod.status.conditions)) {
    status.conditions.push_back(std::move(condition));
  }
  return status;
}

}  // namespace tandem::control::kubelet
