// Recorded answers of the daemon set controller, quiesce-then-step (controllers2/f15_daemonset).

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/cluster/json.hpp"
#include "core/control/daemon_set/daemon_set_sync.hpp"
#include "core/control/work_queue.hpp"
#include "core/scenario/document_json.hpp"
#include "core/scenario/documents.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace tandem::control;

/// How long the recordings wait after an action before they note the state.
constexpr SimDuration kSettle = seconds(5);
constexpr SimDuration kBetween = seconds(10);

cluster::IntOrString int_or_string(const std::string& text) {
  if (text.ends_with('%')) return {text};
  return {static_cast<std::int32_t>(std::stol(text))};
}

/// As sigs.k8s.io/yaml does for fields that are texts: `key: n` is the boolean false, and then the text "false".
void read_keys_as_text(json& value) {
  if (!value.is_structured()) return;
  for (auto item = value.begin(); item != value.end(); ++item) {
    if (value.is_object() && item.key() == "key" && item->is_boolean()) *item = item->get<bool>() ? "true" : "false";
    read_keys_as_text(*item);
  }
}

cluster::PodSpec pod_spec_of(const std::string& yaml) {
  cluster::PodSpec spec;
  if (!yaml.empty()) {
    scenario::Diagnostics diagnostics;
    const auto documents = scenario::parse_documents(yaml, scenario::foreign_options("podSpec", {}), diagnostics);
    json pod = {{"spec", scenario::to_json(documents.at(0), scenario::Dialect::Foreign, diagnostics)}};
    read_keys_as_text(pod);
    const json pinned = pod["spec"].value("nodeName", json());
    const cluster::Pod read = cluster::from_json<cluster::Pod>(pod).value();
    spec = *read.spec;
    if (!pinned.is_null()) spec.rest.fields = std::make_shared<const json>(json{{"nodeName", pinned}});
  }
  return spec;
}

cluster::Ptr<cluster::Node> node_of(const json& recorded) {
  cluster::Node node;
  node.meta.name = recorded.at("name");
  node.meta.labels = recorded.value("labels", std::map<std::string, std::string, std::less<>>{});
  for (const std::string text : recorded.value("taints", json::array())) {
    const auto colon = text.rfind(':');
    const std::string pair = text.substr(0, colon);
    const auto equals = pair.find('=');
    node.spec.taints.push_back({.key = pair.substr(0, equals), .value = equals == std::string::npos ? "" : pair.substr(equals + 1), .effect = text.substr(colon + 1)});
  }
  if (recorded.value("unschedulable", false)) {
    node.spec.unschedulable = true;
    node.spec.taints.push_back({.key = "node.kubernetes.io/unschedulable", .effect = "NoSchedule"});
  }
  return std::make_shared<const cluster::Node>(std::move(node));
}

class DaemonSetWorld final : public DaemonSetActions {
 public:
  explicit DaemonSetWorld(const json& p) : queue_(clock_, 1), spec_(pod_spec_of(p.value("podSpec", ""))) {
    set_.meta = {.name = "d", .namespace_ = "default", .uid = "d", .generation = 1};
    set_strategy(p);
    set_.spec.min_ready_seconds = p.value("minReadySeconds", 0);
    for (const json& node : p.at("nodes")) nodes_[node.at("name")] = node_of(node);
    set_image("v1");
  }

  json step(const json& recorded) {
    log_ = json::array();
    const json& action = recorded.at("do");
    // A wait is as long as it says; its time is its end.
    now_ = now_ + kBetween;
    if (action.at(0) == "wait") now_ = now_ + seconds(action.at(1).get<std::int64_t>());
    read_choices(recorded);
    advance(now_);
    act(action);
    work();
    advance(now_ + kSettle);
    std::sort(log_.begin(), log_.end());
    json ours = {{"do", action}, {"t", recorded.at("t")}, {"pods", json::array()}, {"rev", json::array()}};
    if (!log_.empty()) ours["log"] = log_;
    for (const auto& [name, pod] : pods_) ours["pods"].push_back(fmt::format("{}:r{}:{}", name, revision_of(*pod), state_of(*pod)));
    for (const auto& revision : revisions_) ours["rev"].push_back({number_of(revision.meta.name), revision.revision});
    const cluster::DaemonSetStatus& s = set_.status;
    ours["st"] = {s.desired_number_scheduled, s.current_number_scheduled, s.number_misscheduled, s.number_ready,
                  s.updated_number_scheduled, s.number_available, s.number_unavailable};
    return ours;
  }

