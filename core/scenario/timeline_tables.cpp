// Field tables of the timeline's actions. Faults use Chaos Mesh's words.

#include "core/scenario/scenario_tables.hpp"

namespace tandem::scenario {
namespace {

using enum FieldType;
using enum FieldShape;

Field namespace_field() {
  return {.name = "namespace", .type = Name, .default_text = "default", .description = "Namespace of the object.", .example = "default"};
}
Field deployment_field() {
  return {.name = "deployment", .type = ObjectName, .required = true, .description = "Name of the Deployment.", .example = "web"};
}

const FieldTable& set_image_table() {
  static const FieldTable table{
      .title = "setImage",
      .description = "As kubectl set image.",
      .fields = {namespace_field(), deployment_field(),
                 {.name = "container", .type = Name, .required = true, .description = "Name of the container.", .example = "app"},
                 {.name = "image", .type = ImageReference, .required = true, .description = "The new image, described under images.", .example = "web:1.0.1"}}};
  return table;
}

const FieldTable& scale_table() {
  static const FieldTable table{
      .title = "scale",
      .description = "As kubectl scale.",
      .fields = {namespace_field(), deployment_field(),
                 {.name = "replicas", .type = Integer, .required = true, .minimum = 0, .maximum = kCountLimit, .description = "The new number of replicas.", .example = "8"}}};
  return table;
}

/// How many of the selected objects are meant: Chaos Mesh's mode and value.
std::vector<Field> mode_fields(std::string_view default_mode) {
  return {{.name = "mode", .type = Choice, .default_text = default_mode, .allowed = {"one", "all", "fixed"}, .description = "How many of the selected pods.", .example = "one"},
          {.name = "value", .type = Integer, .minimum = 1, .maximum = kCountLimit, .description = "With mode fixed: how many.", .example = "2"}};
}

/// A number of pods belongs to the mode that takes one.
std::vector<FieldCase> mode_cases() { return {{.field = "mode", .values = {"fixed"}, .needs = {"value"}}, {.field = "mode", .values = {"one", "all"}, .forbids = {"value"}}}; }

const FieldTable& pods_table() {
  static const FieldTable table = [] {
    FieldTable built{
        .title = "a choice of pods",
        .description = "Which pods.",
        .fields = {namespace_field(),
                   {.name = "selector", .type = LabelSelector, .description = "Labels of the pods.", .example = "{app: web}"},
                   {.name = "name", .type = ObjectName, .description = "One pod by its name.", .example = "web-0"},
                   {.name = "gracePeriodSeconds", .type = Integer, .minimum = 0, .maximum = kCountLimit, .description = "Instead of the pods' own grace period.", .example = "0"}},
        .exactly_one = {{"selector", "name"}},
        .needs = {{"value", "mode"}},
        .cases = mode_cases()};
    for (Field& field : mode_fields("one")) built.fields.push_back(std::move(field));
    return built;
  }();
  return table;
}

const FieldTable& nodes_table() {
  static const FieldTable table{
      .title = "a choice of nodes",
      .description = "Which nodes: all that the selector matches, or one.",
      .fields = {{.name = "selector", .type = LabelSelector, .description = "Labels of the nodes.", .example = "{topology.kubernetes.io/zone: zone-c}"},
                 {.name = "name", .type = ObjectName, .description = "One node by its name.", .example = "kind-worker2"}},
      .exactly_one = {{"selector", "name"}}};
  return table;
}

const FieldTable& delete_table() {
  static const FieldTable table{
      .title = "delete",
      .description = "As kubectl delete.",
      .fields = {{.name = "pods", .type = Object, .description = "Which pods.", .example = "{selector: {app: web}, mode: one}", .table = pods_table},
                 {.name = "nodes", .type = Object, .description = "Which nodes. Their pods go when the pod garbage collector finds them orphaned, 40 to 60 s later.",
                  .example = "{selector: {topology.kubernetes.io/zone: zone-c}}", .table = nodes_table}},
      .exactly_one = {{"pods", "nodes"}}};
  return table;
}

const FieldTable& rollout_table() {
  static const FieldTable table{.title = "a rollout action", .description = "As kubectl rollout pause and resume.", .fields = {namespace_field(), deployment_field()}};
  return table;
}

const FieldTable& undo_table() {
  static const FieldTable table{
      .title = "rolloutUndo",
      .description = "As kubectl rollout undo.",
      .fields = {namespace_field(), deployment_field(),
                 {.name = "toRevision", .type = Integer, .default_text = "0", .minimum = 0, .maximum = kCountLimit, .description = "The revision to go back to; 0 = the one before.", .example = "1"}}};
  return table;
}

const FieldTable& cordon_table() {
  static const FieldTable table{.title = "a cordon action",
                                .description = "As kubectl cordon and uncordon.",
                                .fields = {{.name = "node", .type = ObjectName, .required = true, .description = "Name of the node.", .example = "kind-worker2"}}};
  return table;
}

const FieldTable& fault_selector_table() {
  static const FieldTable table{
      .title = "a fault's selector",
      .description = "What the fault hits.",
      .fields = {{.name = "node", .type = ObjectName, .description = "A node, with everything on it.", .example = "kind-worker2"},
                 {.name = "labelSelectors", .type = LabelValue, .shape = Map, .description = "Labels of pods.", .example = "{app: web}", .key_type = LabelKey},
                 {.name = "namespace", .type = Name, .default_text = "default", .description = "Namespace of the pods.", .example = "default"}},
      .exactly_one = {{"node", "labelSelectors"}}};
  return table;
}

const FieldTable& delay_table() {
  static const FieldTable table{
      .title = "a delay",
      .description = "Added to every packet.",
      .fields = {{.name = "latency", .type = Duration, .required = true, .minimum = 1, .maximum = 3600e9, .description = "The delay.", .example = "50ms"},
                 {.name = "jitter", .type = Duration, .default_text = "0s", .maximum = 3600e9, .description = "Its spread.", .example = "10ms"},
                 {.name = "correlation", .type = Number, .default_text = "0", .minimum = 0, .maximum = 100, .description = "With the packet before, in percent.", .example = "25"}}};
  return table;
}

/// loss, duplicate and corrupt have one shape: a share in percent under the action's own name.
template <int kWhich>
const FieldTable& share_table() {
  static constexpr std::string_view kNames[] = {"loss", "duplicate", "corrupt"};
  static const FieldTable table{
      .title = kNames[kWhich],
      .description = "A share of the packets.",
      .fields = {{.name = kNames[kWhich], .type = Number, .required = true, .minimum = 0, .maximum = 100, .description = "Percent of the packets.", .example = "5"},
                 {.name = "correlation", .type = Number, .default_text = "0", .minimum = 0, .maximum = 100, .description = "With the packet before, in percent.", .example = "25"}}};
  return table;
}

const FieldTable& bandwidth_table() {
  static const FieldTable table{
      .title = "a bandwidth limit",
      .description = "A limit on what passes.",
      .fields = {{.name = "rate", .type = Bandwidth, .required = true, .minimum = 1, .description = "The limit.", .example = "1Mbit/s"},
                 {.name = "limit", .type = Bytes, .default_text = "20Ki", .description = "Queue before packets are dropped.", .example = "20Ki"}}};
  return table;
}

/// Which actions a kind of Chaos Mesh has, and which fields an action takes beside the common ones.
std::vector<FieldCase> fault_cases() {
  std::vector<FieldCase> cases = mode_cases();
  cases.push_back({.field = "kind", .values = {"PodChaos"}, .forbids = {"direction", "delay", "loss", "duplicate", "corrupt", "bandwidth"}, .restricted = "action",
                   .to = {"pod-kill", "pod-failure", "container-kill"}});
  cases.push_back({.field = "kind", .values = {"NetworkChaos"}, .forbids = {"gracePeriod", "containerNames"}, .restricted = "action",
                   .to = {"delay", "loss", "duplicate", "corrupt", "partition", "bandwidth"}});
  cases.push_back({.field = "action", .values = {"pod-failure"}, .forbids = {"gracePeriod", "containerNames"}});
  cases.push_back({.field = "action", .values = {"pod-kill"}, .forbids = {"containerNames"}});
  cases.push_back({.field = "action", .values = {"container-kill"}, .forbids = {"gracePeriod"}});
  cases.push_back({.field = "action", .values = {"delay"}, .needs = {"delay"}, .forbids = {"loss", "duplicate", "corrupt", "bandwidth"}});
  cases.push_back({.field = "action", .values = {"loss"}, .needs = {"loss"}, .forbids = {"delay", "duplicate", "corrupt", "bandwidth"}});
  cases.push_back({.field = "action", .values = {"duplicate"}, .needs = {"duplicate"}, .forbids = {"delay", "loss", "corrupt", "bandwidth"}});
  cases.push_back({.field = "action", .values = {"corrupt"}, .needs = {"corrupt"}, .forbids = {"delay", "loss", "duplicate", "bandwidth"}});
  cases.push_back({.field = "action", .values = {"bandwidth"}, .needs = {"bandwidth"}, .forbids = {"delay", "loss", "duplicate", "corrupt"}});
  cases.push_back({.field = "action", .values = {"partition"}, .forbids = {"delay", "loss", "duplicate", "corrupt", "bandwidth"}});
  return cases;
}

const FieldTable& fault_table() {
  static const FieldTable table = [] {
    FieldTable built{
        .title = "a fault",
        .description = "A fault in Chaos Mesh's words. A world that cannot apply it says so before anything is created.",
        .fields = {
            {.name = "kind", .type = Choice, .required = true, .allowed = {"PodChaos", "NetworkChaos"}, .description = "Kind of fault.", .example = "NetworkChaos"},
            {.name = "action", .type = Choice, .required = true,
             .allowed = {"pod-kill", "pod-failure", "container-kill", "delay", "loss", "duplicate", "corrupt", "partition", "bandwidth"},
             .description = "PodChaos: pod-kill, pod-failure, container-kill. NetworkChaos: the others.", .example = "partition"},
            {.name = "selector", .type = Object, .required = true, .description = "What it hits.", .example = "{node: kind-worker2}", .table = fault_selector_table},
            {.name = "duration", .type = Duration, .minimum = 1, .maximum = kTimeLimit, .description = "How long; without it to the end of the run (kills are instantaneous).", .example = "5s"},
            {.name = "direction", .type = Choice, .allowed = {"to", "from", "both"}, .description = "NetworkChaos: which packets.", .example = "both"},
            {.name = "delay", .type = Object, .description = "With action delay.", .example = "{latency: 50ms}", .table = delay_table},
            {.name = "loss", .type = Object, .description = "With action loss.", .example = "{loss: 5}", .table = share_table<0>},
            {.name = "duplicate", .type = Object, .description = "With action duplicate.", .example = "{duplicate: 5}", .table = share_table<1>},
            {.name = "corrupt", .type = Object, .description = "With action corrupt.", .example = "{corrupt: 5}", .table = share_table<2>},
            {.name = "bandwidth", .type = Object, .description = "With action bandwidth.", .example = "{rate: 1Mbit/s}", .table = bandwidth_table},
            {.name = "gracePeriod", .type = Integer, .minimum = 0, .maximum = kCountLimit, .description = "PodChaos pod-kill: seconds.", .example = "0"},
            {.name = "containerNames", .type = Name, .shape = List, .description = "PodChaos container-kill: which containers.", .example = "[app]"},
        },
        .needs = {{"value", "mode"}},
        .cases = fault_cases()};
    for (Field& field : mode_fields("all")) built.fields.push_back(std::move(field));
    return built;
  }();
  return table;
}

}  // namespace

const std::vector<std::string_view>& timeline_action_names() {
  static const std::vector<std::string_view> names{"setImage",    "scale",  "delete",   "rolloutPause", "rolloutResume",
                                                   "rolloutUndo", "cordon", "uncordon", "fault"};
  return names;
}

const FieldTable& timeline_table() {
  static const FieldTable table{
      .title = "a timeline entry",
      .description = "Something that happens at a moment.",
      .fields = {
          {.name = "at", .type = Duration, .required = true, .maximum = kTimeLimit, .description = "When.", .example = "20s"},
          {.name = "setImage", .type = Object, .description = "Gives a container of a Deployment another image.", .example = "{deployment: web, container: app, image: web:1.0.1}", .table = set_image_table},
          {.name = "scale", .type = Object, .description = "Changes the number of replicas of a Deployment.", .example = "{deployment: web, replicas: 8}", .table = scale_table},
          {.name = "delete", .type = Object, .description = "Deletes pods or nodes.", .example = "{pods: {selector: {app: web}, mode: one}}", .table = delete_table},
          {.name = "rolloutPause", .type = Object, .description = "Pauses a rollout.", .example = "{deployment: web}", .table = rollout_table},
          {.name = "rolloutResume", .type = Object, .description = "Resumes a rollout.", .example = "{deployment: web}", .table = rollout_table},
          {.name = "rolloutUndo", .type = Object, .description = "Goes back to an earlier revision.", .example = "{deployment: web}", .table = undo_table},
          {.name = "cordon", .type = Object, .description = "Marks a node unschedulable.", .example = "{node: kind-worker2}", .table = cordon_table},
          {.name = "uncordon", .type = Object, .description = "Marks a node schedulable.", .example = "{node: kind-worker2}", .table = cordon_table},
          {.name = "fault", .type = Object, .description = "A fault in Chaos Mesh's words.", .example = "{kind: PodChaos, action: pod-kill, selector: {labelSelectors: {app: web}}, mode: one}", .table = fault_table},
      },
      .exactly_one = {timeline_action_names()}};
  return table;
}

}  // namespace tandem::scenario
