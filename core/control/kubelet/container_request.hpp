#pragma once
// A container of a pod as the runtime is to make it.

#include <cstddef>
#include <string>

#include "core/cluster/objects.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control::kubelet {

/// What the node adds to what the pod's spec says.
struct RequestContext {
  PodIdentity pod;
  std::string host_ip;
  std::int64_t memory_capacity = 0;  ///< of the node, in bytes; 0: unknown
};

/// Command, environment with the downward API resolved, first port, cpu and memory, oom_score_adj.
ContainerRequest container_request(const cluster::Pod& pod, const cluster::Container& container, std::int32_t restart_count,
                                   const RequestContext& context);

/// The container's own, else the default for its image.
std::string image_pull_policy_of(const cluster::Container& container);

}  // namespace tandem::control::kubelet
