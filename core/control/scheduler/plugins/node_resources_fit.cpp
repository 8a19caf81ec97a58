// NodeResourcesFit: requests must fit into what is left; LeastAllocated prefers empty nodes. Source: plugins/noderesources.

#include <algorithm>

#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

/// Collects what does not fit; an amount beyond the node's whole size can never fit there.
class Insufficiency {
 public:
  explicit Insufficiency(Reasons* reasons) : reasons_(reasons) {}

  void add(std::string_view reason) {
    if (code_ == Code::Success) code_ = Code::Unschedulable;
    if (reasons_) reasons_->emplace_back(reason);
  }
  void check(std::string_view resource, std::int64_t request, std::int64_t allocatable, std::int64_t used) {
    if (request <= 0 || request <= allocatable - used) return;
    add(reasons_ ? "Insufficient " + std::string(resource) : std::string_view());
    if (request > allocatable) code_ = Code::UnschedulableAndUnresolvable;
  }
  [[nodiscard]] Code code() const { return code_; }

 private:
  Reasons* reasons_;
  Code code_ = Code::Success;
};

bool is_nothing(const Resources& request) {
  return request.milli_cpu == 0 && request.memory == 0 && request.ephemeral_storage == 0 && request.scalars.empty();
}

/// fitsRequest: every resource that falls short is reported, not only the first.
Code fits(const Resources& request, const Resources& allocatable, std::int64_t allowed_pods, const Resources& used,
          std::int64_t pods, Reasons* reasons) {
  Insufficiency insufficiency(reasons);
  if (pods + 1 > allowed_pods) insufficiency.add("Too many pods");
  if (is_nothing(request)) return insufficiency.code();
  insufficiency.check("cpu", request.milli_cpu, allocatable.milli_cpu, used.milli_cpu);
  insufficiency.check("memory", request.memory, allocatable.memory, used.memory);
  insufficiency.check("ephemeral-storage", request.ephemeral_storage, allocatable.ephemeral_storage, used.ephemeral_storage);
  for (const auto& [name, amount] : request.scalars) {
    insufficiency.check(name, amount, allocatable.scalar(name), used.scalar(name));
  }
  return insufficiency.code();
}

/// Free share of one resource in 0..100 after the pod is placed; leastRequestedScore.
std::int64_t free_share(std::int64_t requested, std::int64_t capacity) {
  return requested > capacity ? 0 : (capacity - requested) * kMaxNodeScore / capacity;
}

bool fits_when_empty(const Resources& request, const cluster::Node& node) {
  return fits(request, allocatable_of(node.status.allocatable), allowed_pods(node.status.allocatable), {}, 0, nullptr) ==
         Code::Success;
}

bool any_requested_resource_grew(const Resources& request, const cluster::Node& before, const cluster::Node& after) {
  const Resources old_amounts = allocatable_of(before.status.allocatable);
  const Resources new_amounts = allocatable_of(after.status.allocatable);
  if (allowed_pods(after.status.allocatable) > allowed_pods(before.status.allocatable)) return true;
  if (request.milli_cpu > 0 && new_amounts.milli_cpu > old_amounts.milli_cpu) return true;
  if (request.memory > 0 && new_amounts.memory > old_amounts.memory) return true;
  if (request.ephemeral_storage > 0 && new_amounts.ephemeral_storage > old_amounts.ephemeral_storage) return true;
  for (const auto& [name, amount] : request.scalars) {
    if (amount > 0 && new_amounts.scalar(name) > old_amounts.scalar(name)) return true;
  }
  return false;
}

/// The pod was scaled down while it waited (in-place resize).
bool asks_for_less(const cluster::PodSpec& before, const cluster::PodSpec& after) {
  const Resources old_request = requests_of(before).occupied;
  const Resources new_request = requests_of(after).occupied;
  return new_request.milli_cpu < old_request.milli_cpu || new_request.memory < old_request.memory ||
         new_request.ephemeral_storage < old_request.ephemeral_storage ||
         std::any_of(old_request.scalars.begin(), old_request.scalars.end(),
                     [&](const auto& entry) { return new_request.scalar(entry.first) < entry.second; });
}

class NodeResourcesFit final : public SchedulerPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodeResourcesFit"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = true, .score = true}; }

  [[nodiscard]] Code filter(const CycleInput& input, const PluginState*, const NodeInfo& node,
                            Reasons* reasons) const override {
    return fits(input.pod_class.requests.occupied, node.allocatable, node.allowed_pods, node.load.requested, node.load.pod_count,
                reasons);
  }

  /// LeastAllocated over cpu and memory, both of weight 1; a resource that the node has none of is left out of the mean.
  [[nodiscard]] std::int64_t score(const CycleInput& input, const PluginState*, const NodeInfo& node) const override {
    const PodRequests& requests = input.pod_class.requests;
    std::int64_t sum = 0;
    std::int64_t resources = 0;
    const auto add = [&](std::int64_t requested, std::int64_t capacity) {
      if (capacity == 0) return;
      sum += free_share(requested, capacity);
      ++resources;
    };
    add(node.load.non_zero_cpu + requests.scored_cpu, node.allocatable.milli_cpu);
    add(node.load.non_zero_memory + requests.scored_memory, node.allocatable.memory);
    return resources == 0 ? 0 : sum / resources;
  }

  [[nodiscard]] bool worth_retrying(const CycleInput& input, const ClusterEvent& event) const override {
    if (event.kind == ClusterEvent::Kind::AssignedPodDeleted) return true;
    if (event.kind == ClusterEvent::Kind::OwnPodUpdated) return asks_for_less(*event.old_pod->spec, *event.new_pod->spec);
    if (!event.node_added_or_updated()) return false;
    const Resources& request = input.pod_class.requests.occupied;
    if (!fits_when_empty(request, *event.new_node)) return false;
    return !event.old_node || any_requested_resource_grew(request, *event.old_node, *event.new_node);
  }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_node_resources_fit() { return std::make_unique<NodeResourcesFit>(); }

}  // namespace tandem::control::scheduler
