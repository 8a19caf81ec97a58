#include "core/scenario/scheduler_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/base/text.hpp"
#include "core/scenario/scenario_tables.hpp"

namespace tandem::scenario {
namespace {

/// Plugins of kube-scheduler that decide nothing here: they may be named, to no effect.
constexpr std::array<std::string_view, 7> kElsewhere{"PrioritySort",   "SchedulingGates", "VolumeRestrictions", "NodeVolumeLimits",
                                                     "VolumeBinding", "VolumeZone",      "DefaultBinder"};
constexpr std::string_view kAll = "*";

const KnownPlugin* known_plugin(std::string_view name) {
  const auto found = std::find_if(kKnownPlugins.begin(), kKnownPlugins.end(), [&](const KnownPlugin& plugin) { return plugin.name == name; });
  return found == kKnownPlugins.end() ? nullptr : &*found;
}

/// Whether a plugin of this name decides something here. Reports names that nobody knows.
bool is_built(const ObjectView& view, Diagnostics& diagnostics) {
  const std::string name = view.text("name");
  if (known_plugin(name) != nullptr) return true;
  if (std::find(kElsewhere.begin(), kElsewhere.end(), name) != kElsewhere.end()) {
    Error warning = make_error(ErrorCode::ScenarioUnsupportedKind, fmt::format("{} has no effect here: nothing that it decides is modelled", name), view.place("name"));
    warning.path = view.path_of("name");
    diagnostics.warning(std::move(warning));
    return false;
  }
  std::vector<std::string_view> names;
  std::string allowed;
  for (const KnownPlugin& plugin : kKnownPlugins) {
    names.push_back(plugin.name);
    allowed += (allowed.empty() ? "" : ", ") + std::string(plugin.name);
  }
  const std::string nearest = nearest_name(name, names);
  report_field(diagnostics, view, "name", ErrorCode::ValueNotAllowed, "there is no scheduler plugin of this name", escape_for_terminal(name), allowed,
               nearest.empty() ? "" : fmt::format("did you mean {}?", nearest));
  return false;
}

/// A profile while its plugin sets are merged.
class Merge {
 public:
  explicit Merge(Diagnostics& diagnostics) : diagnostics_(diagnostics), plugins_(default_scheduler_profile().plugins) {}

  /// Default set and `multiPoint`: what is enabled again keeps its place and gets the new weight.
  void all_points(const ObjectView& set) {
    for (const std::string& name : disabled(set)) {
      std::erase_if(plugins_, [&](const EnabledPlugin& plugin) { return name == kAll || plugin.name == name; });
    }
    for (const auto& [name, weight] : enabled(set)) {
      EnabledPlugin& plugin = find_or_add(name, true);
      plugin.weight = scoring_weight(name, weight);
    }
  }
  void filter(const ObjectView& set) { at_point(set, &EnabledPlugin::filter); }
  void post_filter(const ObjectView& set) { at_point(set, &EnabledPlugin::post_filter); }
  void score(const ObjectView& set) {
    for (const std::string& name : disabled(set)) {
      for (EnabledPlugin& plugin : plugins_) {
        if (name == kAll || plugin.name == name) plugin.weight = 0;
      }
    }
    for (const auto& [name, weight] : enabled(set)) find_or_add(name, false).weight = scoring_weight(name, weight);
  }

  [[nodiscard]] std::vector<EnabledPlugin> result() && { return std::move(plugins_); }

 private:
  void at_point(const ObjectView& set, bool EnabledPlugin::*point) {
    for (const std::string& name : disabled(set)) {
      for (EnabledPlugin& plugin : plugins_) {
        if (name == kAll || plugin.name == name) plugin.*point = false;
      }
    }
    for (const auto& [name, weight] : enabled(set)) find_or_add(name, false).*point = true;
  }

