// NodeResourcesFit: requests must fit into what is left; the score prefers empty nodes (LeastAllocated, the default), full ones
// (MostAllocated) or a utilization of choice (RequestedToCapacityRatio). Source: plugins/noderesources.

#include <algorithm>
#include <cmath>

#include "core/control/scheduler/plugins/plugins.hpp"
#include "core/control/scheduler/resource_shares.hpp"

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

/// The request as the filter sees it: without resources that the configuration tells it to leave alone.
Resources without_ignored(Resources request, const scenario::NodeResourcesFitArgs& args) {
  std::erase_if(request.scalars, [&](const auto& entry) {
    const std::string& name = entry.first;
    const auto is = [](const std::vector<std::string>& names, std::string_view text) {
      return std::find(names.begin(), names.end(), text) != names.end();
    };
    return is(args.ignored_resources, name) || is(args.ignored_resource_groups, std::string_view(name).substr(0, name.find('/')));
  });
  return request;
}

class NodeResourcesFit final : public SchedulerPlugin {
 public:
  explicit NodeResourcesFit(const scenario::NodeResourcesFitArgs& args) : args_(args) {}

  [[nodiscard]] std::string_view name() const override { return "NodeResourcesFit"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = true, .score = true}; }

  [[nodiscard]] Code filter(const CycleInput& input, const PluginState*, const NodeInfo& node,
                            Reasons* reasons) const override {
    const Resources& request = input.pod_class.requests.occupied;
    const auto fit = [&](const Resources& wanted) {
      return fits(wanted, node.allocatable, node.allowed_pods, node.load.requested, node.load.pod_count, reasons);
    };
    const bool ignores = !args_.ignored_resources.empty() || !args_.ignored_resource_groups.empty();
    return ignores && !request.scalars.empty() ? fit(without_ignored(request, args_)) : fit(request);
  }

  /// The weighted mean over the configured resources; one that the node has none of is left out.
  [[nodiscard]] std::int64_t score(const CycleInput& input, const PluginState*, const NodeInfo& node) const override {
    const PodRequests& requests = input.pod_class.requests;
    std::int64_t sum = 0;
    std::int64_t weights = 0;
    for (const scenario::ResourceWeight& resource : args_.resources) {
      const ResourceUse use = scored_use(resource.name, requests, node);
      if (use.capacity == 0) continue;
      const std::int64_t score = score_of(use);
      if (score == 0 && args_.strategy == scenario::ScoringStrategy::RequestedToCapacityRatio) continue;
      sum += score * resource.weight;
      weights += resource.weight;
    }
    if (weights == 0) return 0;
    if (args_.strategy != scenario::ScoringStrategy::RequestedToCapacityRatio) return sum / weights;
    return static_cast<std::int64_t>(std::round(static_cast<double>(sum) / static_cast<double>(weights)));
  }

  [[nodiscard]] bool worth_retrying(const CycleInput& input, const ClusterEvent& event) const override {
    if (event.kind == ClusterEvent::Kind::AssignedPodDeleted) return true;
    if (event.kind == ClusterEvent::Kind::OwnPodUpdated) return asks_for_less(*event.old_pod->spec, *event.new_pod->spec);
    if (!event.node_added_or_updated()) return false;
    const Resources& request = input.pod_class.requests.occupied;
    if (!fits_when_empty(request, *event.new_node)) return false;
    return !event.old_node || any_requested_resource_grew(request, *event.old_node, *event.new_node);
  }

 private:
  /// cpu and memory with the defaults of §1.4, everything else as requested.
  static ResourceUse scored_use(std::string_view resource, const PodRequests& requests, const NodeInfo& node) {
    if (resource == "cpu") return {node.load.non_zero_cpu + requests.scored_cpu, node.allocatable.milli_cpu};
    if (resource == "memory") return {node.load.non_zero_memory + requests.scored_memory, node.allocatable.memory};
    return use_of(resource, requests.occupied, node, node.load.requested);
  }

  /// Of one resource, 0..100.
  [[nodiscard]] std::int64_t score_of(const ResourceUse& use) const {
    const std::int64_t used = std::min(use.requested, use.capacity);
    switch (args_.strategy) {
      case scenario::ScoringStrategy::LeastAllocated:
        return (use.capacity - used) * kMaxNodeScore / use.capacity;
      case scenario::ScoringStrategy::MostAllocated:
        return used * kMaxNodeScore / use.capacity;
      case scenario::ScoringStrategy::RequestedToCapacityRatio:
        return on_shape(used * kMaxNodeScore / use.capacity);
    }
    return 0;
  }

  /// The piecewise linear function through the shape's points, whose scores go to 10.
  [[nodiscard]] std::int64_t on_shape(std::int64_t utilization) const {
    constexpr std::int64_t kMaxCustomPriorityScore = 10;
    constexpr std::int64_t kFactor = kMaxNodeScore / kMaxCustomPriorityScore;
    const std::vector<scenario::ShapePoint>& shape = args_.shape;
    if (shape.empty()) return 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (utilization > shape[i].utilization) continue;
      if (i == 0) return shape[0].score * kFactor;
      const scenario::ShapePoint& low = shape[i - 1];
      const std::int64_t rise = (shape[i].score - low.score) * kFactor;
      return low.score * kFactor + rise * (utilization - low.utilization) / (shape[i].utilization - low.utilization);
    }
    return shape.back().score * kFactor;
  }

  scenario::NodeResourcesFitArgs args_;
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_node_resources_fit(const scenario::NodeResourcesFitArgs& args) { return std::make_unique<NodeResourcesFit>(args); }

}  // namespace tandem::control::scheduler
