#include "core/control/kubelet/eviction_rank.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/control/kubelet/qos.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::Container;

/// What of a pod lies on the file system that is short (buildSignalToRankFunc).
struct Measured {
  bool rootfs = false;
  bool logs_and_volumes = false;
};
Measured measured_for(EvictionSignal signal, bool dedicated_image_fs) {
  if (!dedicated_image_fs) return {true, true};
  const bool node_fs = signal == EvictionSignal::NodeFsAvailable || signal == EvictionSignal::NodeFsInodesFree;
  return {!node_fs, node_fs};
}

/// What a pod has on that file system, in bytes or inodes.
struct DiskUnit {
  std::int64_t PodUsage::*volumes;
  std::int64_t ContainerUsage::*rootfs;
  std::int64_t ContainerUsage::*logs;
};
constexpr DiskUnit kBytes = {&PodUsage::volume_bytes, &ContainerUsage::rootfs_bytes, &ContainerUsage::log_bytes};
constexpr DiskUnit kInodes = {&PodUsage::volume_inodes, &ContainerUsage::rootfs_inodes, &ContainerUsage::log_inodes};

std::int64_t on_disk(const PodUsage& usage, Measured measured, const DiskUnit& unit) {
  std::int64_t sum = measured.logs_and_volumes ? usage.*unit.volumes : 0;
  for (const ContainerUsage& container : usage.containers) {
    if (measured.rootfs) sum += container.*unit.rootfs;
    if (measured.logs_and_volumes) sum += container.*unit.logs;
  }
  return sum;
}

/// A candidate with what it is judged by.
struct Judged {
  EvictionCandidate candidate;
  bool unknown = false;
  bool exceeds = false;
  std::int32_t priority = 0;
  Quantity excess;
};

Judged judge(const EvictionCandidate& candidate, EvictionSignal signal, bool dedicated_image_fs) {
  const cluster::PodSpec& spec = *candidate.pod->spec;
  Judged judged{candidate, candidate.usage == nullptr, false, spec.priority.value_or(0), {}};
  if (candidate.usage == nullptr) return judged;
  const std::string_view resource = resource_of(signal);
  if (resource == "pids") {
    judged.excess = Quantity::of_value(candidate.usage->processes);
    return judged;
  }
  const Measured measured = measured_for(signal, dedicated_image_fs);
  const Quantity used =
      Quantity::of_bytes(resource == "memory" ? candidate.usage->memory_bytes
                                              : on_disk(*candidate.usage, measured, resource == "inodes" ? kInodes : kBytes));
  judged.exceeds = used > resource_request(spec, resource);
  // Inodes are set off against the request for bytes: the kubelet's own slip.
  judged.excess = used - resource_request(spec, resource == "memory" ? "memory" : "ephemeral-storage");
  return judged;
}

bool goes_before(const Judged& a, const Judged& b, bool by_process_count) {
  if (by_process_count) {
    if (a.priority != b.priority) return a.priority < b.priority;
    if (a.unknown != b.unknown) return a.unknown;
    return a.excess > b.excess;
  }
  if (a.unknown != b.unknown) return a.unknown;
  if (a.exceeds != b.exceeds) return a.exceeds;
  if (a.priority != b.priority) return a.priority < b.priority;
  return a.excess > b.excess;
}

const Container* find_container(const cluster::PodSpec& spec, std::string_view name) {
  for (const auto* containers : {&spec.containers, &spec.init_containers}) {
    for (const Container& container : *containers) {
      if (container.name == name) return &container;
    }
  }
  return nullptr;
}

Quantity request_in(const cluster::ResourceList& requests, std::string_view resource) {
  const auto found = requests.find(resource);
  return found == requests.end() ? Quantity{} : found->second;
}

/// "Threshold quantity: 100Mi, available: 52Mi. " of the first threshold about the resource.
std::string threshold_text(std::string_view resource, const std::vector<EvictionThreshold>& thresholds,
                           const SignalObservations& observations) {
  for (const EvictionThreshold& threshold : thresholds) {
    const auto observed = observations.find(threshold.signal);
    if (resource_of(threshold.signal) != resource || observed == observations.end()) continue;
    const bool counted = resource == "inodes" || resource == "pids";
    const Quantity available =
        counted ? Quantity::of_value(observed->second.available) : Quantity::of_bytes(observed->second.available);
    return fmt::format("Threshold quantity: {}, available: {}. ", threshold.value.of(observed->second.capacity).text(),
                       available.text());
  }
  return {};
}

std::string consumption(std::string_view what, const std::string& name, const Quantity& used, const Quantity& request,
                        std::string_view resource) {
  return fmt::format("{} {} was using {}, request is {}, has larger consumption of {}. ", what, name, used.text(),
                     request.text(), resource);
}

}  // namespace

void rank_for_eviction(std::vector<EvictionCandidate>& candidates, EvictionSignal signal, bool dedicated_image_fs) {
  std::vector<Judged> judged;
  judged.reserve(candidates.size());
  for (const EvictionCandidate& candidate : candidates) judged.push_back(judge(candidate, signal, dedicated_image_fs));
  const bool by_process_count = signal == EvictionSignal::PidAvailable;
  std::stable_sort(judged.begin(), judged.end(),
                   [by_process_count](const Judged& a, const Judged& b) { return goes_before(a, b, by_process_count); });
  std::transform(judged.begin(), judged.end(), candidates.begin(), [](const Judged& one) { return one.candidate; });
}

std::string eviction_message(EvictionSignal signal, const EvictionCandidate& candidate,
                             const std::vector<EvictionThreshold>& thresholds, const SignalObservations& observations) {
  const std::string_view resource = resource_of(signal);
  std::string message =
      fmt::format("The node was low on resource: {}. ", resource) + threshold_text(resource, thresholds, observations);
  if (candidate.usage == nullptr) return message;
  const cluster::PodSpec& spec = *candidate.pod->spec;
  if (resource == "memory" && spec.resources && spec.resources->requests.contains(resource)) {
    message += consumption("Pod", candidate.pod->meta.name, Quantity::of_bytes(candidate.usage->memory_bytes),
                           request_in(spec.resources->requests, resource), resource);
  }
  if (resource != "memory" && resource != "ephemeral-storage") return message;
  for (const ContainerUsage& usage : candidate.usage->containers) {
    const Container* container = find_container(spec, usage.name);
    if (container == nullptr) continue;
    const Quantity used = Quantity::of_bytes(resource == "memory" ? usage.memory_bytes : usage.rootfs_bytes + usage.log_bytes);
    const Quantity request = request_in(container->resources.requests, resource);
    if (used > request) message += consumption("Container", usage.name, used, request, resource);
  }
  return message;
}

}  // namespace tandem::control::kubelet
