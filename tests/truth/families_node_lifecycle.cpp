// Recorded timelines of the node lifecycle and taint eviction controllers (controllers2/f17_node_lifecycle).
//
// Which of several nodes is looked at or tainted first is arbitrary in the real controllers (map order): the candidate is run
// once for each recorded trace and follows its choices, and nothing else of it.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/control/node_lifecycle/node_lifecycle.hpp"
#include "core/control/node_lifecycle/taint_eviction.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using cluster::ConditionStatus;
using nlohmann::json;
using namespace tandem::control;

/// Caches are looked at every 100 ms until they are filled.
constexpr SimDuration kStart = milliseconds(100);
constexpr SimDuration kStatusWrite = milliseconds(7);

std::vector<std::string> names_of(const json& value) {
  if (value.is_array()) return value.get<std::vector<std::string>>();
  return {value.get<std::string>()};
}

/// The arbitrary choices of a recorded trace.
class RecordedChoices {
 public:
  explicit RecordedChoices(const json& log) {
    std::set<std::string> tainted;
    for (const json& entry : log) {
      const double time = entry.at(0);
      if (entry.at(1) == "ready") unknown_.emplace(entry.at(2), time);
      if (entry.at(1) != "taints") continue;
      const auto taints = entry.at(3).get<std::vector<std::string>>();
      const bool has = std::any_of(taints.begin(), taints.end(), [](const std::string& taint) { return taint.ends_with(":NoExecute"); });
      if (!has) tainted.erase(entry.at(2));
      if (has && tainted.insert(entry.at(2)).second) no_execute_.emplace_back(time, entry.at(2));
    }
  }
  /// Position of the node among the next ones that were tainted.
  [[nodiscard]] std::int64_t rank(const std::string& node, double now) const {
    const auto found = std::find_if(no_execute_.begin(), no_execute_.end(),
                                    [&](const auto& entry) { return entry.second == node && entry.first >= now - 0.75; });
    return found - no_execute_.begin();
  }
  [[nodiscard]] bool found_dead(const std::string& node, double now) const {
    const auto [first, last] = unknown_.equal_range(node);
    return std::any_of(first, last, [&](const auto& entry) { return std::abs(entry.second - now) < 0.75; });
  }

 private:
  std::vector<std::pair<double, std::string>> no_execute_;
  std::multimap<std::string, double> unknown_;
};

class LifecycleWorld final : public NodeLifecycleActions, public TaintEvictionActions {
 public:
  LifecycleWorld(const json& p, const json& trace) : p_(p), choices_(trace), lifecycle_(config()) {
    for (const json& node : p.at("nodes")) add_node(node);
    for (const json& pod : p.value("pods", json::array())) add_pod(pod);
    const std::int64_t last = p.at("seconds").get<std::int64_t>();
    for (const json& action : p.value("actions", json::array())) {
      clock_.at(kTimeZero + seconds(action.at(0).get<std::int64_t>()) + milliseconds(500), EventClass::Hardware, 1, [this, action] { act(action); });
    }
    for (std::int64_t s = 1; s <= last; ++s) {
      clock_.at(kTimeZero + seconds(s) + milliseconds(500), EventClass::Hardware, 2, [this, s] { renew(s); });
    }
    clock_.at(kTimeZero + kStart, EventClass::Control, 1, [this] { monitor(); });
    clock_.at(kTimeZero + kStart, EventClass::Control, 2, [this] { taint(); });
  }

  std::vector<json> run() {
    const SimTime end = kTimeZero + seconds(p_.at("seconds").get<std::int64_t>()) + milliseconds(500);
    settle();
    while (true) {
      const SimTime next = std::min(clock_.next(), eviction_.next());
      if (next > end) break;
      if (clock_.next() <= next) {
        clock_.step();
      } else {
        clock_.run_until(next);
      }
      settle();
      eviction_.fire(clock_.now(), *this);
      settle();
    }
    std::vector<json> log = log_;
    for (const auto& [key, taints] : taints_log_) {
      std::vector<std::string> texts;
      for (const cluster::Taint& taint : taints) texts.push_back(taint.key + ":" + taint.effect);
      std::sort(texts.begin(), texts.end());
      log.push_back({key.first, "taints", key.second, texts});
    }
    return log;
  }

