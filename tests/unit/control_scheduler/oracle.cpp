#include "tests/unit/control_scheduler/oracle.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

namespace tandem::oracle {
namespace {

using cluster::Labels;
using cluster::LabelSelector;
using cluster::Node;
using cluster::Pod;
using cluster::PodSpec;
using cluster::Ptr;
using cluster::SelectorOperator;
using cluster::SelectorRequirement;

// ---------------------------------------------------------------- labels

const std::string* label(const Labels& labels, const std::string& key) {
  const auto found = labels.find(key);
  return found == labels.end() ? nullptr : &found->second;
}

bool contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool as_integer(const std::string& text, std::int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stopped == end && !text.empty();
}

bool holds(const SelectorRequirement& requirement, const std::string* value) {
  std::int64_t is = 0;
  std::int64_t wanted = 0;
  switch (requirement.op) {
    case SelectorOperator::In:
      return value != nullptr && contains(requirement.values, *value);
    case SelectorOperator::NotIn:
      return value == nullptr || !contains(requirement.values, *value);
    case SelectorOperator::Exists:
      return value != nullptr;
    case SelectorOperator::DoesNotExist:
      return value == nullptr;
    case SelectorOperator::Gt:
      return value != nullptr && as_integer(*value, is) && as_integer(requirement.values.at(0), wanted) && is > wanted;
    case SelectorOperator::Lt:
      return value != nullptr && as_integer(*value, is) && as_integer(requirement.values.at(0), wanted) && is < wanted;
  }
  return false;
}

bool selects(const LabelSelector& selector, const Labels& labels) {
  for (const auto& [key, wanted] : selector.match_labels) {
    const std::string* value = label(labels, key);
    if (value == nullptr || *value != wanted) return false;
  }
  for (const SelectorRequirement& requirement : selector.match_expressions) {
    if (!holds(requirement, label(labels, requirement.key))) return false;
  }
  return true;
}

bool is_empty(const LabelSelector& selector) { return selector.match_labels.empty() && selector.match_expressions.empty(); }

// ---------------------------------------------------------------- resources

void add(Amounts& sum, const Amounts& more) {
  for (const auto& [name, amount] : more) sum[name] += amount;
}
void take_larger(Amounts& amounts, const Amounts& other) {
  for (const auto& [name, amount] : other) amounts[name] = std::max(amounts[name], amount);
}

std::int64_t amount_of(const std::string& name, const Quantity& quantity) {
  return name == "cpu" ? quantity.milli_value() : quantity.value();
}

/// A limit stands in for a request that is not there.
Amounts requests_of(const cluster::ResourceRequirements& resources) {
  Amounts amounts;
  for (const auto& [name, quantity] : resources.limits) amounts[name] = amount_of(name, quantity);
  for (const auto& [name, quantity] : resources.requests) amounts[name] = amount_of(name, quantity);
  return amounts;
}

Amounts allocatable_of(const Node& node) {
  Amounts amounts;
  for (const auto& [name, quantity] : node.status.allocatable) amounts[name] = amount_of(name, quantity);
  return amounts;
}

std::int64_t get(const Amounts& amounts, const std::string& name) {
  const auto found = amounts.find(name);
  return found == amounts.end() ? 0 : found->second;
}

std::vector<const Pod*> pods_on(const World& world, const std::string& node, const std::vector<std::string>& without) {
  std::vector<const Pod*> there;
  for (const Ptr<Pod>& pod : world.pods) {
    if (occupies_a_node(*pod) && pod->node_name == node && !contains(without, pod->meta.uid)) there.push_back(pod.get());
  }
  return there;
}

std::string resources_object(const Pod& pod, const Node& node, const std::vector<const Pod*>& there) {
  const Amounts size = allocatable_of(node);
  if (static_cast<std::int64_t>(there.size()) + 1 > get(size, "pods")) return "too many pods";
  Amounts used;
  for (const Pod* other : there) add(used, effective_requests(*other->spec));
  for (const auto& [name, amount] : effective_requests(*pod.spec)) {
    if (amount > 0 && amount > get(size, name) - get(used, name)) return "not enough " + name;
  }
  return "";
}

// ---------------------------------------------------------------- node, taints, ports

bool tolerates(const cluster::Toleration& toleration, const cluster::Taint& taint) {
  const bool effect = toleration.effect.empty() || toleration.effect == taint.effect;
  const bool key = toleration.key.empty() || toleration.key == taint.key;
  const bool value = toleration.op == "Exists" || toleration.value == taint.value;
  return effect && key && value;
}

bool tolerates_all(const Pod& pod, const std::vector<cluster::Taint>& taints) {
  for (const cluster::Taint& taint : taints) {
    if (taint.effect == "PreferNoSchedule") continue;
    bool tolerated = false;
    for (const auto& toleration : pod.spec->tolerations) tolerated = tolerated || tolerates(toleration, taint);
    if (!tolerated) return false;
  }
  return true;
}

bool node_is_selected(const PodSpec& spec, const Node& node) {
  for (const auto& [key, wanted] : spec.node_selector) {
    const std::string* value = label(*node.meta.labels, key);
    if (value == nullptr || *value != wanted) return false;
  }
  if (!spec.affinity.node_affinity || !spec.affinity.node_affinity->required) return true;
  for (const cluster::NodeSelectorTerm& term : *spec.affinity.node_affinity->required) {
    bool all = !term.match_expressions.empty() || !term.match_fields.empty();
    for (const auto& requirement : term.match_expressions) {
      all = all && holds(requirement, label(*node.meta.labels, requirement.key));
    }
    for (const auto& requirement : term.match_fields) all = all && holds(requirement, &node.meta.name);
    if (all) return true;
  }
  return false;
}

struct Port {
  std::string ip;
  std::string protocol;
  int number = 0;
};
std::vector<Port> host_ports(const PodSpec& spec) {
  std::vector<Port> ports;
  const auto read = [&](const cluster::Container& container) {
    for (const auto& port : container.ports) {
      const int number = spec.host_network ? port.container_port : port.host_port;
      if (number != 0) ports.push_back({port.host_ip.empty() ? "0.0.0.0" : port.host_ip, port.protocol.empty() ? "TCP" : port.protocol, number});
    }
  };
  for (const auto& container : spec.containers) read(container);
  for (const auto& container : spec.init_containers) {
    if (container.restart_policy == "Always") read(container);
  }
  return ports;
}
bool ports_clash(const PodSpec& a, const PodSpec& b) {
  for (const Port& one : host_ports(a)) {
    for (const Port& other : host_ports(b)) {
      const bool addresses = one.ip == other.ip || one.ip == "0.0.0.0" || other.ip == "0.0.0.0";
      if (one.number == other.number && one.protocol == other.protocol && addresses) return true;
    }
  }
  return false;
}

// ---------------------------------------------------------------- spreading

struct Constraint {
  const cluster::TopologySpreadConstraint* source = nullptr;
  LabelSelector selector;  ///< with matchLabelKeys
  bool has_selector = false;
};

std::vector<Constraint> hard_constraints(const Pod& pod) {
  std::vector<Constraint> constraints;
  for (const auto& source : pod.spec->topology_spread_constraints) {
    if (source.when_unsatisfiable != "DoNotSchedule") continue;
    Constraint constraint{&source, {}, source.label_selector.has_value()};
    if (source.label_selector) constraint.selector = *source.label_selector;
    for (const std::string& key : source.match_label_keys) {
      const std::string* value = label(*pod.meta.labels, key);
      if (value == nullptr) continue;
      constraint.selector.match_expressions.push_back({key, SelectorOperator::In, {*value}});
      constraint.has_selector = true;
    }
    constraints.push_back(std::move(constraint));
  }
  return constraints;
}

std::string spreading_objects(const World& world, const Pod& pod, const Node& node, const std::vector<std::string>& without) {
  const std::vector<Constraint> constraints = hard_constraints(pod);
  const auto has_all_keys = [&](const Node& each) {
    return std::all_of(constraints.begin(), constraints.end(),
                       [&](const Constraint& constraint) { return label(*each.meta.labels, constraint.source->topology_key) != nullptr; });
  };
  for (const Constraint& constraint : constraints) {
    const std::string& key = constraint.source->topology_key;
    const std::string* here = label(*node.meta.labels, key);
    if (here == nullptr) return "no label " + key;
    std::map<std::string, std::int64_t> domains;
    for (const Ptr<Node>& each : world.nodes) {
      if (!has_all_keys(*each)) continue;
      if (constraint.source->node_affinity_policy != "Ignore" && !node_is_selected(*pod.spec, *each)) continue;
      if (constraint.source->node_taints_policy == "Honor" && !tolerates_all(pod, each->spec.taints)) continue;
      std::int64_t& count = domains[*label(*each->meta.labels, key)];
      if (is_empty(constraint.selector)) continue;  // selects everything, counts nothing
      for (const Pod* other : pods_on(world, each->meta.name, without)) {
        const bool counts = other->meta.namespace_ == pod.meta.namespace_ && !other->meta.deletion_timestamp &&
                            selects(constraint.selector, *other->meta.labels);
        if (counts) ++count;
      }
    }
    std::int64_t minimum = std::numeric_limits<std::int32_t>::max();
    for (const auto& [value, count] : domains) minimum = std::min(minimum, count);
    if (static_cast<std::int64_t>(domains.size()) < constraint.source->min_domains.value_or(1)) minimum = 0;
    const std::int64_t self = constraint.has_selector && selects(constraint.selector, *pod.meta.labels) ? 1 : 0;
    if (get(domains, *here) + self - minimum > constraint.source->max_skew) return "spread over " + key;
  }
  return "";
}

// ---------------------------------------------------------------- affinity between pods

/// The labels of a pod's namespace, none if nobody knows it.
Labels namespace_labels(const World& world, const std::string& name) {
  const auto found = world.namespaces.find(name);
  return found == world.namespaces.end() ? Labels{} : found->second;
}

/// Does `owner`'s term mean `other`?
bool means(const World& world, const Pod& owner, const cluster::PodAffinityTerm& term, const Pod& other) {
  bool namespace_meant = contains(term.namespaces, other.meta.namespace_);
  if (term.namespaces.empty() && !term.namespace_selector) namespace_meant = other.meta.namespace_ == owner.meta.namespace_;
  if (term.namespace_selector) {
    const bool every = is_empty(*term.namespace_selector);
    namespace_meant = namespace_meant || every || selects(*term.namespace_selector, namespace_labels(world, other.meta.namespace_));
  }
  if (!namespace_meant || !term.label_selector) return false;
  LabelSelector selector = *term.label_selector;
  for (const std::string& key : term.match_label_keys) {
    if (const std::string* value = label(*owner.meta.labels, key)) selector.match_expressions.push_back({key, SelectorOperator::In, {*value}});
  }
  for (const std::string& key : term.mismatch_label_keys) {
    if (const std::string* value = label(*owner.meta.labels, key)) selector.match_expressions.push_back({key, SelectorOperator::NotIn, {*value}});
  }
  return selects(selector, *other.meta.labels);
}

std::vector<cluster::PodAffinityTerm> required(const std::optional<cluster::PodAffinity>& affinity) {
  return affinity ? affinity->required : std::vector<cluster::PodAffinityTerm>{};
}

bool same_domain(const Node& a, const Node& b, const std::string& key) {
  const std::string* one = label(*a.meta.labels, key);
  const std::string* other = label(*b.meta.labels, key);
  return one != nullptr && other != nullptr && *one == *other;
}

std::string affinity_objects(const World& world, const Pod& pod, const Node& node, const std::vector<std::string>& without) {
  const auto wanted = required(pod.spec->affinity.pod_affinity);
  const auto unwanted = required(pod.spec->affinity.pod_anti_affinity);
  const auto matches_all = [&](const Pod& other) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& term) { return means(world, pod, term, other); });
  };
  std::vector<bool> satisfied(wanted.size(), false);
  bool nobody_matches = true;
  for (const Ptr<Node>& each : world.nodes) {
    for (const Pod* other : pods_on(world, each->meta.name, without)) {
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!matches_all(*other) || label(*each->meta.labels, wanted[i].topology_key) == nullptr) continue;
        nobody_matches = false;
        if (same_domain(*each, node, wanted[i].topology_key)) satisfied[i] = true;
      }
      for (const auto& term : unwanted) {
        if (means(world, pod, term, *other) && same_domain(*each, node, term.topology_key)) return "its anti-affinity";
      }
      for (const auto& term : required(other->spec->affinity.pod_anti_affinity)) {
        if (means(world, *other, term, pod) && same_domain(*each, node, term.topology_key)) return "anti-affinity of " + other->meta.name;
      }
    }
  }
  for (const auto& term : wanted) {
    if (label(*node.meta.labels, term.topology_key) == nullptr) return "no label " + term.topology_key;
  }
  const bool first_of_its_group = nobody_matches && matches_all(pod);
  if (std::find(satisfied.begin(), satisfied.end(), false) != satisfied.end() && !first_of_its_group) return "its affinity";
  return "";
}