  // ------------------------------------------------------------ DaemonSetActions

  void create_pod(const std::string& node, cluster::Pod pod) override {
    pod.meta.name = fmt::format("{}/{}", node, ++created_[node]);
    pod.meta.creation_timestamp = clock_.now();
    pod.status.phase = cluster::PodPhase::Pending;
    note({"create", pod.meta.name, fmt::format("r{}", revision_of(pod))});
    const std::string name = pod.meta.name;
    pods_[name] = std::make_shared<const cluster::Pod>(std::move(pod));
    queue_.add(kKey);
  }
  void delete_pod(const DaemonPod& pod) override { remove(pod->meta.name); }
  cluster::ControllerRevision create_revision(cluster::ControllerRevision revision) override {
    // As a hash of the template would: the same template gets the same name again.
    const auto seen = std::find_if(names_.begin(), names_.end(), [&](const auto& one) { return one.first == revision.pod_template; });
    revision.meta.name = seen == names_.end() ? fmt::format("r{}", revision.revision) : seen->second;
    if (seen == names_.end()) names_.emplace_back(revision.pod_template, revision.meta.name);
    revisions_.push_back(revision);
    std::sort(revisions_.begin(), revisions_.end(), [](const auto& a, const auto& b) { return number_of(a.meta.name) < number_of(b.meta.name); });
    queue_.add(kKey);
    return revision;
  }
  cluster::ControllerRevision renumber_revision(const cluster::ControllerRevision& revision, std::int64_t number) override {
    const auto found = std::find_if(revisions_.begin(), revisions_.end(), [&](const auto& one) { return one.meta.name == revision.meta.name; });
    found->revision = number;
    queue_.add(kKey);
    return *found;
  }
  void delete_revision(const cluster::ControllerRevision& revision) override {
    std::erase_if(revisions_, [&](const auto& one) { return one.meta.name == revision.meta.name; });
    queue_.add(kKey);
  }
  void write_status(const cluster::DaemonSetStatus& status) override {
    set_.status = status;
    queue_.add(kKey);
  }
  void event(ControllerEvent event) override { note({"event", event.reason}); }
  void sync_after(SimDuration delay) override { queue_.add_after(kKey, delay); }
  [[nodiscard]] std::vector<DaemonPod> pods() const override {
    std::vector<DaemonPod> all;
    for (const auto& [name, pod] : pods_) all.push_back(pod);
    // Equal pods of a node come in any order: follow the recorded one.
    std::stable_sort(all.begin(), all.end(), [&](const DaemonPod& a, const DaemonPod& b) { return chosen(a->meta.name) > chosen(b->meta.name); });
    return all;
  }

 private:
  static inline const cluster::ObjectKey kKey{"default", "d"};

  static int number_of(const std::string& name) { return std::stoi(name.substr(1)); }
  static int revision_of(const cluster::Pod& pod) { return number_of(pod.meta.labels->at("controller-revision-hash")); }
  static std::string state_of(const cluster::Pod& pod) {
    const char state = pod.status.phase == cluster::PodPhase::Failed      ? 'F'
                       : pod.status.phase == cluster::PodPhase::Succeeded ? 'S'
                       : pod.node_name.empty()                            ? 'P'
                       : cluster::is_ready(pod)                           ? 'R'
                                                                          : 'N';
    return fmt::format("{}{}", state, cluster::is_terminating(pod.meta) ? "T" : "");
  }

