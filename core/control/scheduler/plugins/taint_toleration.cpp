// TaintToleration: NoSchedule and NoExecute taints reject, PreferNoSchedule taints cost points.
// Source: plugins/tainttoleration; the rejection names the taint as up to v1.34.1.

#include <algorithm>

#include "core/control/scheduler/plugins/plugins.hpp"
#include "core/control/scheduler/taints.hpp"

namespace tandem::control::scheduler {
namespace {

using cluster::Taint;
using cluster::Toleration;

constexpr std::string_view kPreferNoSchedule = "PreferNoSchedule";

class TaintToleration final : public SchedulerPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "TaintToleration"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = true, .score = true}; }

  [[nodiscard]] Code filter(const CycleInput& input, const PluginState*, const NodeInfo& node,
                            Reasons* reasons) const override {
    const Taint* taint = first_untolerated(node.node->spec.taints, input.pod_class.spec->tolerations);
    if (taint == nullptr) return Code::Success;
    if (reasons) reasons->push_back("node(s) had untolerated taint {" + taint->key + ": " + taint->value + "}");
    return Code::UnschedulableAndUnresolvable;
  }

  [[nodiscard]] std::int64_t score(const CycleInput& input, const PluginState*, const NodeInfo& node) const override {
    const auto& taints = node.node->spec.taints;
    return std::count_if(taints.begin(), taints.end(), [&](const Taint& taint) {
      return taint.effect == kPreferNoSchedule && !tolerates(input.pod_class.spec->tolerations, taint);
    });
  }

  [[nodiscard]] Normalization normalization() const override { return Normalization::ByMaximumReversed; }

  [[nodiscard]] bool worth_retrying(const CycleInput& input, const ClusterEvent& event) const override {
    const auto& tolerations = input.pod_class.spec->tolerations;
    if (event.kind == ClusterEvent::Kind::OwnPodUpdated) {
      return !(event.old_pod->spec->tolerations == event.new_pod->spec->tolerations);
    }
    if (!event.node_added_or_updated()) return false;
    const bool was_tolerated = event.old_node && first_untolerated(event.old_node->spec.taints, tolerations) == nullptr;
    return !was_tolerated && first_untolerated(event.new_node->spec.taints, tolerations) == nullptr;
  }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_taint_toleration() { return std::make_unique<TaintToleration>(); }

}  // namespace tandem::control::scheduler
