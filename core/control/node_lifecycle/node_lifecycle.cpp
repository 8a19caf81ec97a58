#include "core/control/node_lifecycle/node_lifecycle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tandem::control {
namespace {

using cluster::ConditionStatus;
using cluster::Taint;

constexpr std::string_view kNoExecute = "NoExecute";
constexpr std::string_view kNoSchedule = "NoSchedule";
constexpr std::string_view kUnschedulableTaint = "node.kubernetes.io/unschedulable";

struct ConditionTaint {
  std::string_view condition;
  ConditionStatus status;
  std::string_view taint;
};
constexpr std::array<ConditionTaint, 6> kConditionTaints{{
    {"Ready", ConditionStatus::False, kNotReadyTaint},
    {"Ready", ConditionStatus::Unknown, kUnreachableTaint},
    {"MemoryPressure", ConditionStatus::True, "node.kubernetes.io/memory-pressure"},
    {"DiskPressure", ConditionStatus::True, "node.kubernetes.io/disk-pressure"},
    {"NetworkUnavailable", ConditionStatus::True, "node.kubernetes.io/network-unavailable"},
    {"PIDPressure", ConditionStatus::True, "node.kubernetes.io/pid-pressure"},
}};
/// What becomes Unknown when a kubelet is silent. NetworkUnavailable belongs to the control plane.
constexpr std::array<std::string_view, 4> kKubeletConditions{"Ready", "MemoryPressure", "DiskPressure", "PIDPressure"};

Taint make_taint(std::string_view key, std::string_view effect) { return {.key = std::string(key), .effect = std::string(effect)}; }

bool same_taint(const Taint& a, const Taint& b) { return a.key == b.key && a.effect == b.effect; }

std::vector<Taint> difference(const std::vector<Taint>& from, const std::vector<Taint>& without) {
  std::vector<Taint> rest;
  for (const Taint& taint : from) {
    if (!has_taint(without, taint.key, taint.effect)) rest.push_back(taint);
  }
  return rest;
}

bool is_condition_taint(const Taint& taint) {
  if (taint.effect != kNoSchedule) return false;
  return taint.key == kUnschedulableTaint ||
         std::any_of(kConditionTaints.begin(), kConditionTaints.end(), [&](const ConditionTaint& row) { return row.taint == taint.key; });
}

void silence(NodeView& node, SimTime now) {
  for (const std::string_view type : kKubeletConditions) {
    const auto found = std::find_if(node.conditions.begin(), node.conditions.end(), [&](const NodeCondition& c) { return c.type == type; });
    if (found == node.conditions.end()) {
      node.conditions.push_back({std::string(type), ConditionStatus::Unknown, "NodeStatusNeverUpdated", "Kubelet never posted node status.",
                                 node.created, now});
    } else if (found->status != ConditionStatus::Unknown) {
      found->status = ConditionStatus::Unknown;
      found->reason = "NodeStatusUnknown";
      found->message = "Kubelet stopped posting node status.";
      found->last_transition = now;
    }
  }
}

}  // namespace

