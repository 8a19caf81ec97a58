// ImageLocality: prefers nodes that have the pod's images, the more so the larger and the more widespread they are.
// Source: plugins/imagelocality.

#include <algorithm>

#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

constexpr std::int64_t kMebibyte = 1024 * 1024;
constexpr std::int64_t kMinThreshold = 23 * kMebibyte;             ///< less is not worth a point
constexpr std::int64_t kMaxContainerThreshold = 1000 * kMebibyte;  ///< per container: more brings no further points

struct Images final : PluginState {
  std::vector<ImageId> ids;  ///< one per container whose image some node has
};

class ImageLocality final : public SchedulerPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "ImageLocality"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = false, .score = true}; }

  [[nodiscard]] PreScoreResult pre_score(const CycleInput& input, std::span<const NodeIndex>) const override {
    auto images = std::make_unique<Images>();
    const auto find = [&](const std::vector<cluster::Container>& containers) {
      for (const cluster::Container& container : containers) {
        const ImageId* id = input.snapshot.find_image(normalized_image_name(container.image));
        if (id != nullptr) images->ids.push_back(*id);
      }
    };
    find(input.pod_class.spec->init_containers);
    find(input.pod_class.spec->containers);
    return {.skip = false, .state = std::move(images)};
  }

  [[nodiscard]] std::int64_t score(const CycleInput& input, const PluginState* state, const NodeInfo& node) const override {
    const auto total_nodes = static_cast<double>(input.snapshot.order().size());
    std::int64_t sum = 0;
    for (const ImageId id : static_cast<const Images*>(state)->ids) {
      if (!std::binary_search(node.images.begin(), node.images.end(), id)) continue;
      const ImageState& image = input.snapshot.image(id);
      const double spread = static_cast<double>(image.nodes) / total_nodes;
      sum += static_cast<std::int64_t>(static_cast<double>(image.size_bytes) * spread);
    }
    const cluster::PodSpec& spec = *input.pod_class.spec;
    const auto containers = static_cast<std::int64_t>(spec.init_containers.size() + spec.containers.size());
    const std::int64_t max_threshold = kMaxContainerThreshold * containers;
    if (max_threshold <= kMinThreshold) return 0;  // a pod without containers, which the API server refuses
    sum = std::clamp(sum, kMinThreshold, max_threshold);
    return kMaxNodeScore * (sum - kMinThreshold) / (max_threshold - kMinThreshold);
  }

  [[nodiscard]] bool worth_retrying(const CycleInput&, const ClusterEvent&) const override { return false; }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_image_locality() { return std::make_unique<ImageLocality>(); }

}  // namespace tandem::control::scheduler
