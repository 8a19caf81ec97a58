#include "core/control/scheduler/node_selection.hpp"

#include <algorithm>

#include "core/cluster/selector.hpp"

namespace tandem::control::scheduler {

bool selects_nodes(const cluster::PodSpec& spec) {
  return !spec.node_selector.empty() || (spec.affinity.node_affinity && spec.affinity.node_affinity->required);
}

bool selects(const cluster::PodSpec& spec, const cluster::Node& node) {
  const cluster::Labels& labels = *node.meta.labels;
  if (!cluster::matches(spec.node_selector, labels)) return false;
  if (!spec.affinity.node_affinity || !spec.affinity.node_affinity->required) return true;
  const auto& terms = *spec.affinity.node_affinity->required;
  return std::any_of(terms.begin(), terms.end(),
                     [&](const cluster::NodeSelectorTerm& term) { return cluster::matches(term, labels, node.meta.name); });
}

}  // namespace tandem::control::scheduler
