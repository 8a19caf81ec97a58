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

Verdict CycleFilters::run(const CycleInput& input, const NodeInfo& node, Reasons& reasons) const {
  const Verdict verdict = complete(input, node, run_local(input, node));
  const auto tell = [&](const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
      if (entry.position == verdict.plugin) entry.plugin->filter(input, entry.state, node, &reasons);
    }
  };
  if (!verdict.passed()) {
    tell(local_);
    tell(cluster_);
  }
  return verdict;
}

}  // namespace tandem::control::scheduler
