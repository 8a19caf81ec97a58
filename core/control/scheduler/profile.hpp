#pragma once
// Which plugins decide, in which order and with which weight: what a profile of KubeSchedulerConfiguration says.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/control/scheduler/plugin.hpp"

namespace tandem::control::scheduler {

struct EnabledPlugin {
  std::string name;
  std::int64_t weight = 0;  ///< of its normalized score; 0 for plugins that do not score
  friend bool operator==(const EnabledPlugin&, const EnabledPlugin&) = default;
};

struct Profile {
  std::string scheduler_name = "default-scheduler";
  std::vector<EnabledPlugin> plugins;    ///< in the order in which they run
  int percentage_of_nodes_to_score = 0;  ///< 0 = adaptive (kubernetes-semantics §1.3), else 1..100
  friend bool operator==(const Profile&, const Profile&) = default;
};

/// Upstream's default plugins as far as they are built here, in upstream's order with upstream's weights
/// (pkg/scheduler/apis/config/v1/default_plugins.go, v1.34).
Profile default_profile();

/// Names of every plugin that exists here, in default order.
std::vector<std::string_view> plugin_names();

/// Errors: ValueNotAllowed with the nearest known name.
Result<std::unique_ptr<SchedulerPlugin>> make_plugin(std::string_view name);

/// A plugin as a profile configures it.
struct ConfiguredPlugin {
  std::unique_ptr<SchedulerPlugin> plugin;
  std::int64_t weight = 0;
  ExtensionPoints points;
  bool node_local = false;  ///< Dependence::Node
};

/// The profile's plugins in order. Errors, all at once: unknown names, a plugin twice, a negative weight, a percentage
/// outside 0..100.
Checked<std::vector<ConfiguredPlugin>> configure(const Profile& profile);

}  // namespace tandem::control::scheduler
