// The field tables of the section `scheduler`: a KubeSchedulerConfiguration as far as it says something here.

#include "core/scenario/scenario_tables.hpp"
#include "core/scenario/scheduler_config.hpp"

namespace tandem::scenario {
namespace {

using enum FieldType;
using enum FieldShape;

const FieldTable& enabled_plugin_table() {
  static const FieldTable table{
      .title = "an enabled plugin",
      .description = "A plugin and its weight.",
      .fields = {
          {.name = "name", .required = true, .description = "Name of the plugin.", .example = "NodeResourcesFit"},
          {.name = "weight", .type = Integer, .default_text = "0", .minimum = 0, .maximum = 1'000'000,
           .description = "What its score counts; 0 is 1, as in kube-scheduler.", .example = "2"},
      }};
  return table;
}

const FieldTable& disabled_plugin_table() {
  static const FieldTable table{
      .title = "a disabled plugin",
      .description = "A plugin that the default profile enables.",
      .fields = {{.name = "name", .required = true, .description = "Name of the plugin, or \"*\" for all.", .example = "ImageLocality"}}};
  return table;
}

const FieldTable& plugin_set_table() {
  static const FieldTable table{
      .title = "a plugin set",
      .description = "What is added to, and taken from, the default plugins.",
      .fields = {
          {.name = "enabled", .type = Object, .shape = List, .description = "Plugins to add, or to give another weight.", .example = "[{name: FirstFit}]", .table = enabled_plugin_table},
          {.name = "disabled", .type = Object, .shape = List, .description = "Default plugins to leave out.", .example = "[{name: \"*\"}]", .table = disabled_plugin_table},
      }};
  return table;
}

const FieldTable& plugins_table() {
  static const FieldTable table{
      .title = "the plugins of a profile",
      .description = "Changes of the default plugins, by extension point. multiPoint stands for all of them.",
      .fields = {
          {.name = "multiPoint", .type = Object, .description = "At every extension point.", .table = plugin_set_table},
          {.name = "preFilter", .type = Object, .description = "Goes with filter: a plugin has both or none.", .table = plugin_set_table},
          {.name = "filter", .type = Object, .description = "Which nodes can take a pod.", .table = plugin_set_table},
          {.name = "postFilter", .type = Object, .description = "What is tried when none can.", .table = plugin_set_table},
          {.name = "preScore", .type = Object, .description = "Goes with score: a plugin has both or none.", .table = plugin_set_table},
          {.name = "score", .type = Object, .description = "Which of them is best.", .example = "{disabled: [{name: \"*\"}], enabled: [{name: FirstFit}]}",
           .table = plugin_set_table},
      }};
  return table;
}

const FieldTable& resource_weight_table() {
  static const FieldTable table{
      .title = "a resource",
      .description = "A resource that is scored, and its weight.",
      .fields = {
          {.name = "name", .type = LabelKey, .required = true, .description = "Name of the resource.", .example = "cpu"},
          {.name = "weight", .type = Integer, .default_text = "1", .minimum = 1, .maximum = 100, .description = "What it counts.", .example = "1"},
      }};
  return table;
}

const FieldTable& shape_point_table() {
  static const FieldTable table{
      .title = "a shape point",
      .description = "A corner of the function from utilization to score.",
      .fields = {
          {.name = "utilization", .type = Integer, .required = true, .minimum = 0, .maximum = 100, .description = "In percent.", .example = "0"},
          {.name = "score", .type = Integer, .required = true, .minimum = 0, .maximum = 10, .description = "10 is best.", .example = "10"},
      }};
  return table;
}

const FieldTable& ratio_table() {
  static const FieldTable table{
      .title = "the requested-to-capacity ratio",
      .description = "Score as a function of utilization.",
      .fields = {{.name = "shape", .type = Object, .shape = List, .required = true, .description = "Corners, ascending in utilization; straight lines between.",
                  .example = "[{utilization: 0, score: 0}, {utilization: 100, score: 10}]", .table = shape_point_table}}};
  return table;
}

const FieldTable& scoring_strategy_table() {
  static const FieldTable table{
      .title = "a scoring strategy",
      .description = "Which nodes NodeResourcesFit prefers.",
      .fields = {
          {.name = "type", .type = Choice, .default_text = "LeastAllocated", .allowed = {"LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"},
           .description = "Empty nodes, full ones, or by a function of utilization.", .example = "MostAllocated"},
          {.name = "resources", .type = Object, .shape = List, .description = "Resources that count; without it cpu and memory.", .example = "[{name: cpu, weight: 1}]",
           .table = resource_weight_table},
          {.name = "requestedToCapacityRatio", .type = Object, .description = "The function of RequestedToCapacityRatio.", .table = ratio_table},
      }};
  return table;
}

const FieldTable& default_constraint_table() {
  static const FieldTable table{
      .title = "a default spread constraint",
      .description = "For pods without constraints of their own; the selector comes from their Services and owner.",
      .fields = {
          {.name = "maxSkew", .type = Integer, .required = true, .minimum = 1, .maximum = kCountLimit, .description = "Largest difference between domains.", .example = "1"},
          {.name = "topologyKey", .type = LabelKey, .required = true, .description = "Node label whose values are the domains.", .example = "topology.kubernetes.io/zone"},
          {.name = "whenUnsatisfiable", .type = Choice, .required = true, .allowed = {"DoNotSchedule", "ScheduleAnyway"},
           .description = "Whether the constraint rejects or only scores.", .example = "ScheduleAnyway"},
      }};
  return table;
}

/// The arguments of all plugins; which plugin has which is checked by the reader.
const FieldTable& plugin_args_table() {
  static const FieldTable table{
      .title = "plugin arguments",
      .description = "Arguments of one plugin, under Kubernetes' names.",
      .fields = {
          {.name = "apiVersion", .type = Choice, .allowed = {"kubescheduler.config.k8s.io/v1"}, .description = "As kube-scheduler writes it; not needed."},
          {.name = "kind", .description = "As kube-scheduler writes it; not needed.", .example = "NodeResourcesFitArgs"},
          {.name = "scoringStrategy", .type = Object, .description = "NodeResourcesFit: which nodes are preferred.", .example = "{type: MostAllocated}", .table = scoring_strategy_table},
          {.name = "ignoredResources", .type = LabelKey, .shape = List, .description = "NodeResourcesFit: extended resources that the filter leaves alone.", .example = "[example.com/gpu]"},
          {.name = "ignoredResourceGroups", .type = LabelKey, .shape = List, .description = "NodeResourcesFit: the same by the part before '/'.", .example = "[example.com]"},
          {.name = "resources", .type = Object, .shape = List, .description = "NodeResourcesBalancedAllocation: resources that count.", .example = "[{name: cpu, weight: 1}]",
           .table = resource_weight_table},
          {.name = "hardPodAffinityWeight", .type = Integer, .default_text = "1", .minimum = 0, .maximum = 100,
           .description = "InterPodAffinity: what another pod's required affinity is worth.", .example = "1"},
          {.name = "ignorePreferredTermsOfExistingPods", .type = Boolean, .default_text = "false",
           .description = "InterPodAffinity: true leaves other pods' preferences alone for pods that have none.", .example = "false"},
          {.name = "defaultingType", .type = Choice, .default_text = "System", .allowed = {"System", "List"},
           .description = "PodTopologySpread: the built-in default constraints, or those listed.", .example = "List"},
          {.name = "defaultConstraints", .type = Object, .shape = List, .description = "PodTopologySpread: the list.", .table = default_constraint_table},
          {.name = "minCandidateNodesPercentage", .type = Integer, .default_text = "10", .minimum = 0, .maximum = 100,
           .description = "DefaultPreemption: share of the nodes to look at.", .example = "10"},
          {.name = "minCandidateNodesAbsolute", .type = Integer, .default_text = "100", .minimum = 0, .maximum = kCountLimit,
           .description = "DefaultPreemption: nodes to look at, at least.", .example = "100"},
          {.name = "command", .shape = List, .description = "ExternalPolicy: the program and its arguments.", .example = "[python3, policy.py]"},
          {.name = "files", .type = Path, .shape = List, .description = "ExternalPolicy: files of the scenario that the program needs.", .example = "[policy.py]"},
          {.name = "timeout", .type = Duration, .default_text = "5s", .minimum = 1, .maximum = 3600e9, .description = "ExternalPolicy: for one answer.", .example = "5s"},
      }};
  return table;
}

const FieldTable& plugin_config_table() {
  static const FieldTable table{
      .title = "a plugin configuration",
      .description = "Arguments of one plugin.",
      .fields = {
          {.name = "name", .type = Choice, .required = true,
           .allowed = {"NodeResourcesFit", "NodeResourcesBalancedAllocation", "InterPodAffinity", "PodTopologySpread", "DefaultPreemption", "ExternalPolicy"},
           .description = "Name of the plugin.", .example = "NodeResourcesFit"},
          {.name = "args", .type = Object, .required = true, .description = "Its arguments.", .example = "{scoringStrategy: {type: MostAllocated}}", .table = plugin_args_table},
      }};
  return table;
}

const FieldTable& profile_table() {
  static const FieldTable table{
      .title = "a scheduler profile",
      .description = "How the pods are scheduled that name it in schedulerName.",
      .fields = {
          {.name = "schedulerName", .type = ObjectName, .default_text = "default-scheduler", .description = "What pods say in schedulerName.", .example = "default-scheduler"},
          {.name = "percentageOfNodesToScore", .type = Integer, .minimum = 0, .maximum = 100, .description = "In place of the scheduler's.", .example = "100"},
          {.name = "plugins", .type = Object, .description = "Changes of the default plugins.", .table = plugins_table},
          {.name = "pluginConfig", .type = Object, .shape = List, .description = "Arguments of plugins.", .table = plugin_config_table},
      }};
  return table;
}

}  // namespace

const FieldTable& scheduler_table() {
  static const FieldTable table{
      .title = "the scheduler",
      .description = "A KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1), as far as it changes decisions.",
      .fields = {
          {.name = "apiVersion", .type = Choice, .allowed = {"kubescheduler.config.k8s.io/v1"}, .description = "As kube-scheduler reads it; not needed here."},
          {.name = "kind", .type = Choice, .allowed = {"KubeSchedulerConfiguration"}, .description = "As kube-scheduler reads it; not needed here."},
          {.name = "percentageOfNodesToScore", .type = Integer, .default_text = "0", .minimum = 0, .maximum = 100,
           .description = "How many feasible nodes end the search; 0 depends on the size of the cluster.", .example = "100"},
          {.name = "podInitialBackoffSeconds", .type = Integer, .default_text = "1", .minimum = 1, .maximum = kCountLimit, .description = "First back-off of a failed pod.", .example = "1"},
          {.name = "podMaxBackoffSeconds", .type = Integer, .default_text = "10", .minimum = 1, .maximum = kCountLimit, .description = "Longest back-off.", .example = "10"},
          {.name = "profiles", .type = Object, .shape = List, .description = "The profiles; without any the default one.", .table = profile_table},
      }};
  return table;
}

}  // namespace tandem::scenario
