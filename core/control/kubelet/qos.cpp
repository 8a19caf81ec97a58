#include "core/control/kubelet/qos.hpp"

#include <algorithm>

#include "core/cluster/pod_resources.hpp"
#include "core/control/kubelet/cpu_units.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::Container;
using cluster::PodSpec;
using cluster::ResourceList;

constexpr int kGuaranteedScore = -997;
constexpr int kBestEffortScore = 1000;
/// scheduling.SystemCriticalPriority: 2 * scheduling.HighestUserDefinablePriority.
constexpr std::int32_t kSystemCriticalPriority = 2'000'000'000;
constexpr std::string_view kNodeCriticalClass = "system-node-critical";

const Quantity* find(const ResourceList& list, std::string_view name) {
  const auto found = list.find(name);
  return found == list.end() ? nullptr : &found->second;
}
std::int64_t value_in(const ResourceList& list, std::string_view name) {
  const Quantity* found = find(list, name);
  return found == nullptr ? 0 : found->value();
}
bool is_zero_in(const ResourceList& list, std::string_view name) {
  const Quantity* found = find(list, name);
  return found == nullptr || found->sign() == 0;
}

bool is_pod_level_resource(std::string_view name) {
  return name == "cpu" || name == "memory" || name.starts_with("hugepages-");
}
bool any_pod_level(const ResourceList& list) {
  return std::any_of(list.begin(), list.end(), [](const auto& entry) { return is_pod_level_resource(entry.first); });
}
void replace_by_pod_level(ResourceList& list, const ResourceList& pod_level) {
  for (const auto& [name, quantity] : pod_level) {
    if (is_pod_level_resource(name)) list.insert_or_assign(name, quantity);
  }
}

ResourceList requests_of(const Container& container) { return container.resources.requests; }

ResourceList pod_requests(const PodSpec& spec) {
  ResourceList requests = cluster::aggregate_containers(spec, requests_of);
  if (spec.resources) replace_by_pod_level(requests, spec.resources->requests);
  cluster::add_amounts(requests, spec.overhead);
  return requests;
}

struct PodLimits {
  ResourceList limits;
  bool all_limit_cpu = true;
  bool all_limit_memory = true;
};

PodLimits pod_limits(const PodSpec& spec) {
  PodLimits found;
  found.limits = cluster::aggregate_containers(
      spec, [](const Container& container) { return container.resources.limits; },
      [&](const ResourceList& counted) {
        if (is_zero_in(counted, "cpu")) found.all_limit_cpu = false;
        if (is_zero_in(counted, "memory")) found.all_limit_memory = false;
      });
  if (has_pod_level_resources(spec)) {
    replace_by_pod_level(found.limits, spec.resources->limits);
    if (!is_zero_in(spec.resources->limits, "cpu")) found.all_limit_cpu = true;
    if (!is_zero_in(spec.resources->limits, "memory")) found.all_limit_memory = true;
  }
  for (const auto& [name, quantity] : spec.overhead) {
    const auto limit = found.limits.find(name);
    if (limit != found.limits.end() && limit->second.sign() != 0) limit->second = limit->second + quantity;
  }
  return found;
}

std::int64_t milli_in(const ResourceList& list, std::string_view name) {
  const Quantity* found = find(list, name);
  return found == nullptr ? 0 : found->milli_value();
}

/// What a pod-level memory request leaves over is shared out equally among all containers.
std::int64_t unassigned_memory_per_container(const PodSpec& spec) {
  if (!spec.resources || !any_pod_level(spec.resources->requests)) return 0;
  const std::int64_t pod_level = value_in(spec.resources->requests, "memory");
  if (pod_level == 0) return 0;
  const std::int64_t assigned = value_in(cluster::aggregate_containers(spec, requests_of), "memory");
  return (pod_level - assigned) / static_cast<std::int64_t>(spec.containers.size() + spec.init_containers.size());
}

bool is_sidecar_of(const PodSpec& spec, const Container& container) {
  return cluster::is_sidecar(container) &&
         std::any_of(spec.init_containers.begin(), spec.init_containers.end(),
                     [&](const Container& init_container) { return init_container.name == container.name; });
}

}  // namespace

bool is_critical(const PodSpec& spec) { return spec.priority.value_or(0) >= kSystemCriticalPriority; }

bool has_pod_level_resources(const PodSpec& spec) {
  return spec.resources && (any_pod_level(spec.resources->requests) || any_pod_level(spec.resources->limits));
}

int oom_score_adjust(const PodSpec& spec, const Container& container, std::int64_t memory_capacity) {
  if (is_critical(spec) && spec.priority_class_name == kNodeCriticalClass) return kGuaranteedScore;
  const std::string_view qos_class = cluster::qos_class_of(spec);
  if (qos_class == "Guaranteed") return kGuaranteedScore;
  if (qos_class == "BestEffort") return kBestEffortScore;

  // The more of the node's memory a container has asked for, the later it goes.
  const auto score = [memory_capacity](std::int64_t request) { return 1000 - 1000 * request / memory_capacity; };
  const std::int64_t share = unassigned_memory_per_container(spec);
  std::int64_t adjust = score(value_in(container.resources.requests, "memory") + share);
  if (is_sidecar_of(spec, container)) {
    // A sidecar never goes before the containers it serves.
    std::int64_t smallest = value_in(spec.containers.front().resources.requests, "memory");
    for (const Container& regular : spec.containers)
      smallest = std::min(smallest, value_in(regular.resources.requests, "memory"));
    adjust = std::min(adjust, score(smallest + share));
  }
  constexpr std::int64_t kLeast = 1000 + kGuaranteedScore;
  if (adjust < kLeast) return static_cast<int>(kLeast);
  return static_cast<int>(adjust == kBestEffortScore ? adjust - 1 : adjust);
}

PodCgroup pod_cgroup(const PodSpec& spec) {
  PodCgroup cgroup;
  const std::string_view qos_class = cluster::qos_class_of(spec);
  if (qos_class == "BestEffort") {
    cgroup.cpu_shares = kMinCpuShares;
    return cgroup;
  }
  const PodLimits limits = pod_limits(spec);
  const bool guaranteed = qos_class == "Guaranteed";
  cgroup.cpu_shares = cpu_shares(milli_in(pod_requests(spec), "cpu"));
  if (guaranteed || limits.all_limit_cpu) cgroup.cfs_quota = cfs_quota(milli_in(limits.limits, "cpu"));
  if (guaranteed || limits.all_limit_memory) cgroup.memory_limit = value_in(limits.limits, "memory");
  return cgroup;
}

Quantity resource_request(const PodSpec& spec, std::string_view resource) {
  // With pod-level resources the containers' are not looked at, even for a resource that the pod level does not name.
  ResourceList requests;
  if (has_pod_level_resources(spec))
    replace_by_pod_level(requests, spec.resources->requests);
  else
    requests = cluster::aggregate_containers(spec, requests_of);
  const Quantity* found = find(requests, resource);
  Quantity request = found == nullptr ? Quantity{} : *found;
  const Quantity* overhead = find(spec.overhead, resource);
  if (overhead != nullptr && request.sign() != 0) request = request + *overhead;
  return request;
}

}  // namespace tandem::control::kubelet