/// A quirk of 1.34: the affinity rules are asked at all only if the pod has required terms or some bound pod's anti-affinity means
/// it, on a node with the term's key.
bool affinity_is_asked(const World& world, const Pod& pod) {
  if (!required(pod.spec->affinity.pod_affinity).empty() || !required(pod.spec->affinity.pod_anti_affinity).empty()) return true;
  for (const Ptr<Node>& each : world.nodes) {
    for (const Pod* other : pods_on(world, each->meta.name, {})) {
      for (const auto& term : required(other->spec->affinity.pod_anti_affinity)) {
        if (means(world, *other, term, pod) && label(*each->meta.labels, term.topology_key) != nullptr) return true;
      }
    }
  }
  return false;
}

std::string objection_of(const World& world, const Pod& pod, const Node& node, const std::vector<std::string>& without,
                         bool ask_affinity) {
  static const cluster::Taint kCordon{"node.kubernetes.io/unschedulable", "", "NoSchedule", {}, {}};
  if (node.spec.unschedulable && !tolerates_all(pod, {kCordon})) return "cordoned";
  if (!tolerates_all(pod, node.spec.taints)) return "tainted";
  if (!node_is_selected(*pod.spec, node)) return "not selected";
  const std::vector<const Pod*> there = pods_on(world, node.meta.name, without);
  for (const Pod* other : there) {
    if (ports_clash(*pod.spec, *other->spec)) return "a host port of " + other->meta.name;
  }
  if (std::string lack = resources_object(pod, node, there); !lack.empty()) return lack;
  if (std::string skew = spreading_objects(world, pod, node, without); !skew.empty()) return skew;
  return ask_affinity ? affinity_objects(world, pod, node, without) : "";
}

}  // namespace

