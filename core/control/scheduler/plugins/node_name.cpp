// NodeName: a pod that names its node runs nowhere else. Source: plugins/nodename.

#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

class NodeName final : public SchedulerPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodeName"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = true, .score = false}; }

  [[nodiscard]] Code filter(const CycleInput& input, const PluginState*, const NodeInfo& node,
                            Reasons* reasons) const override {
    if (input.pod.node_name.empty() || input.pod.node_name == node.name) return Code::Success;
    if (reasons) reasons->emplace_back("node(s) didn't match the requested node name");
    return Code::UnschedulableAndUnresolvable;
  }

  [[nodiscard]] bool worth_retrying(const CycleInput&, const ClusterEvent& event) const override {
    return event.kind == ClusterEvent::Kind::NodeAdded;
  }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_node_name() { return std::make_unique<NodeName>(); }

}  // namespace tandem::control::scheduler
