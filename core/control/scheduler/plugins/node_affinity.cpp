// NodeAffinity: nodeSelector, required and preferred node affinity. Source: plugins/nodeaffinity.

#include <algorithm>
#include <iterator>

#include "core/cluster/selector.hpp"
#include "core/control/scheduler/node_selection.hpp"
#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

using cluster::NodeSelectorTerm;
using Names = std::vector<std::string>;

/// The nodes that a term names by `metadata.name In [...]`, several such fields intersected; absent if it names none.
std::optional<Names> nodes_named_by(const NodeSelectorTerm& term) {
  std::optional<Names> named;
  for (const auto& field : term.match_fields) {
    if (field.key != "metadata.name" || field.op != cluster::SelectorOperator::In) continue;
    Names values = field.values;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (!named) {
      named = std::move(values);
      continue;
    }
    Names both;
    std::set_intersection(named->begin(), named->end(), values.begin(), values.end(), std::back_inserter(both));
    named = std::move(both);
  }
  return named;
}

/// The union over all terms; absent if some term names no node, because then any node may match it.
std::optional<Names> nodes_named_by(const std::vector<NodeSelectorTerm>& terms) {
  Names all;
  for (const NodeSelectorTerm& term : terms) {
    const std::optional<Names> named = nodes_named_by(term);
    if (!named) return std::nullopt;
    Names merged;
    std::set_union(all.begin(), all.end(), named->begin(), named->end(), std::back_inserter(merged));
    all = std::move(merged);
  }
  return all;
}

class NodeAffinity final : public SchedulerPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodeAffinity"; }
  [[nodiscard]] ExtensionPoints extension_points() const override { return {.filter = true, .score = true}; }

  [[nodiscard]] PreFilterResult pre_filter(const CycleInput& input) const override {
    PreFilterResult result;
    const cluster::PodSpec& spec = *input.pod_class.spec;
    result.skip = !selects_nodes(spec);
    const auto& affinity = spec.affinity.node_affinity;
    if (!affinity || !affinity->required || affinity->required->empty()) return result;
    std::optional<Names> named = nodes_named_by(*affinity->required);
    if (!named) return result;
    if (named->empty()) {
      result.code = Code::UnschedulableAndUnresolvable;
      result.message = "pod affinity terms conflict";
    } else {
      result.node_names = std::move(named);
    }
    return result;
  }

  [[nodiscard]] Code filter(const CycleInput& input, const PluginState*, const NodeInfo& node,
                            Reasons* reasons) const override {
    if (selects(*input.pod_class.spec, *node.node)) return Code::Success;
    if (reasons) reasons->emplace_back("node(s) didn't match Pod's node affinity/selector");
    return Code::UnschedulableAndUnresolvable;
  }

  [[nodiscard]] PreScoreResult pre_score(const CycleInput& input, std::span<const NodeIndex>) const override {
    const auto& affinity = input.pod_class.spec->affinity.node_affinity;
    return {.skip = !affinity || affinity->preferred.empty(), .state = nullptr};
  }

  [[nodiscard]] std::int64_t score(const CycleInput& input, const PluginState*, const NodeInfo& node) const override {
    std::int64_t sum = 0;
    for (const auto& term : input.pod_class.spec->affinity.node_affinity->preferred) {
      if (cluster::matches(term.preference, node.labels(), node.name)) sum += term.weight;
    }
    return sum;
  }

  [[nodiscard]] Normalization normalization() const override { return Normalization::ByMaximum; }

  [[nodiscard]] bool worth_retrying(const CycleInput& input, const ClusterEvent& event) const override {
    if (!event.node_added_or_updated()) return false;
    const cluster::PodSpec& spec = *input.pod_class.spec;
    return selects(spec, *event.new_node) && !(event.old_node && selects(spec, *event.old_node));
  }
};

}  // namespace

std::unique_ptr<SchedulerPlugin> make_node_affinity() { return std::make_unique<NodeAffinity>(); }

}  // namespace tandem::control::scheduler
