// NodeUnschedulable: keeps pods off cordoned nodes. Source: plugins/nodeunschedulable.

#include "core/control/scheduler/plugins/plugins.hpp"
#include "core/control/scheduler/taints.hpp"

namespace tandem::control::scheduler {
namespace {

class NodeUnschedulable final : public SchedulerPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodeUnschedulable"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = true, .score = false}; }

  [[nodiscard]] Code filter(const CycleInput& input, const PluginState*, const NodeInfo& node,
                            Reasons* reasons) const override {
    if (!node.node->spec.unschedulable || tolerated(input)) return Code::Success;
    if (reasons) reasons->emplace_back("node(s) were unschedulable");
    return Code::UnschedulableAndUnresolvable;
  }

  [[nodiscard]] bool worth_retrying(const CycleInput& input, const ClusterEvent& event) const override {
    if (event.kind == ClusterEvent::Kind::OwnPodUpdated) return tolerated(input);
    if (!event.node_added_or_updated()) return false;
    const bool was_schedulable = event.old_node && !event.old_node->spec.unschedulable;
    return !was_schedulable && !event.new_node->spec.unschedulable;
  }

 private:
  [[nodiscard]] static bool tolerated(const CycleInput& input) {
    static const cluster::Taint cordon{"node.kubernetes.io/unschedulable", "", "NoSchedule", std::nullopt};
    return tolerates(input.pod_class.spec->tolerations, cordon);
  }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_node_unschedulable() { return std::make_unique<NodeUnschedulable>(); }

}  // namespace tandem::control::scheduler
