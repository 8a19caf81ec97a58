#include "tests/truth/scheduler_replay.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "core/cluster/json.hpp"
#include "core/control/scheduler/fit_error.hpp"
#include "core/control/scheduler/victims.hpp"

namespace tandem::truth {
namespace {

using control::scheduler::Decision;
using control::scheduler::DecisionDetail;
using control::scheduler::PluginScores;
using nlohmann::json;

template <class T>
T read(const json& document) {
  auto object = cluster::object_from_json(document);
  if (!object) throw std::runtime_error("cannot read object: " + to_string(object.error().front()));
  cluster::apply_defaults(*object);
  return std::get<T>(std::move(*object));
}

/// The selector of any workload: the recorder left the templates out, and only the selector counts for spreading.
cluster::LabelSelector selector_of(json document) {
  document["apiVersion"] = "apps/v1";
  document["kind"] = "ReplicaSet";
  return *read<cluster::ReplicaSet>(document).spec.selector;
}

const json& list(const json& object, const char* key) {
  static const json empty = json::array();
  const auto found = object.find(key);
  return found == object.end() ? empty : *found;
}

std::string path_of(const cluster::ObjectMeta& meta) { return meta.namespace_ + "/" + meta.name; }

/// A pod's uid, which the recordings leave out, is its path.
std::shared_ptr<cluster::Pod> read_pod(const json& document) {
  auto pod = std::make_shared<cluster::Pod>(read<cluster::Pod>(document));
  if (pod->meta.uid.empty()) pod->meta.uid = path_of(pod->meta);
  return pod;
}

json requests_of(const control::scheduler::PodRequests& requests) {
  json told{{"milliCPU", requests.occupied.milli_cpu},
            {"memory", requests.occupied.memory},
            {"nonZeroMilliCPU", requests.non_zero_cpu},
            {"nonZeroMemory", requests.non_zero_memory}};
  if (requests.occupied.ephemeral_storage != 0) told["ephemeralStorage"] = requests.occupied.ephemeral_storage;
  for (const auto& [name, amount] : requests.occupied.scalars) told["scalar"][name] = amount;
  return told;
}

/// node → [plugin, code, sorted reasons]: how the recorder grouped the nodes says nothing.
json rejections_of(const DecisionDetail& detail) {
  json told = json::object();
  for (const auto& rejection : detail.rejected) {
    std::vector<std::string> reasons = rejection.reasons;
    std::sort(reasons.begin(), reasons.end());
    told[rejection.node] = {rejection.plugin, name_of(rejection.code), reasons};
  }
  return told;
}
json recorded_rejections(const json& step) {
  json told = json::object();
  for (const json& group : list(step, "rejected")) {
    std::vector<std::string> reasons = group.at("reasons").get<std::vector<std::string>>();
    std::sort(reasons.begin(), reasons.end());
    for (const json& node : group.at("nodes")) told[node.get<std::string>()] = {group.at("plugin"), group.at("code"), reasons};
  }
  return told;
}

/// Values by node name: the recording lists nodes in the order of the input, we in the order visited.
json by_node(const json& nodes, const json& values) {
  json told = json::object();
  for (std::size_t i = 0; i < nodes.size(); ++i) told[nodes[i].get<std::string>()] = values.at(i);
  return told;
}

json scores_of(const DecisionDetail& detail) {
  json told = json::object();
  const json nodes = detail.feasible;
  for (const PluginScores& column : detail.scores) {
    told[column.plugin] = {{"weight", column.weight},
                           {"raw", by_node(nodes, column.raw)},
                           {"normalized", by_node(nodes, column.normalized)},
                           {"weighted", by_node(nodes, column.weighted)}};
  }
  return told;
}
json recorded_scores(const json& step) {
  json told = json::object();
  for (const auto& [plugin, column] : step.at("scores").items()) {
    told[plugin] = {{"weight", column.at("weight")}};
    for (const char* stage : {"raw", "normalized", "weighted"})
      told[plugin][stage] = by_node(step.at("feasible"), column.at(stage));
  }
  return told;
}

json sorted(json values) {
  std::sort(values.begin(), values.end());
  return values;
}

/// Object of node → [victims in order, budgets broken].
json candidates_of(const control::scheduler::Snapshot& snapshot, const control::scheduler::Preemption& preemption) {
  json told = json::object();
  for (const auto& candidate : preemption.candidates) {
    json victims = json::array();
    for (const auto& victim : candidate.victims) victims.push_back(path_of(victim.pod->meta));
    told[snapshot.node(candidate.node).name] = {victims, candidate.pdb_violations};
  }
  return told;
}
json recorded_candidates(const json& preemption) {
  json told = json::object();
  for (const json& candidate : list(preemption, "candidates")) {
    told[candidate.at("node").get<std::string>()] = {candidate.at("victims"), candidate.at("pdbViolations")};
  }
  return told;
}

/// VolumeBinding scores only under an alpha feature gate and is always skipped in the recordings; we do not have it.
json recorded_skipped(const json& step) {
  json told = json::array();
  for (const json& plugin : list(step, "skippedScorePlugins")) {
    if (plugin != "VolumeBinding") told.push_back(plugin);
  }
  return sorted(told);
}

/// Collects the first difference.
class Comparison {
 public:
  void equal(const char* what, const json& ours, const json& recorded) {
    if (difference_ || ours == recorded) return;
    difference_ = std::string(what) + ": ours " + ours.dump() + ", recorded " + recorded.dump();
  }
  [[nodiscard]] const std::optional<std::string>& difference() const { return difference_; }

