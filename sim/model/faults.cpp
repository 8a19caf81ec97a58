#include "sim/model/faults.hpp"

#include <utility>

#include "core/world/chaos.hpp"

namespace tandem::sim {

std::string SimFaultInjector::refusal_of(const scenario::Fault& fault) { return world::chaos_refusal(fault); }

Status SimFaultInjector::apply(std::uint32_t fault_id, const scenario::Fault& fault) {
  if (const std::string why = refusal_of(fault); !why.empty()) return fail(ErrorCode::ScenarioFaultUnsupported, why);
  if (fault.kind == "PodChaos") return kill(fault_id, fault);
  const std::optional<std::uint32_t> node = parts_.network.node_number(fault.node);
  if (!node) return fail(ErrorCode::ScenarioUnknownReference, "the cluster has no node " + fault.node);
  if (!cut_nodes_.emplace(fault_id, *node).second) return fail(ErrorCode::ValueDuplicateName, "the fault is applied already");
  parts_.network.cut(*node);
  parts_.engine.set_connected(parts_.hosts[*node], false);
  return {};
}

Status SimFaultInjector::heal(std::uint32_t fault_id) {
  const auto found = cut_nodes_.find(fault_id);
  if (found == cut_nodes_.end()) return {};  // kills heal themselves
  const std::uint32_t node = found->second;
  cut_nodes_.erase(found);
  parts_.network.heal(node);
  if (parts_.network.reachable(node)) parts_.engine.set_connected(parts_.hosts[node], true);
  return {};
}

Status SimFaultInjector::kill(std::uint32_t fault_id, const scenario::Fault& fault) {
  for (const cluster::Ptr<cluster::Pod>& pod : world::chaos_pods(fault, fault_id, parts_.server, parts_.seed)) {
    if (fault.action == "pod-kill") {
      const auto removed = parts_.server.remove<cluster::Pod>(key_of(pod->meta), {.grace_period_seconds = 0, .uid = pod->meta.uid});
      if (!removed) return tl::unexpected(removed.error());
    } else if (const auto container = parts_.nodes.find_container(pod->meta.uid, world::chaos_container(fault, *pod))) {
      parts_.nodes.kill_container(*container);
    }
  }
  return {};
}

}  // namespace tandem::sim
