#include "core/control/scheduler/cycle_filters.hpp"

namespace tandem::control::scheduler {

void CycleFilters::add(const ConfiguredPlugin& plugin, std::uint8_t position, PluginState* state) {
  (plugin.node_local ? local_ : cluster_).push_back({position, plugin.plugin.get(), state});
}

Verdict CycleFilters::run_local(const CycleInput& input, const NodeInfo& node) const {
  for (const Entry& entry : local_) {
    const Code code = entry.plugin->filter(input, entry.state, node, nullptr);
    if (code != Code::Success) return {entry.position, code};
  }
  return {};
}

Verdict CycleFilters::complete(const CycleInput& input, const NodeInfo& node, Verdict local) const {
  for (const Entry& entry : cluster_) {
    if (entry.position > local.plugin) break;
    const Code code = entry.plugin->filter(input, entry.state, node, nullptr);
    if (code != Code::Success) return {entry.position, code};
  }
  return local;
}

Verdict CycleFilters::run(const CycleInput& input, const NodeInfo& node, Reasons* reasons) const {
  const Verdict verdict = complete(input, node, run_local(input, node));
  if (verdict.passed() || reasons == nullptr) return verdict;
  for (const auto* entries : {&local_, &cluster_}) {
    for (const Entry& entry : *entries) {
      if (entry.position == verdict.plugin) entry.plugin->filter(input, entry.state, node, reasons);
    }
  }
  return verdict;
}

Reasons CycleFilters::reasons_of_local(std::uint8_t position, const CycleInput& input, const NodeInfo& node) const {
  Reasons reasons;
  for (const Entry& entry : local_) {
    if (entry.position == position) entry.plugin->filter(input, entry.state, node, &reasons);
  }
  return reasons;
}

void CycleFilters::adapt(const CycleInput& input, std::span<const PodOnNode> pods, const NodeInfo& node,
                         std::int32_t sign) const {
  for (const Entry& entry : cluster_) {
    for (const PodOnNode& pod : pods) entry.plugin->adapt(input, entry.state, pod, node, sign);
  }
}

Verdict CycleFilters::run_as_if_nominated_were_there(const CycleInput& input, const NodeInfo& node,
                                                     std::span<const PodOnNode> nominated, Reasons* reasons) const {
  if (nominated.empty()) return {};
  NodeInfo trial = node.trial();
  for (const PodOnNode& pod : nominated) trial.load.add(*pod.pod_class);
  adapt(input, nominated, node, 1);
  const Verdict verdict = run(input, trial, reasons);
  adapt(input, nominated, node, -1);
  return verdict;
}

Verdict CycleFilters::run_with_nominated(const CycleInput& input, const NodeInfo& node, std::span<const PodOnNode> nominated,
                                         Reasons* reasons) const {
  const Verdict with = run_as_if_nominated_were_there(input, node, nominated, reasons);
  return with.passed() ? run(input, node, reasons) : with;
}

std::vector<PodOnNode> nominated_before(const CycleInput& input, const NodeInfo& node) {
  std::vector<PodOnNode> counting;
  for (const PodOnNode& pod : node.nominated) {
    if (pod.pod_class->priority() >= input.pod_class.priority() && pod.pod->meta.uid != input.pod.meta.uid) {
      counting.push_back(pod);
    }
  }
  return counting;
}

}  // namespace tandem::control::scheduler
