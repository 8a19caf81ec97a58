#include "core/control/kubelet/termination.hpp"

#include <algorithm>

namespace tandem::control::kubelet {

GraceSources grace_sources(const cluster::Pod& pod, const cluster::Container& container) {
  const auto of_probe = [](const std::optional<cluster::Probe>& probe) {
    return probe ? probe->termination_grace_period_seconds : std::nullopt;
  };
  return {pod.meta.deletion_grace_period_seconds, pod.spec->termination_grace_period_seconds, of_probe(container.startup_probe),
          of_probe(container.liveness_probe)};
}

std::int64_t container_grace_seconds(const GraceSources& sources, KillReason reason) {
  if (sources.deletion) return *sources.deletion;
  if (!sources.pod) return kMinimumGraceSeconds;
  if (reason == KillReason::StartupProbe && sources.startup_probe) return *sources.startup_probe;
  if (reason == KillReason::LivenessProbe && sources.liveness_probe) return *sources.liveness_probe;
  return *sources.pod;
}

std::int64_t PodGrace::request(std::optional<std::int64_t> deletion, std::optional<std::int64_t> kubelet_override,
                               std::optional<std::int64_t> pod) {
  // Zero stands for "nothing said yet", in the original too: a deletion with grace 0 lets an override speak.
  const std::int64_t before = seconds_;
  std::int64_t grace = before;
  bool overridden = false;
  for (const std::optional<std::int64_t>& shorter : {deletion, kubelet_override}) {
    if (!shorter || (grace != 0 && *shorter >= grace)) continue;
    grace = *shorter;
    overridden = true;
  }
  if (!overridden && grace == 0 && pod) grace = *pod;
  seconds_ = std::max<std::int64_t>(grace, 1);
  shortened_ = before != 0 && before != seconds_;
  return seconds_;
}

}  // namespace tandem::control::kubelet
