#pragma once
// Topology spread constraints of a pod, its own or the system's defaults, ready to be counted (kubernetes-semantics §1.5,
// §1.7).

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/control/scheduler/snapshot.hpp"
#include "core/scenario/scheduler_config.hpp"

namespace tandem::control::scheduler {

/// The key whose domains are single nodes.
inline constexpr std::string_view kHostnameKey = "kubernetes.io/hostname";

struct SpreadConstraint {
  std::int32_t max_skew = 1;
  std::string topology_key;
  std::int32_t min_domains = 1;
  bool honor_node_affinity = true;  ///< only nodes that the pod's selector and required affinity allow are counted
  bool honor_node_taints = false;   ///< only nodes whose taints the pod tolerates are counted
  cluster::LabelSelector selector;  ///< matchLabelKeys are merged in
  bool selects_nothing = false;     ///< there is no selector at all

  /// An empty selector counts no pod although it matches every one.
  [[nodiscard]] bool counts_no_pod() const { return selects_nothing || is_empty(); }
  [[nodiscard]] bool is_empty() const { return selector.match_labels.empty() && selector.match_expressions.empty(); }
  [[nodiscard]] bool matches(const cluster::Labels& labels) const;
  /// Whether the inclusion policies let this node be counted for the pod.
  [[nodiscard]] bool includes(const PodClass& pod_class, const NodeInfo& node) const;
};

/// The pod's own constraints of one kind: "DoNotSchedule" or "ScheduleAnyway".
std::vector<SpreadConstraint> own_constraints(const PodClass& pod_class, std::string_view when_unsatisfiable);

/// What the configuration asks of pods without constraints of their own, of one kind, over the pods that the same Services and the
/// same ReplicaSet, StatefulSet or ReplicationController select; none for a pod that nothing selects. The system defaults are both
/// ScheduleAnyway: hostname with skew 3 and zone with skew 5.
std::vector<SpreadConstraint> default_constraints(const PodClass& pod_class, const Snapshot& snapshot,
                                                  const scenario::PodTopologySpreadArgs& args,
                                                  std::string_view when_unsatisfiable);

/// The pod's own constraints of one kind if it has any of either kind, else the defaults.
std::vector<SpreadConstraint> constraints_of(const PodClass& pod_class, const Snapshot& snapshot,
                                             const scenario::PodTopologySpreadArgs& args, std::string_view when_unsatisfiable);

}  // namespace tandem::control::scheduler