Amounts effective_requests(const PodSpec& spec) {
  Amounts running;
  for (const auto& container : spec.containers) add(running, requests_of(container.resources));
  Amounts sidecars;
  Amounts starting;
  for (const auto& container : spec.init_containers) {
    Amounts now = requests_of(container.resources);
    if (container.restart_policy == "Always") {
      add(sidecars, now);
      take_larger(starting, sidecars);
    } else {
      add(now, sidecars);
      take_larger(starting, now);
    }
  }
  add(running, sidecars);
  take_larger(running, starting);
  for (const auto& [name, quantity] : spec.overhead) running[name] += amount_of(name, quantity);
  return running;
}

World World::of(const cluster::ApiServer& api) {
  World world{api.list<Node>(), api.list<Pod>(), {}};
  for (const auto& object : api.list<cluster::Unstructured>()) {
    if (object->kind == "Namespace") world.namespaces[object->meta.name] = *object->meta.labels;
  }
  return world;
}

bool occupies_a_node(const Pod& pod) { return !pod.node_name.empty() && !cluster::is_terminal(pod.status.phase); }

bool is_waiting(const Pod& pod) {
  return pod.node_name.empty() && !cluster::is_terminal(pod.status.phase) && !pod.meta.deletion_timestamp &&
         pod.spec->scheduling_gates.empty();
}

