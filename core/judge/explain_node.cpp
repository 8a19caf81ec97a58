#include "core/judge/explain_node.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/control/scheduler/resources.hpp"
#include "core/judge/decisions_of.hpp"
#include "core/judge/explain_words.hpp"
#include "core/judge/table.hpp"

namespace tandem::judge {

using namespace control::scheduler;
using Json = nlohmann::ordered_json;

namespace {

/// "from 10s until 45s", each time that the node existed.
std::string times_of(const std::string& node, const RunHistory& history) {
  std::vector<std::string> times;
  for (const NodeLife& life : history.nodes) {
    if (life.name != node) continue;
    bool exists = false;
    for (const NodeState& state : life.states) {
      if (state.exists == exists) continue;
      exists = state.exists;
      if (exists) times.push_back(fmt::format("from {}", to_string(state.at.time - kTimeZero)));
      else times.back() += fmt::format(" until {}", to_string(state.at.time - kTimeZero));
    }
  }
  return fmt::format("{}", fmt::join(times, ", "));
}

Error unknown_node(const std::string& node, SimTime at, const RunHistory& history) {
  std::vector<std::string_view> names;
  for (const NodeLife& life : history.nodes) names.push_back(life.name);
  const bool known = std::find(names.begin(), names.end(), node) != names.end();
  const std::string nearest = nearest_name(node, names);
  return make_error(ErrorCode::UsageNotFound, fmt::format("the run has no node of this name at {}", to_string(at - kTimeZero)))
      .with_found(node)
      .with_allowed(fmt::format("{}", fmt::join(names, ", ")))
      .with_hint(known ? fmt::format("it exists {}: give such a time with --at", times_of(node, history)) : nearest.empty() ? "" : "did you mean node/" + nearest + "?");
}

void add_resources(NodeExplanation& told, const cluster::Node& node, const Resources& requested) {
  const Resources allocatable = allocatable_of(node.status.allocatable);
  told.resources = {{"cpu", allocatable.milli_cpu, requested.milli_cpu}, {"memory", allocatable.memory, requested.memory}};
  if (allocatable.ephemeral_storage != 0 || requested.ephemeral_storage != 0) {
    told.resources.push_back({"ephemeral-storage", allocatable.ephemeral_storage, requested.ephemeral_storage});
  }
  for (const auto& [name, amount] : allocatable.scalars) told.resources.push_back({name, amount, requested.scalar(name)});
  told.resources.push_back({"pods", allowed_pods(node.status.allocatable), static_cast<std::int64_t>(told.pods.size())});
}

/// What stands there, from the objects alone.
bool describe_node(NodeExplanation& told, const record::Recording& recording, const DecisionsOfPods& decisions) {
  const cluster::Node* node = nullptr;
  Resources requested;
  const std::vector<cluster::AnyObject> objects = recording.objects_at(told.at);
  for (const cluster::AnyObject& object : objects) {
    if (const auto* found = std::get_if<cluster::Node>(&object); found != nullptr && found->meta.name == told.node) node = found;
    const auto* pod = std::get_if<cluster::Pod>(&object);
    if (pod == nullptr || pod->node_name != told.node) continue;
    if (cluster::is_terminal(pod->status.phase)) {
      ++told.finished_pods;
      continue;
    }
    const PodRequests requests = requests_of(*pod->spec);
    requested += requests.occupied;
    const PodLife* life = decisions.life_of(pod->meta.uid);
    told.pods.push_back({.pod = pod->meta.namespace_ + "/" + pod->meta.name,
                         .identity = life == nullptr ? "" : decisions.identities().of(*life),
                         .phase = cluster::is_terminating(pod->meta) ? "Terminating" : std::string(cluster::name_of(pod->status.phase)),
                         .cpu_milli = requests.occupied.milli_cpu,
                         .memory_bytes = requests.occupied.memory,
                         .priority = pod->spec->priority.value_or(0)});
  }
  if (node == nullptr) return false;
  told.unschedulable = node->spec.unschedulable;
  for (const cluster::Taint& taint : node->spec.taints) told.taints.push_back(fmt::format("{}{}{}:{}", taint.key, taint.value.empty() ? "" : "=", taint.value, taint.effect));
  add_resources(told, *node, requested);
  return true;
}

/// What one decision said about the node.
void add_decision(NodeExplanation& told, const Explanation& decision, const std::string& logical_name, std::map<std::pair<std::string, std::string>, RejectedHere>& rejected) {
  ++told.decisions;
  if (!decision.mismatches.empty()) told.mismatches.push_back(fmt::format("{} attempt {}: {}", decision.pod, decision.attempt, fmt::join(decision.mismatches, "; ")));
  const auto here = std::find_if(decision.nodes.begin(), decision.nodes.end(), [&](const ExplainedNode& node) { return node.name == told.node; });
  if (here == decision.nodes.end()) {
    ++told.not_there;
    return;
  }
  if (decision.failed && here->verdict != ExplainedNode::Verdict::Rejected) {
    ++told.failed;
    return;
  }
  switch (here->verdict) {
    case ExplainedNode::Verdict::Feasible: ++(here->chosen ? told.chosen : told.outscored); return;
    case ExplainedNode::Verdict::NotVisited: ++told.not_visited; return;
    case ExplainedNode::Verdict::Rejected: ++told.rejections; break;
  }
  for (const std::string& reason : here->reasons) {
    RejectedHere& group = rejected[{here->plugin, reason}];
    group.plugin = here->plugin;
    group.reason = reason;
    ++group.attempts;
    if (std::find(group.pods.begin(), group.pods.end(), decision.pod) != group.pods.end()) continue;
    group.pods.push_back(decision.pod);
    group.logical_names.push_back(logical_name);
  }
}

/// In units that people read.
std::string amount(const std::string& resource, std::int64_t value) {
  if (resource == "cpu") return Words::cpu(value);
  if (resource == "memory" || resource == "ephemeral-storage") return Words::bytes(value);
  return std::to_string(value);
}

}  // namespace

Result<NodeExplanation> explain_node(const record::Recording& recording, const RunHistory& history, const scenario::SchedulerConfig& config,
                                     const std::string& node, SimTime at) {
  NodeExplanation told;
  told.node = node;
  told.at = at;
  const DecisionsOfPods decisions(recording, history);
  if (!describe_node(told, recording, decisions)) return fail(unknown_node(node, at, history));
  std::map<std::pair<std::string, std::string>, RejectedHere> rejected;
  TANDEM_TRY(replay_scheduling(
      recording, config, [&](std::size_t number) { return recording.decisions()[number].time <= at; },
      [&](ReplayedCycle& cycle) {
        const PodLife* pod = decisions.pod_of(cycle.number);
        add_decision(told, explain(cycle), pod == nullptr ? cycle.recorded->pod : decisions.identities().of(*pod), rejected);
      }));
  for (auto& [key, group] : rejected) told.rejected.push_back(std::move(group));
  std::stable_sort(told.rejected.begin(), told.rejected.end(), [](const RejectedHere& a, const RejectedHere& b) { return a.attempts > b.attempts; });
  return told;
}

std::string to_text(const NodeExplanation& told, const ExplainTextOptions& options) {
  std::string text = fmt::format("{:<11}{}{}\n{:<11}{}\n", "Node", told.node, told.unschedulable ? " (cordoned: takes no new pods)" : "", "At", to_string(told.at - kTimeZero));
  if (!told.taints.empty()) text += fmt::format("{:<11}{}\n", "Taints", fmt::join(told.taints, ", "));
  text += fmt::format("{:<11}{} made until then: {} for this node, {} for another although it could take the pod, {} rejected here", "Decisions", told.decisions, told.chosen, told.outscored, told.rejections);
  const std::pair<std::size_t, const char*> rest[] = {
      {told.not_visited, "without looking here"}, {told.failed, "failed with an error"}, {told.not_there, "when it was not there"}};
  for (const auto& [count, how] : rest) {
    if (count > 0) text += fmt::format(", {} {}", count, how);
  }
  text += "\n\n";
  Table resources({"RESOURCE", "ALLOCATABLE", "REQUESTED", "FREE"});
  for (const NodeResource& resource : told.resources) {
    resources.add({resource.name, amount(resource.name, resource.allocatable), amount(resource.name, resource.requested), amount(resource.name, resource.allocatable - resource.requested)});
  }
  text += resources.text() + "\n";
  if (told.pods.empty()) {
    text += "No pods here.\n";
  } else {
    Table pods({"POD", "LOGICAL NAME", "PHASE", "CPU", "MEMORY", "PRIORITY"});
    for (const PodOnNodeNow& pod : told.pods) {
      pods.add({pod.pod, pod.identity, pod.phase, Words::cpu(pod.cpu_milli), Words::bytes(pod.memory_bytes), std::to_string(pod.priority)});
    }
    text += pods.text();
  }
  if (told.finished_pods > 0) text += fmt::format("and {} finished, which no longer count\n", told.finished_pods);
  if (told.rejected.empty()) return text + "\nNo pod was rejected here.\n";
  text += "\nRejected here\n";
  Table rejected({"REJECTED BY", "WHY", "ATTEMPTS", "PODS"});
  for (const RejectedHere& group : told.rejected) {
    rejected.add({group.plugin.empty() ? "(left out before)" : group.plugin, group.reason, std::to_string(group.attempts), Words::list(group.logical_names, options.all_nodes ? group.pods.size() : 3)});
  }
  return text + rejected.text();
}

Json to_json(const NodeExplanation& told) {
  Json resources = Json::array();
  for (const NodeResource& resource : told.resources) {
    resources.push_back({{"name", resource.name}, {"allocatable", resource.allocatable}, {"requested", resource.requested}, {"free", resource.allocatable - resource.requested}});
  }
  Json pods = Json::array();
  for (const PodOnNodeNow& pod : told.pods) {
    pods.push_back({{"pod", pod.pod}, {"logicalName", pod.identity}, {"phase", pod.phase}, {"cpuMilli", pod.cpu_milli}, {"memoryBytes", pod.memory_bytes}, {"priority", pod.priority}});
  }
  Json rejected = Json::array();
  for (const RejectedHere& group : told.rejected) rejected.push_back({{"plugin", group.plugin}, {"reason", group.reason}, {"attempts", group.attempts}, {"pods", group.pods}, {"logicalNames", group.logical_names}});
  return {{"node", told.node},          {"atNs", told.at.ns},         {"unschedulable", told.unschedulable}, {"taints", told.taints},
          {"resources", resources},     {"pods", pods},               {"finishedPods", told.finished_pods},
          {"decisions", told.decisions}, {"chosen", told.chosen},     {"outscored", told.outscored},         {"rejections", told.rejections},
          {"notVisited", told.not_visited}, {"failed", told.failed},  {"notThere", told.not_there},         {"rejected", rejected},
          {"mismatches", told.mismatches}};
}

}  // namespace tandem::judge