  std::vector<std::string> disabled(const ObjectView& set) {
    std::vector<std::string> names;
    for (const ObjectView& view : set.objects("disabled")) {
      if (view.text("name") == kAll || is_built(view, diagnostics_)) names.push_back(view.text("name"));
    }
    return names;
  }
  std::vector<std::pair<std::string, std::int64_t>> enabled(const ObjectView& set) {
    std::vector<std::pair<std::string, std::int64_t>> plugins;
    std::set<std::string> seen;
    for (const ObjectView& view : set.objects("enabled")) {
      if (!is_built(view, diagnostics_)) continue;
      const std::string name = view.text("name");
      if (!seen.insert(name).second) {
        report_field(diagnostics_, view, "name", ErrorCode::ValueDuplicateName, "a plugin is enabled twice", name, "each plugin once");
        continue;
      }
      plugins.emplace_back(name, view.integer("weight"));
    }
    return plugins;
  }

  EnabledPlugin& find_or_add(const std::string& name, bool everywhere) {
    const auto found = std::find_if(plugins_.begin(), plugins_.end(), [&](const EnabledPlugin& plugin) { return plugin.name == name; });
    if (found != plugins_.end()) return *found;
    return plugins_.emplace_back(EnabledPlugin{name, 0, everywhere, everywhere});
  }
  /// kube-scheduler takes a weight of 0 for 1.
  static std::int64_t scoring_weight(const std::string& name, std::int64_t weight) {
    return known_plugin(name)->scores ? std::max<std::int64_t>(weight, 1) : 0;
  }

