#include "core/control/scheduler/pod_class.hpp"

#include <algorithm>

#include "core/cluster/selector.hpp"

namespace tandem::control::scheduler {
namespace {

using cluster::Container;
using cluster::Labels;
using cluster::LabelSelector;
using cluster::Pod;
using cluster::PodAffinityTerm;
using cluster::PodSpec;
using cluster::SelectorOperator;

void append_host_ports(const Container& container, bool host_network, std::vector<HostPort>& ports) {
  for (const cluster::ContainerPort& port : container.ports) {
    // With hostNetwork the API server sets every hostPort to its containerPort (§1.5).
    const std::int32_t host_port = host_network && port.host_port == 0 ? port.container_port : port.host_port;
    if (host_port <= 0) continue;
    ports.push_back(
        {port.host_ip.empty() ? "0.0.0.0" : port.host_ip, port.protocol.empty() ? "TCP" : port.protocol, host_port});
  }
}

std::vector<HostPort> host_ports_of(const PodSpec& spec) {
  std::vector<HostPort> ports;
  for (const Container& container : spec.containers) append_host_ports(container, spec.host_network, ports);
  for (const Container& container : spec.init_containers) {
    if (container.restart_policy == "Always") append_host_ports(container, spec.host_network, ports);
  }
  return ports;
}

/// For each key that the pod carries: key In [value] or key NotIn [value]. The API server appends the same when the pod is
/// created; doing it again changes nothing.
void merge_label_keys(LabelSelector& selector, const std::vector<std::string>& keys, SelectorOperator op,
                      const Labels& labels) {
  for (const std::string& key : keys) {
    const auto found = labels.find(key);
    if (found != labels.end()) selector.match_expressions.push_back({key, op, {found->second}});
  }
}

AffinityTerm resolve(const PodAffinityTerm& term, std::int32_t weight, const Pod& pod) {
  AffinityTerm resolved;
  resolved.weight = weight;
  resolved.topology_key = term.topology_key;
  resolved.namespace_selector = term.namespace_selector;
  resolved.namespaces = term.namespaces;
  if (term.namespaces.empty() && !term.namespace_selector) resolved.namespaces = {pod.meta.namespace_};
  std::sort(resolved.namespaces.begin(), resolved.namespaces.end());
  resolved.selector = term.label_selector;
  if (resolved.selector) {
    merge_label_keys(*resolved.selector, term.match_label_keys, SelectorOperator::In, *pod.meta.labels);
    merge_label_keys(*resolved.selector, term.mismatch_label_keys, SelectorOperator::NotIn, *pod.meta.labels);
  }
  return resolved;
}

void resolve_terms(const cluster::PodAffinity& affinity, const Pod& pod, std::vector<AffinityTerm>& required,
                   std::vector<AffinityTerm>& preferred) {
  for (const PodAffinityTerm& term : affinity.required) required.push_back(resolve(term, 0, pod));
  for (const auto& weighted : affinity.preferred) preferred.push_back(resolve(weighted.term, weighted.weight, pod));
}

}  // namespace

bool conflict(const HostPort& a, const HostPort& b) {
  if (a.port != b.port || a.protocol != b.protocol) return false;
  return a.ip == b.ip || a.ip == "0.0.0.0" || b.ip == "0.0.0.0";
}

bool AffinityTerm::matches(const Labels& pod_labels, const std::string& pod_namespace, const Labels& namespace_labels) const {
  const bool namespace_meant = std::binary_search(namespaces.begin(), namespaces.end(), pod_namespace) ||
                               (namespace_selector && cluster::matches(*namespace_selector, namespace_labels));
  return namespace_meant && selector && cluster::matches(*selector, pod_labels);
}

bool PodClass::covers(const Pod& pod) const {
  if (!(spec == pod.spec && labels == pod.meta.labels && namespace_ == pod.meta.namespace_)) return false;
  const cluster::OwnerReference* owner = cluster::controller_of(pod.meta);
  if (owner == nullptr) return owner_kind.empty();
  return owner_kind == owner->kind && owner_name == owner->name;
}

std::shared_ptr<const PodClass> make_pod_class(const Pod& pod, std::uint32_t id) {
  auto result = std::make_shared<PodClass>();
  result->id = id;
  result->spec = pod.spec;
  result->labels = pod.meta.labels;
  result->namespace_ = pod.meta.namespace_;
  if (const cluster::OwnerReference* owner = cluster::controller_of(pod.meta)) {
    result->owner_kind = owner->kind;
    result->owner_name = owner->name;
  }
  result->requests = requests_of(*pod.spec);
  result->host_ports = host_ports_of(*pod.spec);
  const cluster::Affinity& affinity = pod.spec->affinity;
  if (affinity.pod_affinity) resolve_terms(*affinity.pod_affinity, pod, result->required_affinity, result->preferred_affinity);
  if (affinity.pod_anti_affinity) {
    resolve_terms(*affinity.pod_anti_affinity, pod, result->required_anti_affinity, result->preferred_anti_affinity);
  }
  result->has_affinity = affinity.pod_affinity.has_value() || affinity.pod_anti_affinity.has_value();
  return result;
}

}  // namespace tandem::control::scheduler
