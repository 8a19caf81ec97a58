#include "core/control/scheduler/node_info.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace tandem::control::scheduler {

void NodeLoad::add(const PodClass& pod) {
  requested += pod.requests.occupied;
  non_zero_cpu += pod.requests.non_zero_cpu;
  non_zero_memory += pod.requests.non_zero_memory;
  take_ports(pod);
  ++pod_count;
}

void NodeLoad::take_ports(const PodClass& pod) {
  for (const HostPort& port : pod.host_ports) {
    if (std::find(used_ports.begin(), used_ports.end(), port) == used_ports.end()) used_ports.push_back(port);
  }
}

void NodeLoad::remove(const PodClass& pod) {
  requested -= pod.requests.occupied;
  non_zero_cpu -= pod.requests.non_zero_cpu;
  non_zero_memory -= pod.requests.non_zero_memory;
  for (const HostPort& port : pod.host_ports) {
    const auto place = std::find(used_ports.begin(), used_ports.end(), port);
    if (place != used_ports.end()) used_ports.erase(place);
  }
  --pod_count;
}

void NodeInfo::add_pod(PodOnNode pod) {
  load.add(*pod.pod_class);
  if (pod.pod_class->has_affinity) ++pods_with_affinity;
  if (!pod.pod_class->required_anti_affinity.empty()) ++pods_with_required_anti_affinity;
  pods.push_back(std::move(pod));
}

void NodeInfo::remove_pod(std::size_t position) {
  CHECK(position < pods.size(), "a pod that is not on the node cannot leave it");
  const PodClass& removed = *pods[position].pod_class;
  load.remove(removed);
  if (removed.has_affinity) --pods_with_affinity;
  if (!removed.required_anti_affinity.empty()) --pods_with_required_anti_affinity;
  std::swap(pods[position], pods.back());
  pods.pop_back();
}

void NodeInfo::replace_pod(std::size_t position, cluster::Ptr<cluster::Pod> pod) {
  CHECK(position < pods.size(), "a pod that is not on the node cannot change");
  std::swap(pods[position], pods.back());
  pods.back().pod = std::move(pod);
  load.take_ports(*pods.back().pod_class);
}

NodeInfo NodeInfo::trial() const {
  NodeInfo copy;
  copy.index = index;
  copy.name = name;
  copy.node = node;
  copy.allocatable = allocatable;
  copy.allowed_pods = allowed_pods;
  copy.load = load;
  copy.images = images;
  return copy;
}

std::size_t NodeInfo::position_of(const cluster::ObjectKey& pod) const {
  const auto place = std::find_if(pods.begin(), pods.end(), [&](const PodOnNode& entry) {
    return entry.pod->meta.name == pod.name && entry.pod->meta.namespace_ == pod.namespace_;
  });
  return static_cast<std::size_t>(place - pods.begin());
}

}  // namespace tandem::control::scheduler