  void write_conditions(const std::string& node, const std::vector<NodeCondition>& conditions) override {
    nodes_.at(node).view.conditions = conditions;
    dirty_.insert(node);
    for (const NodeCondition& condition : conditions) {
      if (condition.type == "Ready") add({"ready", node, "Unknown", condition.reason});
    }
  }
  void change_taints(const std::string& node, const std::vector<cluster::Taint>& add, const std::vector<cluster::Taint>& remove) override {
    const auto found = nodes_.find(node);
    if (found == nodes_.end()) return;
    found->second.view.taints = swap_taints(found->second.view.taints, add, remove);
    taints_log_[{time(), node}] = found->second.view.taints;
    dirty_.insert(node);
  }
  void mark_pods_not_ready(const std::string& node) override {
    for (auto& [name, pod] : pods_) {
      if (pod.view.node == node) mark_not_ready(name, pod);
    }
  }
  void node_event(const std::string& node, ControllerEvent event) override { add_event("Node/" + node, event); }
  void evict(const cluster::ObjectKey& key) override {
    const auto found = pods_.find(key.name);
    if (found == pods_.end() || found->second.terminating) return;
    found->second.terminating = true;
    add({"delete", key.name});
  }
  void pod_event(const cluster::ObjectKey& key, ControllerEvent event) override { add_event("Pod/" + key.name, event); }

 private:
  struct Machine {
    NodeView view;
    std::int64_t renew_at = 0;
    bool alive = true;
    std::vector<cluster::Taint> evicted_for;  ///< what the eviction controller has seen
  };
  struct Pod {
    TaintedPod view;
    bool ready = true;
    bool terminating = false;
  };

  static NodeLifecycleConfig config() {
    NodeLifecycleConfig config;
    config.status_write_time = kStatusWrite;
    return config;
  }
  [[nodiscard]] SimTime whole_second() const { return {clock_.now().ns / 1'000'000'000 * 1'000'000'000}; }
  [[nodiscard]] double now() const { return static_cast<double>(clock_.now().ns) / 1e9; }
  [[nodiscard]] double time() const { return static_cast<double>(clock_.now().ns / 500'000'000) / 2.0; }
  void add(json entry) {
    entry.insert(entry.begin(), time());
    log_.push_back(std::move(entry));
  }
  /// A repeated event only counts up the first one.
  void add_event(const std::string& object, const ControllerEvent& event) {
    if (events_.insert({object, event.reason, event.message}).second) add({"event", object, event.reason});
  }
  void mark_not_ready(const std::string& name, Pod& pod) {
    if (!std::exchange(pod.ready, false)) return;
    add({"pod-ready", name, "False"});
    add_event("Pod/" + name, pod_not_ready_event());
  }

  void set_condition(NodeView& node, const std::string& type, ConditionStatus status) {
    auto found = std::find_if(node.conditions.begin(), node.conditions.end(), [&](const NodeCondition& c) { return c.type == type; });
    if (found == node.conditions.end()) found = node.conditions.insert(found, {.type = type, .last_transition = whole_second()});
    if (found->status != status) found->last_transition = whole_second();
    found->status = status;
    found->reason = "Kubelet";
    found->last_heartbeat = whole_second();
  }
  void post_status(NodeView& node, ConditionStatus ready) {
    set_condition(node, "Ready", ready);
    for (const char* type : {"MemoryPressure", "DiskPressure", "PIDPressure"}) set_condition(node, type, ConditionStatus::False);
  }
  void add_node(const json& p) {
    Machine machine;
    machine.view.name = p.at("name");
    machine.view.zone = p.value("zone", "");
    machine.view.created = whole_second();
    machine.renew_at = p.at("renewAt");
    machine.alive = !p.value("neverPosted", false);
    if (machine.alive) post_status(machine.view, ConditionStatus::True);
    dirty_.insert(machine.view.name);
    nodes_[machine.view.name] = std::move(machine);
  }
  static std::vector<cluster::Toleration> tolerations_of(const json& list) {
    std::vector<cluster::Toleration> all;
    for (const json& one : list) {
      cluster::Toleration toleration{.key = one.value("key", ""), .op = "Exists", .effect = one.value("effect", "")};
      if (one.contains("seconds")) toleration.toleration_seconds = one.at("seconds").get<std::int64_t>();
      all.push_back(std::move(toleration));
    }
    return all;
  }
  void add_pod(const json& p) {
    Pod pod;
    const std::string name = p.at("name");
    pod.view = {{"default", name}, p.at("node"), tolerations_of(p.value("tolerations", json::array()))};
    pods_[name] = std::move(pod);
    new_pods_.insert(name);
  }

