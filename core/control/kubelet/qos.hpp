#pragma once
// What a pod's quality of service means to the kernel: who is killed first when memory runs out, and the limits of its cgroup.
// The class itself is cluster::qos_class_of.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/quantity.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::control::kubelet {

/// Whether the pod has a system priority (IsCriticalPod); static pods do not exist here.
bool is_critical(const cluster::PodSpec& spec);

/// oom_score_adj of a container, -997 (last to go) to 1000 (pkg/kubelet/qos GetContainerOOMScoreAdjust). `container` is one of
/// spec's; `memory_capacity` is the node's, in bytes, above 0.
int oom_score_adjust(const cluster::PodSpec& spec, const cluster::Container& container, std::int64_t memory_capacity);

/// Values of the pod's cgroup, with CFS quota on and a period of 100 ms (pkg/kubelet/cm ResourceConfigForPod).
struct PodCgroup {
  std::int64_t cpu_shares = 0;
  std::optional<std::int64_t> cfs_quota;     ///< microseconds; nothing: not limited
  std::optional<std::int64_t> memory_limit;  ///< bytes; nothing: not limited
  friend bool operator==(const PodCgroup&, const PodCgroup&) = default;
};
PodCgroup pod_cgroup(const cluster::PodSpec& spec);

/// What the pod requests of a resource, as the eviction manager counts it (v1resource.GetResourceRequestQuantity): pod-level
/// requests replace the containers', overhead comes on top of anything but nothing.
Quantity resource_request(const cluster::PodSpec& spec, std::string_view resource);

/// Whether spec has requests or limits of its own for cpu, memory or huge pages.
bool has_pod_level_resources(const cluster::PodSpec& spec);

}  // namespace tandem::control::kubelet
