#pragma once
// On which nodes a DaemonSet's pods belong. Source: pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod),
// pkg/controller/daemon/util/daemonset_util.go (v1.34).

#include <string>
#include <string_view>

#include "core/cluster/apps.hpp"

namespace tandem::control {

struct NodeVerdict {
  bool should_run = false;       ///< a new pod may be created there
  bool may_continue = false;     ///< a pod that is there may stay
};
[[nodiscard]] NodeVerdict daemon_verdict(const cluster::DaemonSet& set, const cluster::Node& node);

/// The pod for one node: the template with the automatic tolerations, tied to the node by name. Phase None.
[[nodiscard]] cluster::Pod daemon_pod(const cluster::DaemonSet& set, const std::string& node_name, const std::string& revision_hash);

/// The node a pod is bound to or meant for; empty when it names none.
[[nodiscard]] std::string target_node(const cluster::Pod& pod);

}  // namespace tandem::control
