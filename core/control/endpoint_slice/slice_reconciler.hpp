#pragma once
// Which EndpointSlices a Service should have, given its pods and the slices there are: pure, with the packing of the real
// controller. Sources: kubernetes-semantics §5; k8s.io/endpointslice {reconciler,utils}.go and trafficdist (v1.34).

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/api_server.hpp"

namespace tandem::control {

/// --endpoint-slice controller's maxEndpointsPerSlice.
inline constexpr std::size_t kMostEndpointsPerSlice = 100;

struct SliceReconciliation {
  std::vector<cluster::EndpointSlice> create;  ///< named by the API server: meta.generate_name
  std::vector<cluster::EndpointSlice> update;  ///< name of the slice that takes this content
  std::vector<std::string> remove;             ///< names
  /// Pods left out because their node is unknown: the sync ends with an error and is tried again.
  std::vector<std::string> unknown_nodes;
};

/// `pods`: of the Service's namespace, any; the selector is applied here. `existing`: IPv4 slices of this Service.
/// `node`: null for an unknown one. A Service without selector or of type ExternalName keeps its slices as they are.
SliceReconciliation reconcile_slices(const cluster::Service& service, std::span<const cluster::Ptr<cluster::Pod>> pods,
                                     std::span<const cluster::EndpointSlice> existing,
                                     const std::function<cluster::Ptr<cluster::Node>(const std::string&)>& node,
                                     std::size_t most_per_slice = kMostEndpointsPerSlice);

/// Whether a change of a pod concerns slices at all: its labels, place, readiness, addresses or deletion changed. A change of the
/// phase alone does not, so a pod that fails while not ready stays listed until something else happens.
bool pod_change_matters(const cluster::Pod& before, const cluster::Pod& after);

}  // namespace tandem::control
