#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/control/kubelet/kubelet.hpp"

namespace tandem::control {

/// All kubelets of a cluster: one watch, dispatched by node name.
class Kubelets {
 public:
  Kubelets(Clock& clock, cluster::ApiServer& server, NodeRuntime& runtime, std::vector<KubeletOptions> nodes);
  ~Kubelets();
  /// Pods that run on the nodes, or may.
  [[nodiscard]] std::size_t pod_count() const;
  /// Cuts a node's kubelet off the API server, or joins it again (Kubelet::set_connected). Requires: one of the nodes.
  void set_connected(std::string_view node_name, bool connected);

 private:
  NodeRuntime& runtime_;
  std::map<std::string, Kubelet*> by_container_;  ///< by the id of a running container
  std::map<std::string, std::unique_ptr<Kubelet>, std::less<>> by_node_;
  cluster::Subscription watch_;
};

}  // namespace tandem::control
