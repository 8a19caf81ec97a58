#pragma once
// Who is evicted first when a node is short of something, and what is said about it (pkg/kubelet/eviction/helpers.go of v1.34).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/cluster/objects.hpp"
#include "core/control/kubelet/eviction_thresholds.hpp"

namespace tandem::control::kubelet {

struct ContainerUsage {
  std::string name;
  std::int64_t memory_bytes = 0;  ///< working set
  std::int64_t rootfs_bytes = 0;  ///< writable layer
  std::int64_t rootfs_inodes = 0;
  std::int64_t log_bytes = 0;
  std::int64_t log_inodes = 0;
};

/// What a pod uses, as the summary API tells it.
struct PodUsage {
  std::int64_t memory_bytes = 0;  ///< working set of the pod's cgroup
  std::int64_t processes = 0;
  std::int64_t volume_bytes = 0;  ///< local volumes
  std::int64_t volume_inodes = 0;
  std::vector<ContainerUsage> containers;
};

struct EvictionCandidate {
  const cluster::Pod* pod = nullptr;
  const PodUsage* usage = nullptr;  ///< null: nothing is known of it
};

/// Sorts candidates: first to go, first. Equals keep their order. `dedicated_image_fs`: images and writable layers lie on a
/// file system of their own, so that nodefs holds logs and volumes only. Memory and disk: what exceeds its request first, then
/// the lower priority, then the larger excess. Processes: lower priority, then more processes. Unknown usage goes before known.
void rank_for_eviction(std::vector<EvictionCandidate>& candidates, EvictionSignal signal, bool dedicated_image_fs);

/// "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. Container app was using 512Mi, request
/// is 64Mi, has larger consumption of memory. " — the blank at the end is the kubelet's. `thresholds` are the actionable ones.
std::string eviction_message(EvictionSignal signal, const EvictionCandidate& candidate,
                             const std::vector<EvictionThreshold>& thresholds, const SignalObservations& observations);

}  // namespace tandem::control::kubelet