  /// Which pods the recorded step names, when, and on which nodes.
  void read_choices(const json& recorded) {
    chosen_.clear();
    chosen_nodes_.clear();
    const auto log = recorded.find("log");
    if (log == recorded.end()) return;
    for (const json& entry : *log) {
      if (entry.at(0) == "event") continue;
      const std::string pod = entry.at(1);
      chosen_nodes_.insert(pod.substr(0, pod.find('/')));
      chosen_.emplace(pod, entry.back().is_number() ? kTimeZero + seconds(entry.back().get<std::int64_t>()) : now_);
    }
  }
  [[nodiscard]] bool chosen(const std::string& pod) const { return chosen_.contains({pod, clock_.now()}); }

  void work() {
    int rounds = 0;
    while (const auto key = queue_.get()) {
      DaemonSetView view;
      view.set = set_;
      for (const auto& [name, node] : nodes_) view.nodes.push_back(node);
      std::stable_sort(view.nodes.begin(), view.nodes.end(), [&](const auto& a, const auto& b) { return chosen_nodes_.contains(a->meta.name) > chosen_nodes_.contains(b->meta.name); });
      view.revisions = revisions_;
      if (++rounds > 1000) throw std::runtime_error("the controller does not come to rest");
      sync_daemon_set(std::move(view), backoff_, clock_.now(), *this);
      queue_.done(*key);
    }
  }

  void advance(SimTime time) {
    while (clock_.next() <= time) {
      clock_.run_until(clock_.next());
      work();
    }
    clock_.run_until(time);
  }

