#pragma once
// How long the containers of a pod may take to stop (pod_workers.go calculateEffectiveGracePeriod, kuberuntime_container.go
// setTerminationGracePeriod, v1.34).

#include <cstdint>
#include <optional>

#include "core/cluster/objects.hpp"

namespace tandem::control::kubelet {

/// A container gets this long between SIGTERM and SIGKILL, whatever is left of its grace (minimumGracePeriodInSeconds).
inline constexpr std::int64_t kMinimumGraceSeconds = 2;

enum class KillReason : std::uint8_t { Unknown, StartupProbe, LivenessProbe, FailedPostStartHook };

/// Where grace periods come from.
struct GraceSources {
  std::optional<std::int64_t> deletion;      ///< metadata.deletionGracePeriodSeconds
  std::optional<std::int64_t> pod;           ///< spec.terminationGracePeriodSeconds
  std::optional<std::int64_t> startup_probe; ///< the probes' terminationGracePeriodSeconds
  std::optional<std::int64_t> liveness_probe;
};
GraceSources grace_sources(const cluster::Pod& pod, const cluster::Container& container);

/// Seconds a container has from the beginning of its preStop hook on, for this reason: the deletion's grace counts before all, a
/// probe's before the pod's.
std::int64_t container_grace_seconds(const GraceSources& sources, KillReason reason);

/// The grace of a whole pod that is to terminate, over all requests to do so: it can only shrink, and is at least 1.
class PodGrace {
 public:
  /// One more request. `kubelet_override` is what an eviction or the like asks for. Returns the seconds that hold from now on.
  std::int64_t request(std::optional<std::int64_t> deletion, std::optional<std::int64_t> kubelet_override,
                       std::optional<std::int64_t> pod);
  [[nodiscard]] std::int64_t seconds() const { return seconds_; }  ///< 0 before the first request
  /// Whether the last request changed what an earlier one had set: what runs on must be told.
  [[nodiscard]] bool shortened() const { return shortened_; }

 private:
  std::int64_t seconds_ = 0;
  bool shortened_ = false;
};

}  // namespace tandem::control::kubelet
