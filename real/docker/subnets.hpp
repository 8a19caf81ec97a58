#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/control/kubelet/pod_address_pool.hpp"
#include "real/docker/engine_api.hpp"

namespace tandem::docker {

/// Address plan of a run's network. Node i owns the i-th /24 of the subnet, as the control plane expects; the last /24
/// belongs to the gateway, the balancers and the load generator.
class SubnetPlan {
 public:
  /// Errors: ValueBadCidr, EngineCapability when the nodes leave no /24 free.
  static Result<SubnetPlan> of(const std::string& subnet, std::size_t nodes);

  [[nodiscard]] const std::string& subnet() const { return subnet_; }
  [[nodiscard]] std::string gateway() const;
  /// The next address for infrastructure; 250 of them.
  std::string next_address();

 private:
  std::string subnet_;
  std::uint32_t infrastructure_ = 0;  ///< first address of the last /24
  std::uint32_t given_ = 0;
};

/// True if the ranges share an address. A text that is no range overlaps nothing.
bool overlap(const std::string& one, const std::string& other);

/// Ranges to try for the run's network, best first: the scenario's own, then private ones of the same size, leaving out what
/// networks of the engine and routes of this machine use. Empty if all are taken.
std::vector<std::string> subnet_candidates(const std::string& wanted, const std::vector<NetworkInfo>& networks,
                                           const std::vector<std::string>& routes);

/// Destinations of this machine's IPv4 routes, except the default route.
std::vector<std::string> host_routes();

}  // namespace tandem::docker
