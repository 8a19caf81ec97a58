#pragma once
// The EndpointSlice controller: which pods stand behind a Service, with ready, serving and terminating
// (kubernetes-semantics §5).

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/controller_runtime.hpp"

namespace tandem::control {

/// At most this many endpoints stand in one slice (§5).
inline constexpr std::size_t kEndpointsPerSlice = 100;
/// Label that ties a slice to its Service.
inline constexpr std::string_view kServiceNameLabel = "kubernetes.io/service-name";

/// The endpoints of `service` given the pods of its namespace: pods that match the selector, have an address and are not
/// in a terminal phase; sorted by pod name. Pure.
std::vector<cluster::Endpoint> endpoints_of(const cluster::Service& service, const std::vector<cluster::Ptr<cluster::Pod>>& pods);

/// Ports with their numbers on the pods; a named target port is looked up in `pod` (the first endpoint's).
std::vector<cluster::EndpointPort> endpoint_ports_of(const cluster::Service& service, const cluster::Pod* pod);

/// Addresses that a proxy may send new connections to: the ready ones; if there are none, those serving while terminating.
std::vector<cluster::Endpoint> eligible_endpoints(const std::vector<cluster::Endpoint>& endpoints);

class EndpointSliceController {
 public:
  EndpointSliceController(Clock& clock, cluster::ApiServer& server, cluster::Informer<cluster::Service>& services,
                          cluster::Informer<cluster::Pod>& pods, WorkMode mode = WorkMode::Automatic);
  ~EndpointSliceController();
  EndpointSliceController(const EndpointSliceController&) = delete;
  EndpointSliceController& operator=(const EndpointSliceController&) = delete;

 private:
  void pod_changed(const cluster::Change<cluster::Pod>& change);
  void sync(const cluster::ObjectKey& service, SyncDone done);
  /// The slices `service` should have, those to be emptied included.
  [[nodiscard]] std::vector<cluster::EndpointSlice> wanted_slices(const cluster::Service& service) const;
  void write(cluster::EndpointSlice slice, std::function<void(Status)> answered);

  cluster::Informer<cluster::Service>& services_;
  cluster::Informer<cluster::Pod>& pods_;
  cluster::ApiClient client_;
  ControllerRuntime runtime_;
  /// What was last sent, by slice: a sync that changes nothing writes nothing.
  std::map<cluster::ObjectKey, cluster::EndpointSlice> sent_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::control
