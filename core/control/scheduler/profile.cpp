#include "core/control/scheduler/profile.hpp"

#include <array>
#include <set>

#include "core/base/text.hpp"
#include "core/control/scheduler/plugins/plugins.hpp"

namespace tandem::control::scheduler {
namespace {

/// What plugins are made of.
struct Ingredients {
  const scenario::PluginArgs& args;
  const ExternalPolicyPtr& external;
};
using Made = std::unique_ptr<SchedulerPlugin>;

struct Registered {
  std::string_view name;
  Made (*make)(const Ingredients&);
};

template <Made (*make)()>
Made plain(const Ingredients&) {
  return make();
}

/// One line a plugin; their order and weights are in kKnownPlugins.
constexpr std::array kRegistry{
    Registered{"NodeUnschedulable", plain<make_node_unschedulable>},
    Registered{"NodeName", plain<make_node_name>},
    Registered{"TaintToleration", plain<make_taint_toleration>},
    Registered{"NodeAffinity", plain<make_node_affinity>},
    Registered{"NodePorts", plain<make_node_ports>},
    Registered{"NodeResourcesFit", [](const Ingredients& in) { return make_node_resources_fit(in.args.node_resources_fit); }},
    Registered{"PodTopologySpread", [](const Ingredients& in) { return make_pod_topology_spread(in.args.pod_topology_spread); }},
    Registered{"InterPodAffinity", [](const Ingredients& in) { return make_inter_pod_affinity(in.args.inter_pod_affinity); }},
    Registered{"DynamicResources", plain<make_dynamic_resources>},
    Registered{"DefaultPreemption", [](const Ingredients& in) { return make_default_preemption(in.args.default_preemption); }},
    Registered{"NodeResourcesBalancedAllocation",
               [](const Ingredients& in) { return make_node_resources_balanced_allocation(in.args.balanced_allocation); }},
    Registered{"ImageLocality", plain<make_image_locality>},
    Registered{"FirstFit", plain<make_first_fit>},
    Registered{"Random", plain<make_random>},
    Registered{"RoundRobin", plain<make_round_robin>},
    Registered{"ExternalPolicy", [](const Ingredients& in) { return make_external_policy(in.external); }},
};
static_assert(kRegistry.size() == scenario::kKnownPlugins.size(), "what can be named can be made");

Error out_of_range(std::string what, std::int64_t found, std::string allowed) {
  return make_error(ErrorCode::ValueOutOfRange, std::move(what))
      .with_found(std::to_string(found))
      .with_allowed(std::move(allowed));
}

}  // namespace

std::vector<std::string_view> plugin_names() {
  std::vector<std::string_view> names;
  for (const auto& plugin : scenario::kKnownPlugins) names.push_back(plugin.name);
  return names;
}

Result<std::unique_ptr<SchedulerPlugin>> make_plugin(std::string_view name, const scenario::PluginArgs& args,
                                                     const ExternalPolicyPtr& external) {
  if (name == "ExternalPolicy" && !external) {
    return fail(make_error(ErrorCode::ValueMissing, "the plugin ExternalPolicy has no process to ask")
                    .with_found(std::string(name))
                    .with_hint("give its command under pluginConfig"));
  }
  for (const Registered& entry : kRegistry) {
    if (entry.name == name) return entry.make({args, external});
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

Checked<std::vector<ConfiguredPlugin>> configure(const Profile& profile, const ExternalPolicyPtr& external) {
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
    auto made = make_plugin(enabled.name, profile.args, external);
    if (!made) {
      errors.push_back(std::move(made).error());
      continue;
    }
    ExtensionPoints points = (*made)->extension_points();
    points.filter = points.filter && enabled.filter;
    points.score = points.score && enabled.weight > 0;
    points.post_filter = points.post_filter && enabled.post_filter;
    const bool node_local = (*made)->dependence() == Dependence::Node;
    configured.push_back({std::move(*made), enabled.weight, points, node_local});
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return configured;
}

}  // namespace tandem::control::scheduler
