#pragma once
// Faults on a Docker engine, in Chaos Mesh's words. They live in the sandboxes' network namespaces and vanish with them
// (hardening C9); nothing on the host's own interfaces or tables is touched.

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "core/cluster/api_server.hpp"
#include "core/world/fault_injector.hpp"
#include "real/docker/node_runtime.hpp"

namespace tandem::docker {

/// NetworkChaos `partition` of a node: its pods exchange nothing with anything outside the node; the kubelet's probes still
/// come through, as they do on a node that is cut off. PodChaos `pod-kill` and `container-kill` as in the simulation.
class DockerFaultInjector final : public world::FaultInjector {
 public:
  struct Parts {
    cluster::ApiServer& server;
    DockerNodeRuntime& nodes;
    const scenario::Scenario& scenario;
    std::string gateway;      ///< where probes come from
    bool local_engine = true;
  };
  explicit DockerFaultInjector(Parts parts);
  ~DockerFaultInjector() override;
  DockerFaultInjector(const DockerFaultInjector&) = delete;
  DockerFaultInjector& operator=(const DockerFaultInjector&) = delete;

  [[nodiscard]] std::string refusal(const scenario::Fault& fault) const override { return refusal_of(fault, parts_.local_engine); }
  Status apply(std::uint32_t fault_id, const scenario::Fault& fault) override;
  Status heal(std::uint32_t fault_id) override;

  /// What refusal() says, for those who ask before anything exists.
  [[nodiscard]] static std::string refusal_of(const scenario::Fault& fault, bool local_engine);

 private:
  Status partition(std::uint32_t fault_id, const DockerNodeRuntime::SandboxView& sandbox);
  Status kill(std::uint32_t fault_id, const scenario::Fault& fault);

  Parts parts_;
  std::map<std::uint32_t, std::string> cut_nodes_;  ///< node by fault id
};

}  // namespace tandem::docker