  Diagnostics& diagnostics_;
  std::vector<EnabledPlugin> plugins_;
};

std::vector<EnabledPlugin> read_plugins(const ObjectView& profile, Diagnostics& diagnostics) {
  Merge merge(diagnostics);
  const ObjectView plugins = profile.object("plugins");
  merge.all_points(plugins.object("multiPoint"));
  merge.filter(plugins.object("preFilter"));
  merge.filter(plugins.object("filter"));
  merge.post_filter(plugins.object("postFilter"));
  merge.score(plugins.object("preScore"));
  merge.score(plugins.object("score"));
  return std::move(merge).result();
}

// ---------------------------------------------------------------- arguments

struct Argument {
  std::string_view field;
  std::string_view plugin;
};
constexpr std::array kArguments{Argument{"scoringStrategy", "NodeResourcesFit"},
                                Argument{"ignoredResources", "NodeResourcesFit"},
                                Argument{"ignoredResourceGroups", "NodeResourcesFit"},
                                Argument{"resources", "NodeResourcesBalancedAllocation"},
                                Argument{"hardPodAffinityWeight", "InterPodAffinity"},
                                Argument{"ignorePreferredTermsOfExistingPods", "InterPodAffinity"},
                                Argument{"defaultingType", "PodTopologySpread"},
                                Argument{"defaultConstraints", "PodTopologySpread"},
                                Argument{"minCandidateNodesPercentage", "DefaultPreemption"},
                                Argument{"minCandidateNodesAbsolute", "DefaultPreemption"},
                                Argument{"command", "ExternalPolicy"},
                                Argument{"files", "ExternalPolicy"},
                                Argument{"timeout", "ExternalPolicy"}};

void check_arguments(const ObjectView& args, const std::string& plugin, Diagnostics& diagnostics) {
  std::string own;
  for (const Argument& argument : kArguments) {
    if (argument.plugin == plugin) own += (own.empty() ? "" : ", ") + std::string(argument.field);
  }
  for (const Argument& argument : kArguments) {
    if (argument.plugin == plugin || !args.has(argument.field)) continue;
    report_field(diagnostics, args, argument.field, ErrorCode::ValueUnknownField, fmt::format("{} has no such argument", plugin), std::string(argument.field), own,
                 fmt::format("{} is an argument of {}", argument.field, argument.plugin));
  }
}

std::vector<ResourceWeight> read_resources(const ObjectView& view) {
  std::vector<ResourceWeight> resources;
  for (const ObjectView& resource : view.objects("resources")) resources.push_back({resource.text("name"), resource.integer("weight")});
  return resources.empty() ? cpu_and_memory() : resources;
}

void read_strategy(const ObjectView& view, NodeResourcesFitArgs& args, Diagnostics& diagnostics) {
  const std::string type = view.text("type");
  args.strategy = type == "MostAllocated"              ? ScoringStrategy::MostAllocated
                  : type == "RequestedToCapacityRatio" ? ScoringStrategy::RequestedToCapacityRatio
                                                       : ScoringStrategy::LeastAllocated;
  args.resources = read_resources(view);
  const bool by_ratio = args.strategy == ScoringStrategy::RequestedToCapacityRatio;
  if (by_ratio != view.has("requestedToCapacityRatio")) {
    report_field(diagnostics, view, "type", ErrorCode::ValueConflict, "requestedToCapacityRatio goes with the type RequestedToCapacityRatio", type,
                 by_ratio ? "a shape under requestedToCapacityRatio" : "RequestedToCapacityRatio");
    return;
  }
  for (const ObjectView& point : view.object("requestedToCapacityRatio").objects("shape")) {
    const ShapePoint read{point.integer("utilization"), point.integer("score")};
    if (!args.shape.empty() && read.utilization <= args.shape.back().utilization) {
      report_field(diagnostics, point, "utilization", ErrorCode::ValueOutOfRange, "the shape is not ascending in utilization", std::to_string(read.utilization),
                   fmt::format("more than {}", args.shape.back().utilization));
    }
    args.shape.push_back(read);
  }
}

void read_external(const ObjectView& view, ExternalPolicyArgs& args, const ReadText& read_text, Diagnostics& diagnostics) {
  args.command = view.texts("command");
  if (args.command.empty()) {
    report_field(diagnostics, view, "command", ErrorCode::ValueMissing, "an external policy needs a command", "nothing", "a program and its arguments",
                 "command: [python3, policy.py]");
  }
  std::size_t index = 0;
  for (const Node* file : view.nodes("files")) {
    const auto text = read_text(file->text, file->place, fmt::format("{}[{}]", view.path_of("files"), index++));
    if (text) args.files[file->text] = *text;
  }
  args.timeout = view.duration("timeout");
}

void read_spread(const ObjectView& view, PodTopologySpreadArgs& args, Diagnostics& diagnostics) {
  args.system_defaults = view.text("defaultingType") == "System";
  if (args.system_defaults && view.has("defaultConstraints")) {
    report_field(diagnostics, view, "defaultConstraints", ErrorCode::ValueConflict, "default constraints are listed, but the built-in ones are chosen", "defaultingType: System",
                 "defaultingType: List");
  }
  for (const ObjectView& constraint : view.objects("defaultConstraints")) {
    cluster::TopologySpreadConstraint read;
    read.max_skew = static_cast<std::int32_t>(constraint.integer("maxSkew"));
    read.topology_key = constraint.text("topologyKey");
    read.when_unsatisfiable = constraint.text("whenUnsatisfiable");
    args.default_constraints.push_back(std::move(read));
  }
}

PluginArgs read_args(const ObjectView& profile, const ReadText& read_text, Diagnostics& diagnostics) {
  PluginArgs args;
  std::set<std::string> seen;
  for (const ObjectView& entry : profile.objects("pluginConfig")) {
    const std::string plugin = entry.text("name");
    const ObjectView view = entry.object("args");
    if (!seen.insert(plugin).second) {
      report_field(diagnostics, entry, "name", ErrorCode::ValueDuplicateName, "a plugin is configured twice", plugin, "each plugin once");
      continue;
    }
    check_arguments(view, plugin, diagnostics);
    if (plugin == "NodeResourcesFit") {
      args.node_resources_fit.ignored_resources = view.texts("ignoredResources");
      args.node_resources_fit.ignored_resource_groups = view.texts("ignoredResourceGroups");
      if (view.has("scoringStrategy")) read_strategy(view.object("scoringStrategy"), args.node_resources_fit, diagnostics);
    } else if (plugin == "NodeResourcesBalancedAllocation") {
      args.balanced_allocation.resources = read_resources(view);
    } else if (plugin == "InterPodAffinity") {
      args.inter_pod_affinity = {view.integer("hardPodAffinityWeight"), view.boolean("ignorePreferredTermsOfExistingPods")};
    } else if (plugin == "PodTopologySpread") {
      read_spread(view, args.pod_topology_spread, diagnostics);
    } else if (plugin == "DefaultPreemption") {
      args.default_preemption = {view.integer("minCandidateNodesPercentage"), view.integer("minCandidateNodesAbsolute")};
    } else if (plugin == "ExternalPolicy") {
      read_external(view, args.external_policy, read_text, diagnostics);
    }
  }
  return args;
}

SchedulerProfile read_profile(const ObjectView& view, int percentage, const ReadText& read_text, Diagnostics& diagnostics) {
  SchedulerProfile profile;
  profile.scheduler_name = view.text("schedulerName");
  profile.percentage_of_nodes_to_score =
      view.has("percentageOfNodesToScore") ? static_cast<int>(view.integer("percentageOfNodesToScore")) : percentage;
  profile.plugins = read_plugins(view, diagnostics);
  profile.args = read_args(view, read_text, diagnostics);
  const bool asks = std::any_of(profile.plugins.begin(), profile.plugins.end(), [](const EnabledPlugin& plugin) { return plugin.name == "ExternalPolicy"; });
  if (asks && profile.args.external_policy.command.empty() && !view.has("pluginConfig")) {
    report_field(diagnostics, view, "plugins", ErrorCode::ValueMissing, "ExternalPolicy has no process to ask", "no pluginConfig", "a command under pluginConfig",
                 "pluginConfig: [{name: ExternalPolicy, args: {command: [python3, policy.py], files: [policy.py]}}]");
  }
  return profile;
}

}  // namespace

SchedulerConfig read_scheduler(const ObjectView& spec, const IsClean& is_clean, const ReadText& read_text, Diagnostics& diagnostics) {
  SchedulerConfig config;
  if (spec.has("scheduler") && is_clean(spec.path_of("scheduler"))) {
    const ObjectView view = spec.object("scheduler");
    config.pod_initial_backoff = seconds(view.integer("podInitialBackoffSeconds"));
    config.pod_max_backoff = seconds(view.integer("podMaxBackoffSeconds"));
    if (config.pod_max_backoff < config.pod_initial_backoff) {
      report_field(diagnostics, view, "podMaxBackoffSeconds", ErrorCode::ValueConflict, "the longest back-off is shorter than the first",
                   view.text("podMaxBackoffSeconds"), fmt::format("at least {}", view.integer("podInitialBackoffSeconds")));
    }
    const int percentage = static_cast<int>(view.integer("percentageOfNodesToScore"));
    std::set<std::string> names;
    for (const ObjectView& profile : view.objects("profiles")) {
      config.profiles.push_back(read_profile(profile, percentage, read_text, diagnostics));
      if (!names.insert(config.profiles.back().scheduler_name).second) {
        report_field(diagnostics, profile, "schedulerName", ErrorCode::ValueDuplicateName, "two profiles have the same name", config.profiles.back().scheduler_name,
                     "a name of its own for each profile");
      }
    }
    if (config.profiles.empty()) {
      config.profiles.push_back(default_scheduler_profile());
      config.profiles.back().percentage_of_nodes_to_score = percentage;
    }
  }
  if (config.profiles.empty()) config.profiles.push_back(default_scheduler_profile());
  return config;
}

}  // namespace tandem::scenario
