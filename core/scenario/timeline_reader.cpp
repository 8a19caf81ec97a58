// The timeline's actions.

#include <fmt/format.h>

#include <algorithm>

#include "core/base/parse.hpp"
#include "core/cluster/selector.hpp"
#include "core/scenario/check_expression.hpp"
#include "core/scenario/scenario_tables.hpp"
#include "core/scenario/spec_reader.hpp"

namespace tandem::scenario {
namespace {

SelectionMode read_mode(const ObjectView& view) {
  const std::string mode = view.text("mode");
  if (mode == "all") return SelectionMode::All;
  return mode == "fixed" ? SelectionMode::Fixed : SelectionMode::One;
}

DeletePods read_delete_pods(const ObjectView& view) {
  DeletePods action;
  action.namespace_ = view.text("namespace");
  action.selector = view.selector("selector");
  action.name = view.text("name");
  action.mode = read_mode(view);
  action.value = static_cast<std::int32_t>(view.integer("value"));
  if (view.has("gracePeriodSeconds")) action.grace_period_seconds = view.integer("gracePeriodSeconds");
  return action;
}

Fault read_fault(const ObjectView& view, Diagnostics& diagnostics) {
  Fault fault;
  fault.kind = view.text("kind");
  fault.action = view.text("action");
  const ObjectView selector = view.object("selector");
  fault.node = selector.text("node");
  fault.selector.match_labels = selector.text_map("labelSelectors");
  if (selector.text("namespace") != "default") fault.parameters["namespace"] = selector.text("namespace");
  fault.mode = read_mode(view);
  fault.duration = view.duration("duration");
  for (const std::string_view field : {"direction", "gracePeriod", "value"}) {
    if (view.has(field)) fault.parameters[std::string(field)] = view.text(field);
  }
  std::string containers;
  for (const std::string& name : view.texts("containerNames")) containers += (containers.empty() ? "" : ",") + name;
  if (!containers.empty()) fault.parameters["containerNames"] = containers;
  for (const std::string_view field : {"delay", "loss", "duplicate", "corrupt", "bandwidth"}) {
    const Node* details = view.node(field);
    if (details == nullptr) continue;
    for (const Member& member : details->members) fault.parameters[fmt::format("{}.{}", field, member.key)] = member.value.text;
  }
  if (fault.kind == "PodChaos" && !fault.node.empty()) {
    report_field(diagnostics, view, "selector", ErrorCode::ValueNotAllowed, "PodChaos hits pods, not nodes", "node", "labelSelectors");
  }
  return fault;
}

decltype(TimelineAction::action) read_action(const ObjectView& entry, Diagnostics& diagnostics) {
  if (entry.has("setImage")) {
    const ObjectView view = entry.object("setImage");
    return SetImage{view.text("namespace"), view.text("deployment"), view.text("container"), view.text("image")};
  }
  if (entry.has("scale")) {
    const ObjectView view = entry.object("scale");
    return Scale{view.text("namespace"), view.text("deployment"), static_cast<std::int32_t>(view.integer("replicas"))};
  }
  if (entry.has("delete")) {
    const ObjectView view = entry.object("delete");
    if (view.has("pods")) return read_delete_pods(view.object("pods"));
    return DeleteNodes{view.object("nodes").text("name"), view.object("nodes").selector("selector")};
  }
  if (entry.has("rolloutUndo")) {
    const ObjectView view = entry.object("rolloutUndo");
    return RolloutUndo{view.text("namespace"), view.text("deployment"), view.integer("toRevision")};
  }
  for (const std::string_view name : {"rolloutPause", "rolloutResume"}) {
    if (!entry.has(name)) continue;
    const ObjectView view = entry.object(name);
    return RolloutPause{view.text("namespace"), view.text("deployment"), name == "rolloutPause"};
  }
  for (const std::string_view name : {"cordon", "uncordon"}) {
    if (entry.has(name)) return Cordon{entry.object(name).text("node"), name == "cordon"};
  }
  return read_fault(entry.object("fault"), diagnostics);
}

std::string pods_text(const DeletePods& action) {
  if (!action.name.empty()) return "pod/" + short_name(action.namespace_, action.name);
  std::string how = action.mode == SelectionMode::All ? "all" : action.mode == SelectionMode::One ? "one" : fmt::format("{}", action.value);
  ObjectField field;
  field.subject = Subject::Pods;
  field.namespace_ = action.namespace_;
  field.selector = action.selector;
  std::string text = to_string(field);
  return fmt::format("{} of {}", how, text.substr(0, text.rfind('.')));
}

struct ActionText {
  std::string operator()(const SetImage& a) const { return fmt::format("setImage deployment/{} {}={}", short_name(a.namespace_, a.deployment), a.container, a.image); }
  std::string operator()(const Scale& a) const { return fmt::format("scale deployment/{} replicas={}", short_name(a.namespace_, a.deployment), a.replicas); }
  std::string operator()(const DeletePods& a) const { return "delete " + pods_text(a); }
  std::string operator()(const DeleteNodes& a) const { return a.name.empty() ? "delete nodes " + cluster::format_selector(a.selector) : "delete node/" + a.name; }
  std::string operator()(const RolloutPause& a) const {
    return fmt::format("{} deployment/{}", a.paused ? "rolloutPause" : "rolloutResume", short_name(a.namespace_, a.deployment));
  }
  std::string operator()(const RolloutUndo& a) const {
    const std::string target = a.to_revision == 0 ? "" : fmt::format(" toRevision={}", a.to_revision);
    return fmt::format("rolloutUndo deployment/{}{}", short_name(a.namespace_, a.deployment), target);
  }
  std::string operator()(const Cordon& a) const { return fmt::format("{} node/{}", a.unschedulable ? "cordon" : "uncordon", a.node); }
  std::string operator()(const Fault& a) const {
    std::string target = "node/" + a.node;
    if (a.node.empty()) {
      DeletePods pods;
      const auto namespace_ = a.parameters.find("namespace");
      const auto value = a.parameters.find("value");
      pods.namespace_ = namespace_ == a.parameters.end() ? "default" : namespace_->second;
      pods.selector = a.selector;
      pods.mode = a.mode;
      if (value != a.parameters.end()) pods.value = static_cast<std::int32_t>(parse_int(value->second).value_or(0));
      target = pods_text(pods);
    }
    const std::string duration = a.duration.ns == 0 ? "" : " for " + to_string(a.duration);
    return fmt::format("fault {} {} {}{}", a.kind, a.action, target, duration);
  }
};

}  // namespace

std::string to_string(const TimelineAction& action) { return std::visit(ActionText{}, action.action); }

std::vector<Read<TimelineAction>> read_timeline(const ObjectView& spec, SimDuration horizon, const IsClean& is_clean, Diagnostics& diagnostics) {
  std::vector<Read<TimelineAction>> entries;
  for (const ObjectView& view : spec.objects("timeline")) {
    if (!is_clean(view.path())) continue;
    TimelineAction entry;
    entry.at = kTimeZero + view.duration("at");
    entry.action = read_action(view, diagnostics);
    entry.place = view.place();
    if (horizon.ns > 0 && entry.at >= kTimeZero + horizon) {
      report_field(diagnostics, view, "at", ErrorCode::ScenarioTimeOrder, "this happens at or after the end of the run", to_string(view.duration("at")),
             fmt::format("before the horizon, {}", to_string(horizon)));
    }
    entries.push_back({std::move(entry), view});
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.value.at < b.value.at; });
  return entries;
}

}  // namespace tandem::scenario
