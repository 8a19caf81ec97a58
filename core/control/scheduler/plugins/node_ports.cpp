// NodePorts: host ports are taken once per node. Source: plugins/nodeports.

#include <algorithm>

#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

bool any_conflict(const std::vector<HostPort>& wanted, const std::vector<HostPort>& used) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const HostPort& port) {
    return std::any_of(used.begin(), used.end(), [&](const HostPort& other) { return conflict(port, other); });
  });
}

class NodePorts final : public SchedulerPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodePorts"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = true, .score = false}; }

  [[nodiscard]] PreFilterResult pre_filter(const CycleInput& input) const override {
    PreFilterResult result;
    result.skip = input.pod_class.host_ports.empty();
    return result;
  }

  [[nodiscard]] Code filter(const CycleInput& input, const PluginState*, const NodeInfo& node,
                            Reasons* reasons) const override {
    if (!any_conflict(input.pod_class.host_ports, node.load.used_ports)) return Code::Success;
    if (reasons) reasons->emplace_back("node(s) didn't have free ports for the requested pod ports");
    return Code::Unschedulable;
  }

  [[nodiscard]] bool worth_retrying(const CycleInput& input, const ClusterEvent& event) const override {
    if (event.kind == ClusterEvent::Kind::NodeAdded) return true;
    if (event.kind != ClusterEvent::Kind::AssignedPodDeleted) return false;
    return any_conflict(input.pod_class.host_ports, make_pod_class(*event.old_pod, 0)->host_ports);
  }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_node_ports() { return std::make_unique<NodePorts>(); }

}  // namespace tandem::control::scheduler
