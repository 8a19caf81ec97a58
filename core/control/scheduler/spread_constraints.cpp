#include "core/control/scheduler/spread_constraints.hpp"

#include <algorithm>

#include "core/cluster/selector.hpp"
#include "core/control/scheduler/node_selection.hpp"
#include "core/control/scheduler/taints.hpp"

namespace tandem::control::scheduler {
namespace {

using cluster::Labels;
using cluster::LabelSelector;
using cluster::SelectorOperator;

SpreadConstraint to_constraint(const cluster::TopologySpreadConstraint& source, const Labels& pod_labels) {
  SpreadConstraint constraint;
  constraint.max_skew = source.max_skew;
  constraint.topology_key = source.topology_key;
  constraint.min_domains = source.min_domains.value_or(1);
  constraint.honor_node_affinity = source.node_affinity_policy != "Ignore";
  constraint.honor_node_taints = source.node_taints_policy == "Honor";
  if (source.label_selector) constraint.selector = *source.label_selector;
  for (const std::string& key : source.match_label_keys) {
    const auto label = pod_labels.find(key);
    if (label != pod_labels.end())
      constraint.selector.match_expressions.push_back({key, SelectorOperator::In, {label->second}});
  }
  constraint.selects_nothing = !source.label_selector && constraint.is_empty();
  return constraint;
}

const std::vector<cluster::TopologySpreadConstraint>& system_defaults() {
  static const std::vector<cluster::TopologySpreadConstraint> defaults = [] {
    cluster::TopologySpreadConstraint hostname;
    hostname.max_skew = 3;
    hostname.topology_key = kHostnameKey;
    hostname.when_unsatisfiable = "ScheduleAnyway";
    cluster::TopologySpreadConstraint zone = hostname;
    zone.max_skew = 5;
    zone.topology_key = "topology.kubernetes.io/zone";
    return std::vector{hostname, zone};
  }();
  return defaults;
}

/// helper.DefaultSelector: the selectors of all Services of the pod together with its owner's.
LabelSelector default_selector(const PodClass& pod_class, const Snapshot& snapshot) {
  LabelSelector selector;
  for (const cluster::Service* service : snapshot.services(pod_class.namespace_)) {
    const auto& wanted = service->spec.selector;
    if (!wanted || !cluster::matches(*wanted, *pod_class.labels)) continue;
    for (const auto& [key, value] : *wanted) selector.match_labels.insert_or_assign(key, value);
  }
  if (pod_class.owner_kind.empty()) return selector;
  const LabelSelector* owner = snapshot.owner_selector(pod_class.owner_kind, {pod_class.namespace_, pod_class.owner_name});
  if (owner == nullptr) return selector;
  for (const auto& [key, value] : owner->match_labels) {
    selector.match_expressions.push_back({key, SelectorOperator::In, {value}});
  }
  selector.match_expressions.insert(selector.match_expressions.end(), owner->match_expressions.begin(),
                                    owner->match_expressions.end());
  return selector;
}

}  // namespace

bool SpreadConstraint::matches(const Labels& labels) const { return !selects_nothing && cluster::matches(selector, labels); }

bool SpreadConstraint::includes(const PodClass& pod_class, const NodeInfo& node) const {
  if (honor_node_affinity && !selects(*pod_class.spec, *node.node)) return false;
  return !honor_node_taints || first_untolerated(node.node->spec.taints, pod_class.spec->tolerations) == nullptr;
}

std::vector<SpreadConstraint> own_constraints(const PodClass& pod_class, std::string_view when_unsatisfiable) {
  std::vector<SpreadConstraint> constraints;
  for (const auto& source : pod_class.spec->topology_spread_constraints) {
    if (source.when_unsatisfiable == when_unsatisfiable) constraints.push_back(to_constraint(source, *pod_class.labels));
  }
  return constraints;
}

std::vector<SpreadConstraint> default_constraints(const PodClass& pod_class, const Snapshot& snapshot,
                                                  const scenario::PodTopologySpreadArgs& args,
                                                  std::string_view when_unsatisfiable) {
  const auto& source = args.system_defaults ? system_defaults() : args.default_constraints;
  const auto is_meant = [&](const cluster::TopologySpreadConstraint& constraint) {
    return constraint.when_unsatisfiable == when_unsatisfiable;
  };
  std::vector<SpreadConstraint> constraints;
  if (std::none_of(source.begin(), source.end(), is_meant)) return constraints;
  const LabelSelector selector = default_selector(pod_class, snapshot);
  if (selector.match_labels.empty() && selector.match_expressions.empty()) return constraints;
  for (const cluster::TopologySpreadConstraint& each : source) {
    if (!is_meant(each)) continue;
    SpreadConstraint& constraint = constraints.emplace_back(to_constraint(each, *pod_class.labels));
    constraint.selector = selector;
    constraint.selects_nothing = false;
  }
  return constraints;
}

std::vector<SpreadConstraint> constraints_of(const PodClass& pod_class, const Snapshot& snapshot,
                                             const scenario::PodTopologySpreadArgs& args, std::string_view when_unsatisfiable) {
  if (!pod_class.spec->topology_spread_constraints.empty()) return own_constraints(pod_class, when_unsatisfiable);
  return default_constraints(pod_class, snapshot, args, when_unsatisfiable);
}

}  // namespace tandem::control::scheduler
