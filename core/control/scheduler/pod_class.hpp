#pragma once
// What pods of one workload have in common for the scheduler. Pods of a ReplicaSet share one PodClass, so requests, ports
// and affinity terms are worked out once, and results for a node can be shared between them (cycle.hpp).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/cluster/objects.hpp"
#include "core/control/scheduler/resources.hpp"

namespace tandem::control::scheduler {

/// A port taken on the node. An empty hostIP has become "0.0.0.0", an empty protocol "TCP".
struct HostPort {
  std::string ip;
  std::string protocol;
  std::int32_t port = 0;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};
/// Same protocol and port, and equal addresses or 0.0.0.0 on either side.
bool conflict(const HostPort& a, const HostPort& b);

/// One inter-pod (anti-)affinity term with its namespaces resolved as far as the pod alone tells.
struct AffinityTerm {
  std::vector<std::string> namespaces;                       ///< sorted; the pod's own if the term names none
  std::optional<cluster::LabelSelector> selector;            ///< absent matches nothing; matchLabelKeys are merged in
  std::optional<cluster::LabelSelector> namespace_selector;  ///< absent matches no namespace
  std::string topology_key;
  std::int32_t weight = 0;  ///< preferred terms only

  /// Whether a pod with these labels in this namespace is meant. `namespace_labels` are the labels against which the
  /// namespace selector is tried: the pod's namespace's, or none (see plugins/inter_pod_affinity.cpp).
  [[nodiscard]] bool matches(const cluster::Labels& pod_labels, const std::string& pod_namespace,
                             const cluster::Labels& namespace_labels) const;
};

/// Immutable. Two pods have the same class if specification, labels, namespace and controlling owner are equal.
struct PodClass {
  std::uint32_t id = 0;  ///< unique within a Snapshot, never reused
  Shared<cluster::PodSpec> spec;
  Shared<cluster::Labels> labels;
  std::string namespace_;
  std::string owner_kind;  ///< of the controlling owner; empty if there is none
  std::string owner_name;

  PodRequests requests;
  std::vector<HostPort> host_ports;  ///< containers and sidecars
  std::vector<AffinityTerm> required_affinity;
  std::vector<AffinityTerm> required_anti_affinity;
  std::vector<AffinityTerm> preferred_affinity;
  std::vector<AffinityTerm> preferred_anti_affinity;
  bool has_affinity = false;  ///< podAffinity or podAntiAffinity is present

  [[nodiscard]] std::int32_t priority() const { return spec->priority.value_or(0); }
  /// Whether `pod` belongs to this class. Cheap when pods share specification and labels by reference.
  [[nodiscard]] bool covers(const cluster::Pod& pod) const;
};

/// Works out a pod's class.
std::shared_ptr<const PodClass> make_pod_class(const cluster::Pod& pod, std::uint32_t id);

}  // namespace tandem::control::scheduler
