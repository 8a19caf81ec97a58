#pragma once
// What a pod asks for and what a node has, as integers: cpu in thousandths of a core, everything else in whole units.
// Arithmetic and rounding are Kubernetes' (kubernetes-semantics §1.4, §9).

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::control::scheduler {

/// Counts when a container requests no cpu: schedutil.DefaultMilliCPURequest.
inline constexpr std::int64_t kDefaultMilliCpuRequest = 100;
/// Counts when a container requests no memory: schedutil.DefaultMemoryRequest, 200 MiB in bytes.
inline constexpr std::int64_t kDefaultMemoryRequest = 209'715'200;

/// Extended resources and huge pages by name, sorted by name. Almost always empty.
using ScalarResources = std::vector<std::pair<std::string, std::int64_t>>;

/// A vector of resource amounts.
struct Resources {
  std::int64_t milli_cpu = 0;
  std::int64_t memory = 0;             ///< bytes
  std::int64_t ephemeral_storage = 0;  ///< bytes
  ScalarResources scalars;

  Resources& operator+=(const Resources& other);
  Resources& operator-=(const Resources& other);
  /// Amount of a scalar resource, 0 when it is not there.
  [[nodiscard]] std::int64_t scalar(std::string_view name) const;
  friend bool operator==(const Resources&, const Resources&) = default;
};

/// Whether the scheduler counts this resource beside cpu, memory and ephemeral storage: extended resources
/// ("example.com/gpu"), huge pages, attachable volumes. Source: schedutil.IsScalarResourceName.
bool is_scalar_resource(std::string_view name);

/// A node's allocatable as Resources. "pods" is not part of it, see allowed_pods().
Resources allocatable_of(const cluster::ResourceList& list);
/// allocatable.pods; 0 when absent.
std::int64_t allowed_pods(const cluster::ResourceList& list);

/// Everything the scheduler derives from the requests of a pod.
struct PodRequests {
  Resources occupied;                ///< what the filter compares and a node adds up
  std::int64_t non_zero_cpu = 0;     ///< as accounted on a node for LeastAllocated, milli
  std::int64_t non_zero_memory = 0;  ///< likewise, bytes
  std::int64_t scored_cpu = 0;       ///< what LeastAllocated adds while this pod is being scored: ignores the pod level
  std::int64_t scored_memory = 0;
  friend bool operator==(const PodRequests&, const PodRequests&) = default;
};

/// Effective requests: max over start-up and steady state, sidecars, overhead, pod level, and the 100m / 200 MiB defaults.
/// Limits stand in for missing requests as the API server's defaulting does, so that a pod counts the same
/// whether or not it went through the API server.
PodRequests requests_of(const cluster::PodSpec& spec);

}  // namespace tandem::control::scheduler
