#pragma once
// One function a plugin; plugin_registry.cpp lists them. A new plugin touches its own file, this list and that one.

#include <memory>

#include "core/control/scheduler/plugin.hpp"

namespace tandem::control::scheduler {

std::unique_ptr<SchedulerPlugin> make_node_unschedulable();
std::unique_ptr<SchedulerPlugin> make_node_name();
std::unique_ptr<SchedulerPlugin> make_taint_toleration();
std::unique_ptr<SchedulerPlugin> make_node_affinity();
std::unique_ptr<SchedulerPlugin> make_node_ports();
std::unique_ptr<SchedulerPlugin> make_node_resources_fit();
std::unique_ptr<SchedulerPlugin> make_pod_topology_spread();
std::unique_ptr<SchedulerPlugin> make_inter_pod_affinity();
std::unique_ptr<SchedulerPlugin> make_dynamic_resources();
std::unique_ptr<SchedulerPlugin> make_default_preemption();
std::unique_ptr<SchedulerPlugin> make_node_resources_balanced_allocation();
std::unique_ptr<SchedulerPlugin> make_image_locality();

}  // namespace tandem::control::scheduler