const NodeCondition* NodeView::condition(std::string_view type) const {
  const auto found = std::find_if(conditions.begin(), conditions.end(), [&](const NodeCondition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

bool has_taint(const std::vector<Taint>& taints, std::string_view key, std::string_view effect) {
  return std::any_of(taints.begin(), taints.end(), [&](const Taint& taint) { return taint.key == key && taint.effect == effect; });
}

std::vector<Taint> swap_taints(std::vector<Taint> taints, const std::vector<Taint>& add, const std::vector<Taint>& remove) {
  for (const Taint& taint : add) {
    const auto found = std::find_if(taints.begin(), taints.end(), [&](const Taint& old) { return same_taint(old, taint); });
    if (found == taints.end()) {
      taints.push_back(taint);
    } else {
      *found = taint;
    }
  }
  std::erase_if(taints, [&](const Taint& taint) { return has_taint(remove, taint.key, taint.effect); });
  return taints;
}

ControllerEvent pod_not_ready_event() { return {"Warning", "NodeNotReady", "Node is not ready"}; }

void NodeLifecycleController::register_nodes(const std::vector<NodeView>& nodes, NodeLifecycleActions& actions) {
  std::set<std::string> gone = known_;
  for (const NodeView& node : nodes) {
    gone.erase(node.name);
    if (zones_.emplace(node.zone, ZoneState::Initial).second) {
      tainters_.insert_or_assign(node.zone, RateLimitedQueue(config_.eviction_rate));
    }
    if (!known_.insert(node.name).second) continue;
    actions.node_event(node.name, {"Normal", "RegisteredNode", fmt::format("Node {0} event: Registered Node {0} in Controller", node.name)});
    mark_reachable(node, actions);
  }
  for (const std::string& name : gone) {
    known_.erase(name);
    actions.node_event(name, {"Normal", "RemovingNode", fmt::format("Node {0} event: Removing Node {0} from Controller", name)});
  }
}

SimTime NodeLifecycleController::monitor(const std::vector<NodeView>& nodes, SimTime start, NodeLifecycleActions& actions) {
  register_nodes(nodes, actions);
  std::array<SimTime, kNodeUpdateWorkers> free;
  free.fill(start);
  std::map<std::string, std::vector<bool>> ready;
  for (const NodeView& seen : nodes) {
    SimTime& now = *std::min_element(free.begin(), free.end());
    NodeView node = seen;
    const Observation observation = update_health(node, now, actions);
    if (observation.written) now = now + config_.status_write_time;
    const NodeCondition* current = node.condition("Ready");
    const bool is_ready = current != nullptr && current->status == ConditionStatus::True;
    if (!node.excluded_from_disruption) ready[node.zone].push_back(is_ready);
    if (current == nullptr) continue;
    queue_for_taint(node, now, actions);
    if (!is_ready && observation.before == ConditionStatus::True) {
      actions.node_event(node.name, {"Normal", "NodeNotReady", fmt::format("Node {} status is now: NodeNotReady", node.name)});
      actions.mark_pods_not_ready(node.name);
    }
  }
  const SimTime end = *std::max_element(free.begin(), free.end());
  handle_disruption(ready, nodes, end, actions);
  return end;
}

/// The clock of a node starts anew when its status or its lease was seen to change. A changed status forgets the lease, so that
/// the next pass takes the lease for renewed.
void NodeLifecycleController::observe_heartbeat(Health& health, const NodeView& node, SimTime now, bool fresh) const {
  const NodeCondition* current = node.condition("Ready");
  const std::optional<SimTime> saved_lease = health.lease;
  const bool posted = current != nullptr && health.ready && health.ready->last_heartbeat != current->last_heartbeat;
  const bool first_post = current != nullptr && !health.ready;
  if (fresh || first_post || posted) health = {.probed = now, .ready = *current, .lease = {}};
  if (current == nullptr) health.ready.reset();
  if (node.lease_renewed && (!saved_lease || *saved_lease < *node.lease_renewed)) {
    health.lease = node.lease_renewed;
    health.probed = now;
  }
}

NodeLifecycleController::Observation NodeLifecycleController::update_health(NodeView& node, SimTime now, NodeLifecycleActions& actions) {
  const NodeCondition* current = node.condition("Ready");
  const bool posted = current != nullptr;
  Observation observation{.before = posted ? current->status : ConditionStatus::Unknown};
  auto found = health_.find(node.name);
  const bool fresh = found == health_.end() && posted;
  if (found == health_.end()) found = health_.emplace(node.name, Health{.probed = node.created, .ready = {}, .lease = {}}).first;
  Health& health = found->second;
  observe_heartbeat(health, node, now, fresh);

  if (now <= health.probed + (posted ? config_.monitor_grace : config_.startup_grace)) return observation;
  silence(node, now);
  if (observation.before == ConditionStatus::Unknown && posted) return observation;
  actions.write_conditions(node.name, node.conditions);
  health.ready = *node.condition("Ready");
  observation.written = true;
  return observation;
}

void NodeLifecycleController::queue_for_taint(const NodeView& node, SimTime now, NodeLifecycleActions& actions) {
  const ConditionStatus status = node.condition("Ready")->status;
  if (status == ConditionStatus::True) {
    mark_reachable(node, actions);
    return;
  }
  const bool silent = status == ConditionStatus::Unknown;
  const std::string_view wanted = silent ? kUnreachableTaint : kNotReadyTaint;
  const std::string_view opposite = silent ? kNotReadyTaint : kUnreachableTaint;
  if (has_taint(node.taints, opposite, kNoExecute)) {
    // Evictions go on, for another reason: no limit.
    Taint taint = make_taint(wanted, kNoExecute);
    taint.time_added = now;
    actions.change_taints(node.name, {taint}, {make_taint(opposite, kNoExecute)});
    return;
  }
  RateLimitedQueue& tainter = tainters_.at(node.zone);
  if (!has_taint(node.taints, wanted, kNoExecute)) tainter.remove(node.name);
  tainter.add(node.name, now);
}

bool NodeLifecycleController::mark_reachable(const NodeView& node, NodeLifecycleActions& actions) {
  for (const std::string_view key : {kUnreachableTaint, kNotReadyTaint}) {
    if (has_taint(node.taints, key, kNoExecute)) actions.change_taints(node.name, {}, {make_taint(key, kNoExecute)});
  }
  return tainters_.at(node.zone).remove(node.name);
}

void NodeLifecycleController::taint_no_execute(const std::vector<NodeView>& nodes, SimTime now, NodeLifecycleActions& actions,
                                               const RateLimitedQueue::Rank& rank) {
  for (auto& [zone, tainter] : tainters_) {
    const auto taint_one = [&](const std::string& name) {
      const auto node = std::find_if(nodes.begin(), nodes.end(), [&](const NodeView& view) { return view.name == name; });
      if (node == nodes.end()) return true;
      const NodeCondition* ready = node->condition("Ready");
      if (ready == nullptr) return false;
      if (ready->status == ConditionStatus::True) return true;
      const bool silent = ready->status == ConditionStatus::Unknown;
      Taint taint = make_taint(silent ? kUnreachableTaint : kNotReadyTaint, kNoExecute);
      taint.time_added = now;
      actions.change_taints(name, {taint}, {make_taint(silent ? kNotReadyTaint : kUnreachableTaint, kNoExecute)});
      return true;
    };
    tainter.process(now, taint_one, rank);
  }
}

void NodeLifecycleController::taint_no_schedule(const NodeView& node, NodeLifecycleActions& actions) {
  std::vector<Taint> wanted;
  for (const NodeCondition& condition : node.conditions) {
    for (const ConditionTaint& row : kConditionTaints) {
      if (row.condition == condition.type && row.status == condition.status) wanted.push_back(make_taint(row.taint, kNoSchedule));
    }
  }
  if (node.unschedulable) wanted.push_back(make_taint(kUnschedulableTaint, kNoSchedule));
  std::vector<Taint> present;
  std::copy_if(node.taints.begin(), node.taints.end(), std::back_inserter(present), is_condition_taint);
  const std::vector<Taint> add = difference(wanted, present);
  const std::vector<Taint> remove = difference(present, wanted);
  if (!add.empty() || !remove.empty()) actions.change_taints(node.name, add, remove);
}

bool NodeLifecycleController::known_not_ready(const std::string& node) const {
  const auto found = health_.find(node);
  return found != health_.end() && found->second.ready && found->second.ready->status != ConditionStatus::True;
}

ZoneState NodeLifecycleController::zone_state(const std::vector<bool>& ready) const {
  const auto healthy = static_cast<std::size_t>(std::count(ready.begin(), ready.end(), true));
  const std::size_t unhealthy = ready.size() - healthy;
  if (healthy == 0 && unhealthy > 0) return ZoneState::FullDisruption;
  const float share = static_cast<float>(unhealthy) / static_cast<float>(ready.size());
  if (unhealthy > 2 && share >= config_.unhealthy_zone_threshold) return ZoneState::PartialDisruption;
  return ZoneState::Normal;
}

void NodeLifecycleController::set_limiter(const std::string& zone, std::size_t size, ZoneState state, SimTime now) {
  float rate = config_.eviction_rate;
  if (state == ZoneState::PartialDisruption) rate = size > config_.large_cluster_size ? config_.secondary_eviction_rate : 0.0F;
  tainters_.at(zone).swap_limiter(rate, now);
}

void NodeLifecycleController::handle_disruption(const std::map<std::string, std::vector<bool>>& ready, const std::vector<NodeView>& nodes,
                                                SimTime now, NodeLifecycleActions& actions) {
  std::map<std::string, ZoneState> states;
  for (const auto& [zone, statuses] : ready) states[zone] = zone_state(statuses);
  std::erase_if(zones_, [&](const auto& entry) { return !states.contains(entry.first); });
  const auto disrupted = [](const auto& entry) { return entry.second == ZoneState::FullDisruption; };
  const bool all_are = std::all_of(states.begin(), states.end(), disrupted);
  const bool all_were = std::all_of(zones_.begin(), zones_.end(), disrupted);
  if (all_are && all_were) return;
  if (all_are) {
    // The fault is more likely here than in every node: no evictions at all.
    for (const NodeView& node : nodes) mark_reachable(node, actions);
    for (auto& [zone, state] : zones_) {
      tainters_.at(zone).swap_limiter(0.0F, now);
      state = ZoneState::FullDisruption;
    }
    return;
  }
  if (all_were) {
    // Nobody could be heard: every node gets its grace again.
    for (const NodeView& node : nodes) health_.at(node.name).probed = now;
  }
  for (auto& [zone, state] : zones_) {
    const ZoneState next = states.at(zone);
    if (!all_were && state == next) continue;
    set_limiter(zone, ready.at(zone).size(), next, now);
    state = next;
  }
}

}  // namespace tandem::control
