#pragma once
// Faults that the simulation can apply, in Chaos Mesh's words.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/cluster/api_server.hpp"
#include "core/world/fault_injector.hpp"
#include "sim/engine/engine.hpp"
#include "sim/model/node_runtime.hpp"
#include "sim/model/pod_network.hpp"

namespace tandem::sim {

/// NetworkChaos `partition` of a node: no message between the node's pods and anything outside it; bulk transfers stall.
/// PodChaos `pod-kill`: the chosen pods are deleted with grace 0. PodChaos `container-kill`: SIGKILL for one container of
/// the chosen pods (parameter `containerName`, default the first). Everything else is refused with a reason.
class SimFaultInjector final : public world::FaultInjector {
 public:
  struct Parts {
    Engine& engine;
    cluster::ApiServer& server;
    SimNodeRuntime& nodes;
    PodNetwork& network;
    std::vector<NetworkNode> hosts;  ///< by node number
    std::uint64_t seed = 1;          ///< chooses among pods
  };
  explicit SimFaultInjector(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] std::string refusal(const scenario::Fault& fault) const override { return refusal_of(fault); }
  Status apply(std::uint32_t fault_id, const scenario::Fault& fault) override;
  Status heal(std::uint32_t fault_id) override;

  /// What refusal() says, for those who ask before anything exists. An unknown node is not found here but at apply().
  [[nodiscard]] static std::string refusal_of(const scenario::Fault& fault);

 private:
  Status kill(std::uint32_t fault_id, const scenario::Fault& fault);

  Parts parts_;
  std::map<std::uint32_t, std::uint32_t> cut_nodes_;  ///< by fault id
};

}  // namespace tandem::sim
