#include "core/control/scheduler/preemption_outlook.hpp"

#include "core/control/scheduler/fit_error.hpp"

namespace tandem::control::scheduler {
namespace {

/// Dynamic resource allocation runs before preemption and says this even about pods without claims (≥ 1.34).
constexpr std::string_view kNoClaims = "no new claims to deallocate, ";

/// Filters the node as if every pod less important than the incoming one were gone. No such pods: one reason, no verdict.
bool fits_without_lesser_pods(const CycleInput& input, const CycleFilters& filters, const NodeInfo& node, Reasons& reasons) {
  NodeInfo emptied = node;
  std::vector<PodOnNode> removed;
  for (std::size_t i = emptied.pods.size(); i-- > 0;) {
    if (emptied.pods[i].pod_class->priority() >= input.pod_class.priority()) continue;
    removed.push_back(emptied.pods[i]);
    emptied.remove_pod(i);
  }
  if (removed.empty()) {
    reasons.emplace_back("No preemption victims found for incoming pod");
    return false;
  }
  const auto adapt = [&](std::int32_t sign) {
    for (const CycleFilters::Entry& entry : filters.cluster_filters()) {
      for (const PodOnNode& pod : removed) entry.plugin->adapt(input, entry.state, pod, node, sign);
    }
  };
  adapt(-1);
  const bool fits = filters.run(input, emptied, reasons).passed();
  adapt(1);
  return fits;
}

}  // namespace

PreemptionOutlook look_at_preemption(const CycleInput& input, const CycleFilters& filters,
                                     std::span<const NodeIndex> unschedulable) {
  PreemptionOutlook outlook;
  if (input.pod_class.spec->preemption_policy == "Never") {
    outlook.text = std::string(kNoClaims) + "preemption: not eligible due to preemptionPolicy=Never.";
    return outlook;
  }
  const std::size_t nodes = input.snapshot.order().size();
  ReasonHistogram histogram;
  for (const NodeIndex index : unschedulable) {
    Reasons reasons;
    if (fits_without_lesser_pods(input, filters, input.snapshot.node(index), reasons)) outlook.would_help = true;
    for (std::string& reason : reasons) histogram.add(std::move(reason), 1);
  }
  if (outlook.would_help) return outlook;
  histogram.add("Preemption is not helpful for scheduling", nodes - unschedulable.size());
  outlook.text = std::string(kNoClaims) + "preemption: " + no_node_available(nodes, histogram, "");
  return outlook;
}

}  // namespace tandem::control::scheduler
