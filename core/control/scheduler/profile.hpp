#pragma once
// Which plugins decide, in which order and with which weight: what a profile of KubeSchedulerConfiguration says.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/control/scheduler/external_policy.hpp"
#include "core/control/scheduler/plugin.hpp"
#include "core/scenario/scheduler_config.hpp"

namespace tandem::control::scheduler {

using scenario::EnabledPlugin;
using Profile = scenario::SchedulerProfile;

/// Upstream's default plugins as far as they are built here, in upstream's order with upstream's weights.
inline Profile default_profile() { return scenario::default_scheduler_profile(); }

/// Names of every plugin that exists here, in default order.
std::vector<std::string_view> plugin_names();

/// `external` is what the plugin ExternalPolicy asks; other plugins do without.
/// Errors: ValueNotAllowed with the nearest known name; ValueMissing for ExternalPolicy without a process.
Result<std::unique_ptr<SchedulerPlugin>> make_plugin(std::string_view name, const scenario::PluginArgs& args = {},
                                                     const ExternalPolicyPtr& external = nullptr);

/// A plugin as a profile configures it.
struct ConfiguredPlugin {
  std::unique_ptr<SchedulerPlugin> plugin;
  std::int64_t weight = 0;
  ExtensionPoints points;   ///< what the plugin has and the profile asks for
  bool node_local = false;  ///< Dependence::Node
};

/// The profile's plugins in order. Errors, all at once: unknown names, a plugin twice, a negative weight, a percentage
/// outside 0..100.
Checked<std::vector<ConfiguredPlugin>> configure(const Profile& profile, const ExternalPolicyPtr& external = nullptr);

}  // namespace tandem::control::scheduler
