#include "sim/model/cluster_topology.hpp"

#include <string>

namespace tandem::sim {

Topology topology_of(const scenario::ClusterSpec& cluster, const std::optional<scenario::RegistrySpec>& registry) {
  Topology topology;
  // Blanks keep these two apart from node names, which are DNS labels.
  const NetworkNode core = topology.add_switch(std::string(kCoreSwitch));
  for (const scenario::NodeSpec& node : cluster.nodes) {
    topology.add_link(topology.add_host(node.name), core, {node.link.bandwidth, node.link.latency});
  }
  if (registry) {
    topology.add_link(topology.add_host(std::string(kRegistryHost)), core, {registry->bandwidth, registry->latency});
  }
  return topology;
}

}  // namespace tandem::sim
