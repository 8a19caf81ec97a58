#include "core/control/scheduler/preemption_executor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/control/scheduler/pod_conditions.hpp"

namespace tandem::control::scheduler {

using cluster::Pod;
using cluster::Ptr;

PreemptionExecutor::PreemptionExecutor(cluster::ApiClient& client, const Snapshot& snapshot,
                                       std::function<void(const std::string&)> failed)
    : client_(client), snapshot_(snapshot), failed_(std::move(failed)) {}

void PreemptionExecutor::start(PreemptionOrder order) {
  std::erase_if(order.victims, [](const Ptr<Pod>& victim) { return cluster::is_terminating(victim->meta); });
  if (order.victims.empty()) return;
  const std::uint64_t number = ++started_;
  Running& running = running_[number];
  running.order = std::move(order);
  for (const Ptr<Pod>& pod : running.order.lose_nomination) {
    client_.patch<Pod>(
        cluster::key_of(pod->meta), [](Pod& edited) { edited.status.nominated_node_name.clear(); }, nullptr);
  }
  const std::vector<Ptr<Pod>> victims = running.order.victims;  // answers may come inside the calls and end the preemption
  running.under_way = victims.size() - 1;
  if (victims.size() == 1) return begin_last(number);
  for (std::size_t i = 0; i + 1 < victims.size(); ++i) preempt(number, victims[i]);
}

void PreemptionExecutor::begin_last(std::uint64_t number) {
  Running& running = running_.at(number);
  running.last_one = true;
  preempt(number, Ptr<Pod>(running.order.victims.back()));
}

void PreemptionExecutor::preempt(std::uint64_t number, const Ptr<Pod>& victim) {
  cluster::Condition condition;
  condition.type = "DisruptionTarget";
  condition.status = cluster::ConditionStatus::True;
  condition.reason = "PreemptionByScheduler";
  condition.message = fmt::format("{}: preempting to accommodate a higher priority pod",
                                  running_.at(number).order.preemptor->spec->scheduler_name);
  condition.last_transition_time = client_.server().clock().now();
  client_.patch<Pod>(
      cluster::key_of(victim->meta),
      [uid = victim->meta.uid, condition = std::move(condition)](Pod& edited) {
        if (edited.meta.uid == uid) set_condition(edited.status.conditions, condition);
      },
      [this, number, victim](const Result<Ptr<Pod>>& patched) {
        if (patched) return remove(number, victim);
        answered(number, patched.error().code == ErrorCode::ApiNotFound);
      });
}

void PreemptionExecutor::remove(std::uint64_t number, const Ptr<Pod>& victim) {
  client_.remove<Pod>(cluster::key_of(victim->meta), {.grace_period_seconds = {}, .uid = victim->meta.uid},
                      [this, number, victim](const Result<Ptr<Pod>>& removed) {
                        if (removed) {
                          const PreemptionOrder& order = running_.at(number).order;
                          client_.event(*victim, "Normal", "Preempted",
                                        fmt::format("Preempted by pod {} on node {}", order.preemptor->meta.uid, order.node));
                        }
                        answered(number, removed || removed.error().code == ErrorCode::ApiNotFound);
                      });
}

void PreemptionExecutor::answered(std::uint64_t number, bool ok) {
  Running& running = running_.at(number);
  running.failed = running.failed || !ok;
  if (!running.last_one) {
    if (--running.under_way > 0) return;
    if (!running.failed) return begin_last(number);  // after a failure the preemptor is tried again sooner without it
  }
  const bool failed = running.failed;
  const std::string preemptor_uid = running.order.preemptor->meta.uid;
  running_.erase(number);
  if (failed) failed_(preemptor_uid);
}

bool PreemptionExecutor::is_running(const std::string& preemptor_uid) const {
  return std::any_of(running_.begin(), running_.end(), [&](const auto& entry) {
    const Running& running = entry.second;
    if (running.order.preemptor->meta.uid != preemptor_uid) return false;
    if (!running.last_one) return true;
    const Pod& last = *running.order.victims.back();
    const PodOnNode* known = snapshot_.find_pod(cluster::key_of(last.meta));
    return known != nullptr && known->pod->meta.uid == last.meta.uid && !cluster::is_terminating(known->pod->meta);
  });
}

}  // namespace tandem::control::scheduler