  void renew(std::int64_t s) {
    for (auto& [name, machine] : nodes_) {
      if (machine.alive && (s - machine.renew_at) % 10 == 0) machine.view.lease_renewed = clock_.now();
    }
  }
  void act(const json& action) {
    const std::string what = action.at(1);
    if (what == "add-node") return add_node(action.at(2));
    if (what == "add-pod") return add_pod(action.at(2));
    if (what == "tolerate") {
      Pod& pod = pods_.at(action.at(2));
      const json& given = action.at(3);
      auto tolerations = tolerations_of(given.is_array() ? given : json::array({given}));
      pod.view.tolerations = std::move(tolerations);
      new_pods_.insert(pod.view.key.name);
      return;
    }
    for (const std::string& name : names_of(action.at(2))) act_on_node(what, name, action);
  }
  void act_on_node(const std::string& what, const std::string& name, const json& action) {
    dirty_.insert(name);
    if (what == "delete-node") {
      nodes_.erase(name);
      eviction_.node_deleted(name);
      // A node of the same name is another object, with events of its own.
      std::erase_if(events_, [&](const auto& event) { return std::get<0>(event) == "Node/" + name; });
      return;
    }
    Machine& machine = nodes_.at(name);
    NodeView& node = machine.view;
    if (what == "die") machine.alive = false;
    if (what == "notready") set_condition(node, "Ready", ConditionStatus::False);
    if (what == "return" || what == "ready") come_back(machine);
    if (what == "cond") {
      const std::string status = action.at(4);
      const ConditionStatus not_true = status == "False" ? ConditionStatus::False : ConditionStatus::Unknown;
      set_condition(node, action.at(3), status == "True" ? ConditionStatus::True : not_true);
    }
    if (what == "cordon" || what == "uncordon") node.unschedulable = what == "cordon";
    if (what == "taint") change_taints(name, {{.key = action.at(3), .effect = action.at(4)}}, {});
    if (what == "untaint") {
      std::vector<cluster::Taint> gone;
      for (const cluster::Taint& taint : node.taints) {
        if (taint.key == action.at(3)) gone.push_back(taint);
      }
      change_taints(name, {}, gone);
    }
  }
  void come_back(Machine& machine) {
    machine.alive = true;
    post_status(machine.view, ConditionStatus::True);
    for (auto entry = pods_.begin(); entry != pods_.end();) {
      Pod& pod = entry->second;
      if (pod.view.node == machine.view.name && pod.terminating) {
        eviction_.pod_deleted(pod.view.key, *this);
        entry = pods_.erase(entry);
        continue;
      }
      if (pod.view.node == machine.view.name) pod.ready = true;
      ++entry;
    }
  }

  [[nodiscard]] std::vector<NodeView> views() const {
    std::vector<NodeView> all;
    for (const auto& [name, machine] : nodes_) all.push_back(machine.view);
    return all;
  }
  void monitor() {
    // Those that the trace found dead go last, oldest heartbeat first: they alone keep the workers waiting.
    std::vector<NodeView> all = views();
    const auto place = [&](const NodeView& node) -> std::tuple<bool, std::int64_t, std::int64_t> {
      if (!choices_.found_dead(node.name, now())) return {false, 0, 0};
      const std::int64_t seen = node.lease_renewed ? node.lease_renewed->ns / kNodeMonitorPeriod.ns : -1;
      return {true, seen, choices_.rank(node.name, now())};
    };
    std::stable_sort(all.begin(), all.end(), [&](const NodeView& a, const NodeView& b) { return place(a) < place(b); });
    const SimTime end = lifecycle_.monitor(all, clock_.now(), *this);
    clock_.at(end + kNodeMonitorPeriod, EventClass::Control, 1, [this] { monitor(); });
  }
  void taint() {
    lifecycle_.taint_no_execute(views(), clock_.now(), *this, [this](const std::string& node) { return choices_.rank(node, now()); });
    clock_.at(clock_.now() + kTaintPeriod, EventClass::Control, 2, [this] { taint(); });
  }

