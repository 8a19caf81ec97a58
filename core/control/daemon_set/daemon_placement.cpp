#include "core/control/daemon_set/daemon_placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/cluster/selector.hpp"

namespace tandem::control {

namespace {

using cluster::DaemonSet;
using cluster::Node;
using cluster::Pod;
using cluster::Toleration;

/// spec.nodeName of the template; a field that PodSpec does not know.
std::string template_node_name(const DaemonSet& set) {
  const cluster::JsonRest& rest = set.spec.pod_template->spec->rest;
  if (!rest.fields || !rest.fields->is_object()) return {};
  return rest.fields->value("nodeName", std::string());
}

/// Daemon pods stay through trouble of their node: these conditions never keep them away.
std::vector<Toleration> automatic_tolerations(bool host_network) {
  std::vector<Toleration> tolerations;
  const auto add = [&](const char* condition, const char* effect) {
    tolerations.push_back({.key = fmt::format("node.kubernetes.io/{}", condition), .op = "Exists", .effect = effect});
  };
  add("not-ready", "NoExecute");
  add("unreachable", "NoExecute");
  add("disk-pressure", "NoSchedule");
  add("memory-pressure", "NoSchedule");
  add("pid-pressure", "NoSchedule");
  add("unschedulable", "NoSchedule");
  if (host_network) add("network-unavailable", "NoSchedule");
  return tolerations;
}

std::vector<Toleration> tolerations_of(const cluster::PodSpec& spec) {
  std::vector<Toleration> all = spec.tolerations;
  for (Toleration& one : automatic_tolerations(spec.host_network)) {
    // One with the same key, operator, value and effect is replaced.
    std::erase_if(all, [&](const Toleration& other) { return other.key == one.key && other.op == one.op && other.value == one.value && other.effect == one.effect; });
    all.push_back(std::move(one));
  }
  return all;
}

bool fits_affinity(const cluster::PodSpec& spec, const Node& node) {
  if (!cluster::matches(spec.node_selector, *node.meta.labels)) return false;
  if (!spec.affinity.node_affinity || !spec.affinity.node_affinity->required) return true;
  const auto& terms = *spec.affinity.node_affinity->required;
  return std::any_of(terms.begin(), terms.end(), [&](const auto& term) { return cluster::matches(term, *node.meta.labels, node.meta.name); });
}

bool tolerates_all(const std::vector<Toleration>& tolerations, const Node& node, bool with_no_schedule) {
  return std::all_of(node.spec.taints.begin(), node.spec.taints.end(), [&](const cluster::Taint& taint) {
    const bool counts = taint.effect == "NoExecute" || (with_no_schedule && taint.effect == "NoSchedule");
    return !counts || std::any_of(tolerations.begin(), tolerations.end(),
                                  [&](const Toleration& toleration) { return cluster::tolerates(toleration, taint); });
  });
}

}  // namespace

NodeVerdict daemon_verdict(const DaemonSet& set, const Node& node) {
  const cluster::PodSpec& spec = *set.spec.pod_template->spec;
  const std::string pinned = template_node_name(set);
  if (!pinned.empty() && pinned != node.meta.name) return {};
  if (!fits_affinity(spec, node)) return {};
  const std::vector<Toleration> tolerations = tolerations_of(spec);
  if (tolerates_all(tolerations, node, true)) return {true, true};
  return {false, tolerates_all(tolerations, node, false)};
}

Pod daemon_pod(const DaemonSet& set, const std::string& node_name, const std::string& revision_hash) {
  const cluster::PodTemplate& from = *set.spec.pod_template;
  Pod pod;
  pod.meta.namespace_ = set.meta.namespace_;
  pod.meta.generate_name = fmt::format("{}-", set.meta.name);
  pod.meta.labels = from.labels;
  pod.meta.labels.edit([&](cluster::Labels& labels) { labels["controller-revision-hash"] = revision_hash; });
  pod.meta.annotations = from.annotations;
  pod.meta.owner_references = {{.api_version = std::string(DaemonSet::kApiVersion), .kind = std::string(DaemonSet::kKind),
                                .name = set.meta.name, .uid = set.meta.uid, .controller = true, .block_owner_deletion = true}};
  pod.spec = from.spec;
  pod.spec.edit([&](cluster::PodSpec& spec) {
    spec.tolerations = tolerations_of(spec);
    // The whole required affinity gives way to the node's name.
    cluster::NodeSelectorTerm term;
    term.match_fields = {{.key = "metadata.name", .op = cluster::SelectorOperator::In, .values = {node_name}}};
    if (!spec.affinity.node_affinity) spec.affinity.node_affinity.emplace();
    spec.affinity.node_affinity->required = std::vector{std::move(term)};
  });
  return pod;
}

std::string target_node(const Pod& pod) {
  if (!pod.node_name.empty()) return pod.node_name;
  const auto& affinity = pod.spec->affinity.node_affinity;
  if (!affinity || !affinity->required) return {};
  for (const cluster::NodeSelectorTerm& term : *affinity->required) {
    for (const cluster::SelectorRequirement& field : term.match_fields) {
      if (field.key == "metadata.name" && field.op == cluster::SelectorOperator::In && field.values.size() == 1) return field.values.front();
    }
  }
  return {};
}

}  // namespace tandem::control