std::string objection(const World& world, const Pod& pod, const Node& node, const std::vector<std::string>& without) {
  return objection_of(world, pod, node, without, true);
}

std::string objection_with_nominations(const World& world, const Pod& pod, const Node& node) {
  if (std::string alone = objection(world, pod, node); !alone.empty()) return alone;
  World with = world;
  bool any = false;
  for (Ptr<Pod>& other : with.pods) {
    const bool counts = is_waiting(*other) && other->status.nominated_node_name == node.meta.name && other->meta.uid != pod.meta.uid &&
                        other->spec->priority.value_or(0) >= pod.spec->priority.value_or(0);
    if (!counts) continue;
    auto placed = std::make_shared<Pod>(*other);
    placed->node_name = node.meta.name;
    other = placed;
    any = true;
  }
  return any ? objection_of(with, pod, node, {}, affinity_is_asked(world, pod)) : "";
}

std::vector<std::string> feasible_nodes(const World& world, const Pod& pod) {
  std::vector<std::string> names;
  for (const Ptr<Node>& node : world.nodes) {
    if (objection_with_nominations(world, pod, *node).empty()) names.push_back(node->meta.name);
  }
  return names;
}

std::string overcommitment(const World& world, const Node& node) {
  const std::vector<const Pod*> there = pods_on(world, node.meta.name, {});
  Amounts used;
  for (const Pod* pod : there) add(used, effective_requests(*pod->spec));
  const Amounts size = allocatable_of(node);
  for (const auto& [name, amount] : used) {
    if (amount > get(size, name)) return name + " of " + node.meta.name + ": " + std::to_string(amount) + " of " + std::to_string(get(size, name));
  }
  if (static_cast<std::int64_t>(there.size()) > get(size, "pods")) return "pods of " + node.meta.name;
  return "";
}

}  // namespace tandem::oracle
