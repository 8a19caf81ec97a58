#include "core/control/kubelet/eviction_manager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/cluster/tolerations.hpp"
#include "core/control/kubelet/qos.hpp"

namespace tandem::control::kubelet {
namespace {

/// nodeStatusUpdateFrequency: the kubelet looks at its node's conditions that often.
constexpr SimDuration kNodeStatusPeriod = seconds(10);
/// podCleanupPollFreq and podCleanupTimeout of eviction_manager.go.
constexpr SimDuration kCleanUpPoll = seconds(1);
constexpr SimDuration kCleanUpTimeout = seconds(30);
/// immediateEvictionGracePeriodSeconds.
constexpr std::int64_t kHardEvictionGrace = 1;
constexpr const char* kEvicted = "Evicted";

cluster::Condition disruption_target(std::string message) {
  cluster::Condition condition;
  condition.type = "DisruptionTarget";
  condition.status = cluster::ConditionStatus::True;
  condition.reason = "TerminationByKubelet";
  condition.message = std::move(message);
  return condition;
}

SimTime next_tick(SimTime phase, SimDuration period, SimTime now) {
  const std::int64_t since = now.ns - phase.ns;
  const std::int64_t ticks = since < 0 ? 0 : since / period.ns + 1;
  return SimTime{phase.ns + ticks * period.ns};
}

}  // namespace

EvictionManager::EvictionManager(Parts parts, std::vector<EvictionThreshold> thresholds, double phase)
    : parts_(std::move(parts)),
      tracker_(std::move(thresholds), parts_.options.eviction_pressure_transition_period),
      node_status_phase_(kTimeZero + from_seconds(phase * to_seconds(kNodeStatusPeriod))) {
  const SimDuration period = parts_.options.eviction_monitoring_period;
  if (period > SimDuration{} && parts_.options.memory_capacity > 0) arm(from_seconds(phase * to_seconds(period)));
}

EvictionManager::~EvictionManager() {
  *alive_ = false;
  parts_.clock.cancel(timer_);
  parts_.clock.cancel(node_status_timer_);
}

std::optional<EndedByKubelet> EvictionManager::refusal(const cluster::Pod& pod) const {
  const auto& conditions = tracker_.node_conditions();
  if (conditions.empty() || is_critical(*pod.spec)) return std::nullopt;
  if (conditions.size() == 1 && conditions.front() == "MemoryPressure") {
    // Short of memory only: a pod that has asked for some is taken.
    if (cluster::qos_class_of(*pod.spec) != "BestEffort") return std::nullopt;
    cluster::Taint taint;
    taint.key = "node.kubernetes.io/memory-pressure";
    taint.effect = "NoSchedule";
    if (cluster::tolerates(pod.spec->tolerations, taint)) return std::nullopt;
  }
  return EndedByKubelet{kEvicted, fmt::format("The node had condition: [{}]. ", fmt::join(conditions, " "))};
}

// ---------------------------------------------------------------- looking

void EvictionManager::arm(SimDuration delay) {
  timer_ = parts_.clock.after(delay, EventClass::Control, parts_.options.node_index, [this] {
    timer_ = {};
    look();
  });
}

void EvictionManager::look() {
  look_ = std::make_unique<Look>();
  look_->unanswered = 1;  // this loop itself: an answer may not end the look before all have been asked
  for (const PodWorker* worker : parts_.active_pods()) {
    for (const ContainerKills::Target& target : worker->record().running()) {
      const auto& spec = *worker->record().pod->spec;
      const std::string& name = (target.init ? spec.init_containers : spec.containers)[target.index].name;
      ++look_->unanswered;
      parts_.runtime.stats(target.container_id,
                           [this, alive = alive_, uid = worker->record().uid(), name](const Result<ContainerStats>& stats) {
                             if (!*alive) return;
                             if (stats) {
                               PodUsage& usage = look_->usages[uid];
                               usage.memory_bytes += stats->memory_bytes;
                               ContainerUsage container;
                               container.name = name;
                               container.memory_bytes = stats->memory_bytes;
                               usage.containers.push_back(std::move(container));
                             }
                             asked_all();
                           });
    }
  }
  asked_all();
}

void EvictionManager::asked_all() {
  if (--look_->unanswered > 0) return;
  std::int64_t used = 0;
  for (const auto& [uid, usage] : look_->usages) used += usage.memory_bytes;
  const std::int64_t capacity = parts_.options.memory_capacity;
  const SignalObservations observations = {
      {EvictionSignal::MemoryAvailable, {std::max<std::int64_t>(capacity - used, 0), capacity}}};
  tracker_.observe(observations, parts_.clock.now());
  show_conditions();
  act(observations);
}

// ---------------------------------------------------------------- acting

void EvictionManager::act(const SignalObservations& observations) {
  const SimDuration period = parts_.options.eviction_monitoring_period;
  if (tracker_.actionable().empty()) return arm(period);
  const EvictionThreshold& threshold = tracker_.actionable().front();
  parts_.server.event(node_reference(), "Warning", "EvictionThresholdMet",
                      fmt::format("Attempting to reclaim {}", resource_of(threshold.signal)));

  std::map<const cluster::Pod*, PodWorker*> workers;
  std::vector<EvictionCandidate> candidates;
  for (PodWorker* worker : parts_.active_pods()) {
    const auto usage = look_->usages.find(worker->record().uid());
    candidates.push_back({worker->record().pod.get(), usage == look_->usages.end() ? nullptr : &usage->second});
    workers[candidates.back().pod] = worker;
  }
  rank_for_eviction(candidates, threshold.signal, false);
  for (const EvictionCandidate& candidate : candidates) {
    if (evict(*workers.at(candidate.pod), candidate, threshold, observations)) return;
  }
  arm(period);
}

bool EvictionManager::evict(PodWorker& worker, const EvictionCandidate& candidate, const EvictionThreshold& threshold,
                            const SignalObservations& observations) {
  const cluster::Pod& pod = *candidate.pod;
  if (is_critical(*pod.spec)) return false;
  Eviction eviction;
  eviction.ended = {kEvicted, eviction_message(threshold.signal, candidate, tracker_.actionable(), observations)};
  eviction.grace_seconds =
      threshold.hard() ? kHardEvictionGrace
                       : std::min(parts_.options.eviction_max_pod_grace_seconds, pod.spec->termination_grace_period_seconds);
  eviction.condition = disruption_target(eviction.ended.message);
  parts_.server.event(pod, "Warning", kEvicted, eviction.ended.message);
  worker.evict(std::move(eviction));
  await_clean_up(worker.record().uid(), parts_.clock.now() + kCleanUpTimeout);
  return true;
}

void EvictionManager::await_clean_up(const std::string& uid, SimTime deadline) {
  timer_ = parts_.clock.after(kCleanUpPoll, EventClass::Control, parts_.options.node_index, [this, uid, deadline] {
    timer_ = {};
    if (parts_.cleaned_up(uid) || parts_.clock.now() >= deadline) return look();
    await_clean_up(uid, deadline);
  });
}

// ---------------------------------------------------------------- the node's condition

cluster::Node EvictionManager::node_reference() const {
  cluster::Node node;
  node.meta.name = parts_.options.node_name;
  return node;
}

void EvictionManager::show_conditions() {
  const auto& conditions = tracker_.node_conditions();
  const bool pressure = std::find(conditions.begin(), conditions.end(), "MemoryPressure") != conditions.end();
  if (pressure == pressure_shown_ || node_status_timer_) return;
  node_status_timer_ = parts_.clock.at(next_tick(node_status_phase_, kNodeStatusPeriod, parts_.clock.now()),
                                       EventClass::Control, parts_.options.node_index, [this] {
                                         node_status_timer_ = {};
                                         const auto& now = tracker_.node_conditions();
                                         write_condition(std::find(now.begin(), now.end(), "MemoryPressure") != now.end());
                                       });
}

void EvictionManager::write_condition(bool pressure) {
  if (pressure == std::exchange(pressure_shown_, pressure)) return;
  const std::string word = pressure ? "Insufficient" : "Sufficient";
  parts_.server.event(node_reference(), "Normal", fmt::format("NodeHas{}Memory", word),
                      fmt::format("Node {} status is now: NodeHas{}Memory", parts_.options.node_name, word));
  parts_.server.patch<cluster::Node>(
      {{}, parts_.options.node_name, {}},
      [pressure, &clock = parts_.clock](cluster::Node& node) {
        for (cluster::Condition& condition : node.status.conditions) {
          if (condition.type != "MemoryPressure") continue;
          condition.status = pressure ? cluster::ConditionStatus::True : cluster::ConditionStatus::False;
          condition.reason = pressure ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory";
          condition.message =
              pressure ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available";
          condition.last_transition_time = clock.now();
        }
      },
      [](const Result<cluster::Ptr<cluster::Node>>&) {
        // A node that is not registered has nowhere to show it.
      });
}

}  // namespace tandem::control::kubelet
