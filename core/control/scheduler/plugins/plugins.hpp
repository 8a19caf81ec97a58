#pragma once
// One function a plugin. A new plugin touches its own file, this list, the registry in profile.cpp and kKnownPlugins.

#include <memory>

#include "core/control/scheduler/external_policy.hpp"
#include "core/control/scheduler/plugin.hpp"
#include "core/scenario/scheduler_config.hpp"

namespace tandem::control::scheduler {

std::unique_ptr<SchedulerPlugin> make_node_unschedulable();
std::unique_ptr<SchedulerPlugin> make_node_name();
std::unique_ptr<SchedulerPlugin> make_taint_toleration();
std::unique_ptr<SchedulerPlugin> make_node_affinity();
std::unique_ptr<SchedulerPlugin> make_node_ports();
std::unique_ptr<SchedulerPlugin> make_node_resources_fit(const scenario::NodeResourcesFitArgs& args);
std::unique_ptr<SchedulerPlugin> make_pod_topology_spread(const scenario::PodTopologySpreadArgs& args);
std::unique_ptr<SchedulerPlugin> make_inter_pod_affinity(const scenario::InterPodAffinityArgs& args);
std::unique_ptr<SchedulerPlugin> make_dynamic_resources();
std::unique_ptr<SchedulerPlugin> make_default_preemption(const scenario::DefaultPreemptionArgs& args);
std::unique_ptr<SchedulerPlugin> make_node_resources_balanced_allocation(const scenario::BalancedAllocationArgs& args);
std::unique_ptr<SchedulerPlugin> make_image_locality();

std::unique_ptr<SchedulerPlugin> make_first_fit();
std::unique_ptr<SchedulerPlugin> make_random();
std::unique_ptr<SchedulerPlugin> make_round_robin();
std::unique_ptr<SchedulerPlugin> make_external_policy(ExternalPolicyPtr external);

}  // namespace tandem::control::scheduler
