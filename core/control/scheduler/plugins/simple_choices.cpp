// Policies that look at no load at all, to compare the default with: FirstFit, Random, RoundRobin. Each gives one of the feasible
// nodes 100 points and the others none; they are meant to be the only plugin that scores.

#include <algorithm>

#include "core/base/random.hpp"
#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

struct Choice final : PluginState {
  NodeIndex node = 0;
};

/// Scores the one node that pick() says.
class ChoosesOne : public SchedulerPlugin {
 public:
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = false, .score = true}; }
  [[nodiscard]] Dependence dependence() const override { return Dependence::Cluster; }

  [[nodiscard]] PreScoreResult pre_score(const CycleInput& input, std::span<const NodeIndex> feasible) const override {
    auto choice = std::make_unique<Choice>();
    choice->node = pick(input, feasible);
    return {.skip = false, .state = std::move(choice)};
  }
  [[nodiscard]] std::int64_t score(const CycleInput&, const PluginState* state, const NodeInfo& node) const override {
    return static_cast<const Choice*>(state)->node == node.index ? kMaxNodeScore : 0;
  }
  [[nodiscard]] bool worth_retrying(const CycleInput&, const ClusterEvent&) const override { return false; }

 protected:
  /// Requires a feasible node.
  [[nodiscard]] virtual NodeIndex pick(const CycleInput& input, std::span<const NodeIndex> feasible) const = 0;

  /// Feasible nodes in the order of the node list, whatever node the search began with.
  static std::vector<NodeIndex> in_node_order(const CycleInput& input, std::span<const NodeIndex> feasible) {
    std::vector<bool> is_feasible(input.snapshot.node_slots(), false);
    for (const NodeIndex node : feasible) is_feasible[node] = true;
    std::vector<NodeIndex> nodes;
    for (const NodeIndex node : input.snapshot.order()) {
      if (is_feasible[node]) nodes.push_back(node);
    }
    return nodes;
  }
};

/// The first node of the list that can take the pod.
class FirstFit final : public ChoosesOne {
 public:
  [[nodiscard]] std::string_view name() const override { return "FirstFit"; }

 protected:
  [[nodiscard]] NodeIndex pick(const CycleInput& input, std::span<const NodeIndex> feasible) const override {
    return in_node_order(input, feasible).front();
  }
};

/// Any node, drawn for the pod.
class Random final : public ChoosesOne {
 public:
  [[nodiscard]] std::string_view name() const override { return "Random"; }

 protected:
  [[nodiscard]] NodeIndex pick(const CycleInput& input, std::span<const NodeIndex> feasible) const override {
    RandomStream draws(input.seed, "scheduler-random", stable_hash(input.pod.meta.namespace_ + "/" + input.pod.meta.name));
    const std::vector<NodeIndex> nodes = in_node_order(input, feasible);
    return nodes[draws.below(nodes.size())];
  }
};

/// The next node of the list after the one this profile chose last.
class RoundRobin final : public ChoosesOne {
 public:
  [[nodiscard]] std::string_view name() const override { return "RoundRobin"; }

 protected:
  [[nodiscard]] NodeIndex pick(const CycleInput& input, std::span<const NodeIndex> feasible) const override {
    const std::vector<NodeIndex>& order = input.snapshot.order();
    const auto last = std::find_if(order.begin(), order.end(), [&](NodeIndex node) {
      return input.snapshot.node(node).name == input.last_chosen;
    });
    std::vector<bool> is_feasible(input.snapshot.node_slots(), false);
    for (const NodeIndex node : feasible) is_feasible[node] = true;
    const auto next = std::find_if(last == order.end() ? order.begin() : last + 1, order.end(),
                                   [&](NodeIndex node) { return is_feasible[node]; });
    return next != order.end() ? *next : in_node_order(input, feasible).front();
  }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_first_fit() { return std::make_unique<FirstFit>(); }
std::unique_ptr<SchedulerPlugin> make_random() { return std::make_unique<Random>(); }
std::unique_ptr<SchedulerPlugin> make_round_robin() { return std::make_unique<RoundRobin>(); }

}  // namespace tandem::control::scheduler
