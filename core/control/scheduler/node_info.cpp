#include "core/control/scheduler/node_info.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace tandem::control::scheduler {

void NodeInfo::add_pod(PodOnNode pod) {
  const PodClass& added = *pod.pod_class;
  requested += added.requests.occupied;
  non_zero_cpu += added.requests.non_zero_cpu;
  non_zero_memory += added.requests.non_zero_memory;
  used_ports.insert(used_ports.end(), added.host_ports.begin(), added.host_ports.end());
  if (added.has_affinity) ++pods_with_affinity;
  if (!added.required_anti_affinity.empty()) ++pods_with_required_anti_affinity;
  pods.push_back(std::move(pod));
}

void NodeInfo::remove_pod(std::size_t position) {
  CHECK(position < pods.size(), "a pod that is not on the node cannot leave it");
  const PodClass& removed = *pods[position].pod_class;
  requested -= removed.requests.occupied;
  non_zero_cpu -= removed.requests.non_zero_cpu;
  non_zero_memory -= removed.requests.non_zero_memory;
  for (const HostPort& port : removed.host_ports) {
    const auto place = std::find(used_ports.begin(), used_ports.end(), port);
    if (place != used_ports.end()) used_ports.erase(place);
  }
  if (removed.has_affinity) --pods_with_affinity;
  if (!removed.required_anti_affinity.empty()) --pods_with_required_anti_affinity;
  pods.erase(pods.begin() + static_cast<std::ptrdiff_t>(position));
}

std::size_t NodeInfo::position_of(const cluster::ObjectKey& pod) const {
  const auto place = std::find_if(pods.begin(), pods.end(), [&](const PodOnNode& entry) {
    return entry.pod->meta.name == pod.name && entry.pod->meta.namespace_ == pod.namespace_;
  });
  return static_cast<std::size_t>(place - pods.begin());
}

}  // namespace tandem::control::scheduler