  /// What the watches bring about, until nothing changes any more.
  void settle() {
    if (clock_.now() < kTimeZero + kStart) return;
    while (!dirty_.empty()) {
      const std::string name = *dirty_.begin();
      dirty_.erase(dirty_.begin());
      const auto found = nodes_.find(name);
      if (found == nodes_.end()) continue;
      NodeLifecycleController::taint_no_schedule(found->second.view, *this);
      std::vector<cluster::Taint> no_execute;
      for (const cluster::Taint& taint : found->second.view.taints) {
        if (taint.effect == "NoExecute") no_execute.push_back(taint);
      }
      if (no_execute == found->second.evicted_for) continue;
      found->second.evicted_for = no_execute;
      std::vector<TaintedPod> pods;
      for (const auto& [pod_name, pod] : pods_) {
        if (pod.view.node == name) pods.push_back(pod.view);
      }
      eviction_.node_changed(name, no_execute, pods, clock_.now(), *this);
    }
    for (const std::string& name : std::exchange(new_pods_, {})) {
      Pod& pod = pods_.at(name);
      if (nodes_.contains(pod.view.node) && lifecycle_.known_not_ready(pod.view.node)) mark_not_ready(name, pod);
      eviction_.pod_changed(pod.view, clock_.now(), *this);
    }
  }

  const json& p_;
  FakeClock clock_;
  RecordedChoices choices_;
  NodeLifecycleController lifecycle_;
  TaintEvictionController eviction_;
  std::map<std::string, Machine> nodes_;
  std::map<std::string, Pod> pods_;
  std::set<std::string> dirty_;
  std::set<std::string> new_pods_;
  std::set<std::tuple<std::string, std::string, std::string>> events_;
  std::map<std::pair<double, std::string>, std::vector<cluster::Taint>> taints_log_;
  std::vector<json> log_;
};

/// Entries by what they say, with their times in order. Re-decided evictions may repeat their event at the same time.
std::map<std::string, std::vector<double>> by_text(const std::vector<json>& log) {
  std::map<std::string, std::vector<double>> all;
  for (const json& entry : log) {
    json rest = entry;
    rest.erase(rest.begin());
    all[rest.dump()].push_back(entry.at(0).get<double>());
  }
  for (auto& [text, times] : all) {
    std::sort(times.begin(), times.end());
    if (text.find("TaintManagerEviction") != std::string::npos) times.erase(std::unique(times.begin(), times.end()), times.end());
  }
  return all;
}

std::optional<std::string> difference(const std::vector<json>& recorded, const std::vector<json>& ours) {
  const auto expected = by_text(recorded);
  const auto found = by_text(ours);
  for (const auto& [text, times] : expected) {
    const auto same = found.find(text);
    const std::vector<double> got = same == found.end() ? std::vector<double>{} : same->second;
    const bool equal = std::equal(times.begin(), times.end(), got.begin(), got.end(), [](double a, double b) { return std::abs(a - b) <= 0.5; });
    if (!equal) return fmt::format("{}: expected at {}, got at {}", text, json(times).dump(), json(got).dump());
  }
  for (const auto& [text, times] : found) {
    if (!expected.contains(text)) return fmt::format("{}: not expected, got at {}", text, json(times).dump());
  }
  return std::nullopt;
}

std::optional<std::string> check_case(const json& test_case) {
  std::vector<json> traces{test_case.at("log")};
  for (const json& other : test_case.value("alt", json::array())) traces.push_back(other);
  std::optional<std::string> first;
  for (const json& trace : traces) {
    const auto different = difference(trace.get<std::vector<json>>(), LifecycleWorld(test_case.at("p"), trace).run());
    if (!different) return std::nullopt;
    if (!first) first = different;
  }
  return first;
}

void check_node_lifecycle(const json& file, Tally& tally) { for_each_case(file, tally, check_case); }

}  // namespace

std::vector<Family> node_lifecycle_families() { return {{"controllers2/f17_node_lifecycle", check_node_lifecycle}}; }

}  // namespace tandem::truth
