#pragma once
// How pods are scheduled, as values: what a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) says, with its plugin sets
// merged. The loader reads it, core/control/scheduler makes algorithms of it. Header only, so that both can use it.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::scenario {

// ---------------------------------------------------------------- plugin arguments, with Kubernetes' defaults

struct ResourceWeight {
  std::string name;
  std::int64_t weight = 1;  ///< 1..100
  friend bool operator==(const ResourceWeight&, const ResourceWeight&) = default;
};
inline std::vector<ResourceWeight> cpu_and_memory() { return {{"cpu", 1}, {"memory", 1}}; }

enum class ScoringStrategy : std::uint8_t { LeastAllocated, MostAllocated, RequestedToCapacityRatio };

/// A corner of RequestedToCapacityRatio's piecewise linear function.
struct ShapePoint {
  std::int64_t utilization = 0;  ///< percent
  std::int64_t score = 0;        ///< 0..10
  friend bool operator==(const ShapePoint&, const ShapePoint&) = default;
};

struct NodeResourcesFitArgs {
  std::vector<std::string> ignored_resources;        ///< extended resources that the filter leaves alone
  std::vector<std::string> ignored_resource_groups;  ///< the same by the part of the name before '/'
  ScoringStrategy strategy = ScoringStrategy::LeastAllocated;
  std::vector<ResourceWeight> resources = cpu_and_memory();
  std::vector<ShapePoint> shape;  ///< RequestedToCapacityRatio only, ascending in utilization
  friend bool operator==(const NodeResourcesFitArgs&, const NodeResourcesFitArgs&) = default;
};

struct BalancedAllocationArgs {
  std::vector<ResourceWeight> resources = cpu_and_memory();
  friend bool operator==(const BalancedAllocationArgs&, const BalancedAllocationArgs&) = default;
};

struct InterPodAffinityArgs {
  std::int64_t hard_pod_affinity_weight = 1;  ///< 0..100; what another pod's required affinity for the incoming one is worth
  bool ignore_preferred_terms_of_existing_pods = false;
  friend bool operator==(const InterPodAffinityArgs&, const InterPodAffinityArgs&) = default;
};

struct PodTopologySpreadArgs {
  bool system_defaults = true;  ///< defaultingType System; false: List
  std::vector<cluster::TopologySpreadConstraint> default_constraints;  ///< of List; without selectors
  friend bool operator==(const PodTopologySpreadArgs&, const PodTopologySpreadArgs&) = default;
};

struct DefaultPreemptionArgs {
  std::int64_t min_candidate_nodes_percentage = 10;
  std::int64_t min_candidate_nodes_absolute = 100;
  friend bool operator==(const DefaultPreemptionArgs&, const DefaultPreemptionArgs&) = default;
};

/// A policy in a process of its own (docs/scheduling.md).
struct ExternalPolicyArgs {
  std::vector<std::string> command;          ///< program and arguments
  std::map<std::string, std::string> files;  ///< name → contents; put into the folder where the program is started
  SimDuration timeout = seconds(5);          ///< wall-clock time for one answer
  friend bool operator==(const ExternalPolicyArgs&, const ExternalPolicyArgs&) = default;
};

struct PluginArgs {
  NodeResourcesFitArgs node_resources_fit;
  BalancedAllocationArgs balanced_allocation;
  InterPodAffinityArgs inter_pod_affinity;
  PodTopologySpreadArgs pod_topology_spread;
  DefaultPreemptionArgs default_preemption;
  ExternalPolicyArgs external_policy;
  friend bool operator==(const PluginArgs&, const PluginArgs&) = default;
};

// ---------------------------------------------------------------- profiles

/// A plugin in a profile and what it is asked to do there. What it cannot do is never asked.
struct EnabledPlugin {
  std::string name;
  std::int64_t weight = 0;  ///< of its normalized score; 0: it does not score
  bool filter = true;       ///< PreFilter and Filter
  bool post_filter = true;
  friend bool operator==(const EnabledPlugin&, const EnabledPlugin&) = default;
};

struct SchedulerProfile {
  std::string scheduler_name = "default-scheduler";
  std::vector<EnabledPlugin> plugins;    ///< in the order in which they run
  int percentage_of_nodes_to_score = 0;  ///< 0 = adaptive (kubernetes-semantics §1.3), else 1..100
  PluginArgs args;
  friend bool operator==(const SchedulerProfile&, const SchedulerProfile&) = default;
};

struct SchedulerConfig {
  std::vector<SchedulerProfile> profiles;
  SimDuration pod_initial_backoff = seconds(1);
  SimDuration pod_max_backoff = seconds(10);
  friend bool operator==(const SchedulerConfig&, const SchedulerConfig&) = default;
};

/// A plugin that profiles can name.
struct KnownPlugin {
  std::string_view name;
  std::int64_t default_weight = 0;  ///< in the default profile
  bool by_default = true;           ///< part of the default profile
  bool scores = false;
};

/// In the order of upstream's default profile (pkg/scheduler/apis/config/v1/default_plugins.go, v1.34), as far as they are built
/// here; then our own.
inline constexpr std::array kKnownPlugins{
    KnownPlugin{"NodeUnschedulable", 0, true, false},
    KnownPlugin{"NodeName", 0, true, false},
    KnownPlugin{"TaintToleration", 3, true, true},
    KnownPlugin{"NodeAffinity", 2, true, true},
    KnownPlugin{"NodePorts", 0, true, false},
    KnownPlugin{"NodeResourcesFit", 1, true, true},
    KnownPlugin{"PodTopologySpread", 2, true, true},
    KnownPlugin{"InterPodAffinity", 2, true, true},
    KnownPlugin{"DynamicResources", 0, true, false},
    KnownPlugin{"DefaultPreemption", 0, true, false},
    KnownPlugin{"NodeResourcesBalancedAllocation", 1, true, true},
    KnownPlugin{"ImageLocality", 1, true, true},
    KnownPlugin{"FirstFit", 1, false, true},
    KnownPlugin{"Random", 1, false, true},
    KnownPlugin{"RoundRobin", 1, false, true},
    KnownPlugin{"ExternalPolicy", 1, false, true},
};

/// Upstream's default plugins with upstream's weights.
inline SchedulerProfile default_scheduler_profile() {
  SchedulerProfile profile;
  for (const KnownPlugin& plugin : kKnownPlugins) {
    if (plugin.by_default) profile.plugins.push_back({std::string(plugin.name), plugin.default_weight, true, true});
  }
  return profile;
}

}  // namespace tandem::scenario