  /// Adds a log entry, with its time unless that is the action's.
  void note(json entry) {
    if (clock_.now() != now_) entry.push_back(clock_.now().ns / 1'000'000'000);
    log_.push_back(std::move(entry));
  }

  void set_strategy(const json& p) {
    set_.spec.update_strategy = p.at("type");
    set_.spec.max_unavailable = int_or_string(p.value("maxUnavailable", "1"));
    set_.spec.max_surge = int_or_string(p.value("maxSurge", "0"));
    set_.spec.revision_history_limit = p.value("revisionHistoryLimit", 10);
  }
  void set_image(std::string image) {
    cluster::Container container{.name = "c"};
    container.image = std::move(image);
    cluster::PodSpec spec = spec_;
    spec.containers = {std::move(container)};
    set_.spec.pod_template = cluster::PodTemplate{.spec = std::move(spec)};
  }

  template <class Edit>
  void edit(const std::string& name, Edit&& change) {
    const auto found = pods_.find(name);
    if (found == pods_.end()) return;
    cluster::Pod pod = *found->second;
    change(pod);
    // A write that changes nothing is no event.
    if (pod == *found->second) return;
    found->second = std::make_shared<const cluster::Pod>(std::move(pod));
    queue_.add(kKey);
  }

  void remove(const std::string& name) {
    const auto found = pods_.find(name);
    if (found == pods_.end() || cluster::is_terminating(found->second->meta)) return;
    note({"delete", name, fmt::format("r{}", revision_of(*found->second)), state_of(*found->second)});
    if (found->second->node_name.empty() || cluster::is_terminal(found->second->status.phase)) {
      pods_.erase(found);
      queue_.add(kKey);
    } else {
      edit(name, [&](cluster::Pod& pod) { pod.meta.deletion_timestamp = clock_.now() + seconds(30); });
    }
  }

  void set_ready(const std::string& name, bool ready) {
    edit(name, [&](cluster::Pod& pod) {
      pod.node_name = target_node(pod);
      pod.status.phase = cluster::PodPhase::Running;
      pod.status.conditions = {{.type = "Ready", .status = ready ? cluster::ConditionStatus::True : cluster::ConditionStatus::False,
                                .last_transition_time = clock_.now()}};
    });
    if (ready && set_.spec.min_ready_seconds > 0) queue_.add_after(kKey, seconds(set_.spec.min_ready_seconds) + kDaemonAvailabilitySlack);
  }

  void make_ready(std::int64_t count) {
    std::vector<std::string> names;
    for (const auto& [name, pod] : pods_) {
      if (cluster::is_active(*pod) && !cluster::is_ready(*pod)) names.push_back(name);
    }
    if (count >= 0 && names.size() > static_cast<std::size_t>(count)) names.resize(static_cast<std::size_t>(count));
    for (const std::string& name : names) set_ready(name, true);
  }

  void set_phase(const std::string& name, cluster::PodPhase phase) {
    edit(name, [&](cluster::Pod& pod) {
      pod.status.phase = phase;
      pod.status.conditions.clear();
    });
  }

  void act(const json& action) {
    const std::string verb = action.at(0);
    if (verb == "create" || verb == "image" || verb == "strategy") queue_.add(kKey);
    if (verb == "image") set_image(action.at(1));
    if (verb == "image" || verb == "strategy") ++set_.meta.generation;
    if (verb == "strategy") set_strategy(action.at(1));
    if (verb == "ready") make_ready(action.at(1).get<std::int64_t>());
    if (verb == "unready" && pods_.contains(action.at(1))) set_ready(action.at(1), false);
    if (verb == "succeed") set_phase(action.at(1), cluster::PodPhase::Succeeded);
    if (verb == "delete-pod") remove(action.at(1));
    if (verb == "remove-node") nodes_.erase(action.at(1).get<std::string>());
    if (verb == "gone") {
      if (std::erase_if(pods_, [](const auto& entry) { return cluster::is_terminating(entry.second->meta); }) > 0) queue_.add(kKey);
    }
    if (verb == "fail-on") {
      for (const auto& name : names_on(action.at(1))) set_phase(name, cluster::PodPhase::Failed);
    }
    if (verb == "node") {
      for (std::size_t i = 1; i < action.size(); ++i) {
        const auto node = node_of(action.at(i));
        nodes_[node->meta.name] = node;
        if (node_change_matters(set_, *node, pods())) queue_.add(kKey);
      }
    }
  }

  [[nodiscard]] std::vector<std::string> names_on(const std::string& node) const {
    std::vector<std::string> names;
    for (const auto& [name, pod] : pods_) {
      if (target_node(*pod) == node && !cluster::is_terminating(pod->meta)) names.push_back(name);
    }
    return names;
  }

  FakeClock clock_;
  WorkQueue queue_;
  cluster::PodSpec spec_;
  cluster::DaemonSet set_;
  std::map<std::string, cluster::Ptr<cluster::Node>, std::less<>> nodes_;
  std::map<std::string, DaemonPod, std::less<>> pods_;
  std::map<std::string, int> created_;
  std::vector<cluster::ControllerRevision> revisions_;
  std::vector<std::pair<Shared<cluster::PodTemplate>, std::string>> names_;  ///< of every revision ever stored
  FailedPodBackoff backoff_;
  SimTime now_;  ///< of the step's action
  std::set<std::pair<std::string, SimTime>> chosen_;
  std::set<std::string, std::less<>> chosen_nodes_;
  json log_ = json::array();
};

std::optional<std::string> check_trace(const json& p, const json& steps) {
  DaemonSetWorld world(p);
  for (const json& expected : steps) {
    const json ours = world.step(expected);
    if (ours != expected) return fmt::format("expected {}, got {}", expected.dump(), ours.dump());
  }
  return std::nullopt;
}

std::optional<std::string> check_daemon_set(const json& recorded) {
  const auto difference = check_trace(recorded.at("p"), recorded.at("steps"));
  if (!difference) return std::nullopt;
  for (const json& other : recorded.value("alt", json::array())) {
    if (!check_trace(recorded.at("p"), other)) return std::nullopt;
  }
  return difference;
}

}  // namespace

std::vector<Family> daemon_set_families() {
  return {{"controllers2/f15_daemonset", [](const json& file, Tally& tally) { for_each_case(file, tally, check_daemon_set); }}};
}

}  // namespace tandem::truth
