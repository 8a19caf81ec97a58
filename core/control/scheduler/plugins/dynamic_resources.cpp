// DynamicResources: pods that claim devices. Claims are not built; what remains is what the plugin says about pods without any,
// since v1.34, when no node can take them. Source: plugins/dynamicresources, v1.34.1.

#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

class DynamicResources final : public SchedulerPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "DynamicResources"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.post_filter = true}; }

  [[nodiscard]] PostFilterResult post_filter(const PostFilterInput& post) const override {
    PostFilterResult result;
    if (post.rejected_before_filters) {  // its own PreFilter did not run, so that it misses its state
      result.outcome = PostFilterResult::Outcome::Failed;
      result.message = "not found";
    } else {
      result.message = "no new claims to deallocate";
    }
    return result;
  }

  [[nodiscard]] bool worth_retrying(const CycleInput&, const ClusterEvent&) const override { return false; }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_dynamic_resources() { return std::make_unique<DynamicResources>(); }

}  // namespace tandem::control::scheduler