 private:
  std::optional<std::string> difference_;
};

void compare_scheduled(Comparison& comparison, const json& step, const Decision& decision) {
  const DecisionDetail& detail = *decision.detail;
  if (step.contains("total")) {
    comparison.equal("skipped", sorted(detail.skipped_score_plugins), recorded_skipped(step));
    if (step.contains("scores")) comparison.equal("scores", scores_of(detail), recorded_scores(step));
    comparison.equal("total", by_node(detail.feasible, detail.total), by_node(step.at("feasible"), step.at("total")));
  } else {
    comparison.equal("totals", detail.total, json::array());
  }
  const json best = sorted(step.at("best"));
  comparison.equal("chosen is among the best", std::find(best.begin(), best.end(), decision.node) != best.end(), true);
}

/// The recorder asked every rejected pod whether it may preempt; the scheduler does not ask one that was rejected before the
/// filters.
void compare_eligibility(Comparison& comparison, const json& step, const cluster::Pod& pod, const Decision& decision,
                         const control::scheduler::Snapshot& snapshot) {
  using namespace control::scheduler;  // NOLINT: many of its names
  comparison.equal("preemption was looked at", decision.preemption.has_value(), false);
  const PodClassPtr pod_class = snapshot.class_of(pod);
  const CycleInput cycle{pod, *pod_class, snapshot};
  const CycleFilters filters;
  VictimSearches searches;
  const CounterStream draws;
  const PostFilterInput input{.cycle = cycle,
                              .filters = filters,
                              .searches = searches,
                              .rejected_before_filters = true,
                              .rejected = {},
                              .code_of_others = decision.detail->pre_filter->code,
                              .draws = draws};
  const PostFilterResult result = (*make_plugin("DefaultPreemption"))->post_filter(input);
  comparison.equal("eligible", result.preemption->eligible, step.at("preemption").at("eligible"));
}

void compare_preemption(Comparison& comparison, const json& step, const Decision& decision,
                        const control::scheduler::Snapshot& snapshot) {
  comparison.equal("preemption was looked at", decision.preemption.has_value(), step.contains("preemption"));
  if (!decision.preemption || !step.contains("preemption")) return;
  const auto& ours = *decision.preemption;
  const json& recorded = step.at("preemption");
  comparison.equal("eligible", ours.eligible, recorded.at("eligible"));
  comparison.equal("candidates", candidates_of(snapshot, ours), recorded_candidates(recorded));
  json ties = json::array();
  for (const auto node : ours.ties) ties.push_back(snapshot.node(node).name);
  const json recorded_ties = sorted(list(recorded, "ties"));
  comparison.equal("ties", sorted(ties), recorded_ties);
  const bool member =
      std::find(recorded_ties.begin(), recorded_ties.end(), decision.nominated_node) != recorded_ties.end();
  comparison.equal("our nominated node is one of the ties", member, step.at("result") == "nominated");
}

control::scheduler::SchedulingAlgorithm make_algorithm(const control::scheduler::Snapshot& snapshot) {
  auto plugins = control::scheduler::configure(control::scheduler::default_profile());
  // The recordings were made with percentageOfNodesToScore: 100.
  return {snapshot, std::move(plugins.value()), 100, 1};
}

}  // namespace

SchedulerReplay::SchedulerReplay(const json& test_case) : case_(test_case), algorithm_(make_algorithm(snapshot_)) {
  add_cluster_objects();
}

void SchedulerReplay::add_cluster_objects() {
  for (const json& document : case_.at("nodes")) {
    snapshot_.set_node(std::make_shared<cluster::Node>(read<cluster::Node>(document)));
  }
  for (const json& document : list(case_, "namespaces")) {
    const auto object = read<cluster::Unstructured>(document);
    snapshot_.set_namespace(object.meta.name, object.meta.labels);
  }
  for (const json& document : list(case_, "podDisruptionBudgets")) {
    if (auto budget = control::scheduler::disruption_budget_of(read<cluster::Unstructured>(document))) {
      snapshot_.set_disruption_budget(std::move(*budget));
    }
  }
  for (const json& document : list(case_, "services")) {
    snapshot_.set_service(std::make_shared<cluster::Service>(read<cluster::Service>(document)));
  }
  for (const char* kind : {"replicaSets", "statefulSets"}) {
    for (const json& document : list(case_, kind)) {
      const auto& metadata = document.at("metadata");
      snapshot_.set_owner_selector(document.at("kind"), {metadata.at("namespace"), metadata.at("name")}, selector_of(document));
    }
  }
  for (const json& document : case_.at("existingPods")) {
    auto pod = read_pod(document);
    if (cluster::is_terminal(pod->status.phase)) continue;
    pods_[path_of(pod->meta)] = pod;
    snapshot_.set_pod(pod);
  }
  for (const json& document : case_.at("pods")) {
    auto pod = read_pod(document);
    pods_[path_of(pod->meta)] = std::move(pod);
  }
}

std::optional<std::string> SchedulerReplay::compare() {
  std::size_t number = 0;
  for (const json& step : case_.at("steps")) {
    if (step.at("do") == "schedule") {
      auto difference = compare_step(step);
      if (!difference && nominations() != step.value("nominations", json::object())) {
        difference = "nominations: ours " + nominations().dump() + ", recorded " + step.value("nominations", json::object()).dump();
      }
      if (difference) return "step " + std::to_string(number) + " (" + step.at("pod").get<std::string>() + ") " + *difference;
    } else {
      change_pods(step);
    }
    ++number;
  }
  return std::nullopt;
}

std::optional<std::string> SchedulerReplay::compare_step(const json& step) {
  const cluster::Pod& pod = *pods_.at(step.at("pod").get<std::string>());
  const Decision decision = algorithm_.schedule_one(pod, control::scheduler::Detail::Full);
  const DecisionDetail& detail = *decision.detail;

  Comparison comparison;
  if (step.contains("requests")) comparison.equal("requests", requests_of(detail.requests), step.at("requests"));
  if (step.contains("preFilter")) {
    const json ours = detail.pre_filter ? json{{"plugin", detail.pre_filter->plugin},
                                               {"code", name_of(detail.pre_filter->code)},
                                               {"message", detail.pre_filter->message}}
                                        : json();
    comparison.equal("preFilter", ours, step.at("preFilter"));
  } else {
    comparison.equal("preFilter", detail.pre_filter.has_value(), false);
    comparison.equal("rejected", rejections_of(detail), recorded_rejections(step));
    comparison.equal("feasible", sorted(detail.feasible), sorted(list(step, "feasible")));
  }
  comparison.equal("only the nominated node was looked at", decision.nominated_node_only, step.value("nominatedNodeOnly", false));
  if (step.at("result") == "scheduled") {
    json best = json::array();
    for (const auto node : decision.ties) best.push_back(snapshot_.node(node).name);
    comparison.equal("best", sorted(best), sorted(step.at("best")));
    compare_scheduled(comparison, step, decision);
  } else {
    comparison.equal("chosen", decision.node, "");
    if (step.contains("preFilter")) {
      compare_eligibility(comparison, step, pod, decision, snapshot_);
    } else {
      compare_preemption(comparison, step, decision, snapshot_);
    }
    comparison.equal("message", decision.message, step.at("message"));
    comparison.equal("event", control::scheduler::event_note(decision.message), step.value("event", step.at("message")));
  }
  if (!comparison.difference()) force(step, decision);
  return comparison.difference();
}

json SchedulerReplay::nominations() const {
  json told = json::object();
  for (const auto& [path, pod] : pods_) {
    if (const std::string* node = snapshot_.nominated_node(pod->meta.uid)) told[path] = *node;
  }
  return told;
}

/// Makes true what the recorded scheduler chose, for us too.
void SchedulerReplay::force(const json& step, const Decision& decision) {
  const std::string name = step.at("pod");
  if (step.at("result") == "scheduled") return place(name, step);
  if (decision.nomination == control::scheduler::NominationChange::Withdraw) return set_nomination(name, "");
  if (decision.nomination == control::scheduler::NominationChange::Keep) return;
  const std::string node = step.at("preemption").at("nominatedNode");
  const auto& candidates = decision.preemption->candidates;
  const auto candidate = std::find_if(candidates.begin(), candidates.end(),
                                      [&](const auto& entry) { return snapshot_.node(entry.node).name == node; });
  for (const auto& pod : control::scheduler::nominations_to_clear(snapshot_, *pods_.at(name), node, candidate->victims)) {
    set_nomination(path_of(pod->meta), "");
  }
  set_nomination(name, node);
}

void SchedulerReplay::set_nomination(const std::string& name, const std::string& node) {
  auto changed = std::make_shared<cluster::Pod>(*pods_.at(name));
  changed->status.nominated_node_name = node;
  pods_[name] = changed;
  snapshot_.withdraw_nomination(changed->meta.uid);
  if (!node.empty()) snapshot_.nominate(changed, node);
}

void SchedulerReplay::change_pods(const json& step) {
  for (const json& name : step.at("pods")) {
    auto& pod = pods_.at(name.get<std::string>());
    if (step.at("do") == "remove") {
      snapshot_.remove_pod(cluster::key_of(pod->meta));
    } else if (!cluster::is_terminating(pod->meta)) {  // terminate
      auto terminating = std::make_shared<cluster::Pod>(*pod);
      terminating->meta.deletion_timestamp = kTimeZero;
      terminating->status.conditions.push_back({.type = "DisruptionTarget",
                                                .status = cluster::ConditionStatus::True,
                                                .reason = "PreemptionByScheduler"});
      pod = terminating;
      snapshot_.set_pod(pod);
    }
  }
}

void SchedulerReplay::place(const std::string& name, const json& step) {
  auto placed = std::make_shared<cluster::Pod>(*pods_.at(name));
  placed->node_name = step.at("chosen").get<std::string>();
  placed->status.phase = cluster::PodPhase::Running;
  const auto start = cluster::parse_time(step.at("startTime").get<std::string>());
  if (start) placed->status.start_time = *start;
  placed->status.nominated_node_name.clear();
  pods_[name] = placed;
  snapshot_.withdraw_nomination(placed->meta.uid);
  snapshot_.set_pod(placed);
}

}  // namespace tandem::truth
