#pragma once

#include <string>
#include <vector>

#include "core/control/node_runtime.hpp"
#include "core/scenario/scenario.hpp"
#include "docker/protocol/workload_config.hpp"

namespace tandem::docker {

/// What the workload container is told to play `image` as one container of a pod.
container::WorkloadConfig workload_config(const scenario::ImageSpec& image, const control::ContainerRequest& request, double cpu_speed);

/// "web:1.0.1" → "1.0.1"; "latest" without a tag.
std::string tag_of(const std::string& reference);

/// CFS quota in microseconds per 100 ms, as the kubelet computes it from a limit (1 ms at least); 0 without a limit. No more
/// than the node has: the kernel refuses a group that may use more than its parent (cgroup v1).
std::int64_t cpu_quota_us(std::int64_t limit_milli, std::int64_t node_milli);

/// Entrypoint that runs `command` as process 1 and tells it to end (SIGTERM) once the container's lifetime is over (hardening
/// C8). For products in images with a shell; our own programs watch their lifetime themselves (docker/protocol/lifetime.hpp).
std::vector<std::string> with_lifetime(const std::vector<std::string>& command);

}  // namespace tandem::docker
