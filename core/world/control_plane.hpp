#pragma once
// Tandem's control plane: API server, controllers, scheduler and kubelets, put together once for every world that has no
// control plane of its own. Sees only seams.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/node_runtime.hpp"
#include "core/control/scheduler/external_policy.hpp"
#include "core/record/sink.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::world {

class ControlPlane {
 public:
  /// Everything referred to outlives the control plane. `sink` may be null. `policies` are the processes that the plugin
  /// ExternalPolicy asks, by the profile's schedulerName: one for each profile that has the plugin. `check_decisions`: see
  /// RunContext.
  ControlPlane(Clock& clock, const scenario::Scenario& scenario, control::NodeRuntime& runtime, record::Sink* sink,
               std::map<std::string, control::scheduler::ExternalPolicyPtr> policies = {}, std::uint32_t check_decisions = 0);
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  /// Registers the nodes (Ready, with their images) and applies the manifests in file order, now.
  /// Errors: what the API server refuses, with the manifest's object.
  Status boot();

  [[nodiscard]] cluster::ApiServer& api() { return *api_; }
  /// Pods that kubelets still hold something of.
  [[nodiscard]] std::size_t pods_on_nodes() const;
  /// Cuts the kubelet of a node of the scenario off the API server, or joins it again.
  void set_node_connected(const std::string& node_name, bool connected);

 private:
  void record_commits(record::Sink& sink);

  struct Components;
  Clock& clock_;
  const scenario::Scenario& scenario_;
  std::unique_ptr<cluster::ApiServer> api_;
  std::unique_ptr<Components> components_;
  std::vector<cluster::Subscription> recordings_;
};

/// The profile that a scenario's `delivery` names. Errors: ValueNotAllowed.
Result<cluster::DeliveryProfile> delivery_profile(const std::string& name);
/// The Node object of a scenario node, with preloaded images, conditions Ready and its pod CIDR.
cluster::Node make_node(const scenario::NodeSpec& spec, const scenario::Scenario& scenario, std::uint32_t index);
/// Pod CIDR of node `index`: the index-th /24 of the cluster's pod subnet.
Result<std::string> node_pod_range(const scenario::ClusterSpec& cluster, std::uint32_t index);

}  // namespace tandem::world
