#include "core/control/scheduler/profile.hpp"

#include <array>
#include <set>

#include "core/base/text.hpp"
#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

struct Registered {
  std::string_view name;
  std::unique_ptr<SchedulerPlugin> (*make)();
  std::int64_t default_weight;
};

/// One line a plugin, in the order of upstream's default profile.
constexpr std::array kRegistry{
    Registered{"NodeUnschedulable", make_node_unschedulable, 0},
    Registered{"NodeName", make_node_name, 0},
    Registered{"TaintToleration", make_taint_toleration, 3},
    Registered{"NodeAffinity", make_node_affinity, 2},
    Registered{"NodePorts", make_node_ports, 0},
    Registered{"NodeResourcesFit", make_node_resources_fit, 1},
    Registered{"PodTopologySpread", make_pod_topology_spread, 2},
    Registered{"InterPodAffinity", make_inter_pod_affinity, 2},
    Registered{"DynamicResources", make_dynamic_resources, 0},
    Registered{"DefaultPreemption", make_default_preemption, 0},
    Registered{"NodeResourcesBalancedAllocation", make_node_resources_balanced_allocation, 1},
    Registered{"ImageLocality", make_image_locality, 1},
};

Error out_of_range(std::string what, std::int64_t found, std::string allowed) {
  return make_error(ErrorCode::ValueOutOfRange, std::move(what))
      .with_found(std::to_string(found))
      .with_allowed(std::move(allowed));
}

}  // namespace

Profile default_profile() {
  Profile profile;
  for (const Registered& entry : kRegistry) profile.plugins.push_back({std::string(entry.name), entry.default_weight});
  return profile;
}

std::vector<std::string_view> plugin_names() {
  std::vector<std::string_view> names;
  for (const Registered& entry : kRegistry) names.push_back(entry.name);
  return names;
}

Result<std::unique_ptr<SchedulerPlugin>> make_plugin(std::string_view name) {
  for (const Registered& entry : kRegistry) {
    if (entry.name == name) return entry.make();
  }
  const std::vector<std::string_view> names = plugin_names();
  std::string allowed;
  for (const std::string_view known : names) allowed.append(allowed.empty() ? "" : ", ").append(known);
  const std::string nearest = nearest_name(name, names);
  return fail(make_error(ErrorCode::ValueNotAllowed, "there is no scheduler plugin of this name")
                  .with_found(std::string(name))
                  .with_allowed(std::move(allowed))
                  .with_hint(nearest.empty() ? "" : "did you mean " + nearest + "?"));
}

Checked<std::vector<ConfiguredPlugin>> configure(const Profile& profile) {
  Errors errors;
  if (profile.percentage_of_nodes_to_score < 0 || profile.percentage_of_nodes_to_score > 100) {
    errors.push_back(
        out_of_range("percentageOfNodesToScore is a percentage", profile.percentage_of_nodes_to_score, "0 to 100"));
  }
  std::vector<ConfiguredPlugin> configured;
  std::set<std::string> seen;
  for (const EnabledPlugin& enabled : profile.plugins) {
    if (!seen.insert(enabled.name).second) {
      errors.push_back(make_error(ErrorCode::ValueDuplicateName, "a plugin is enabled twice").with_found(enabled.name));
    }
    if (enabled.weight < 0) errors.push_back(out_of_range("the weight of " + enabled.name, enabled.weight, "0 or more"));
    auto made = make_plugin(enabled.name);
    if (!made) {
      errors.push_back(std::move(made).error());
      continue;
    }
    const ExtensionPoints points = (*made)->extension_points();
    const bool node_local = (*made)->dependence() == Dependence::Node;
    configured.push_back({std::move(*made), enabled.weight, points, node_local});
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return configured;
}

}  // namespace tandem::control::scheduler
