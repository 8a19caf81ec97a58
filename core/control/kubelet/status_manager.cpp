#include "core/control/kubelet/status_manager.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/control/kubelet/container_status.hpp"
#include "core/control/kubelet/pod_phase.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::Condition;
using cluster::ContainerStateTerminated;
using cluster::ContainerStateWaiting;
using cluster::ContainerStatus;
using cluster::is_terminal;
using cluster::Pod;
using cluster::PodPhase;
using cluster::PodStatus;

/// Set by the kubelet when it evicts, and by others: each may write it.
constexpr std::string_view kDisruptionTarget = "DisruptionTarget";

/// A condition keeps its transition time while its value stays.
void carry_transition_time(Condition& condition, const std::vector<Condition>& before, SimTime now) {
  const Condition* old = cluster::find_condition(before, condition.type);
  condition.last_transition_time = old != nullptr && old->status == condition.status ? old->last_transition_time : now;
}

bool terminated(const ContainerStatus& status) { return std::holds_alternative<ContainerStateTerminated>(status.state); }
bool never_started(const ContainerStatus& status) {
  return std::holds_alternative<ContainerStateWaiting>(status.state) &&
         !(status.last_state && std::holds_alternative<ContainerStateTerminated>(*status.last_state));
}

bool ended_well(const cluster::ContainerState& state) {
  const auto* end = std::get_if<ContainerStateTerminated>(&state);
  return end != nullptr && end->exit_code == 0;
}

/// Whether the pod has got beyond its init containers at some time, as far as the API server knows.
bool has_initialized(const Pod& pod) {
  const auto& spec = pod.spec->init_containers;
  if (spec.empty()) return true;
  const auto& regular = pod.status.container_statuses;
  if (!std::all_of(regular.begin(), regular.end(), never_started)) return true;
  if (pod.status.init_container_statuses.empty()) return false;
  const ContainerStatus& last = pod.status.init_container_statuses.back();
  const bool sidecar = std::any_of(spec.begin(), spec.end(), [&](const cluster::Container& container) {
    return container.name == last.name && cluster::is_sidecar(container);
  });
  if (sidecar) return std::holds_alternative<cluster::ContainerStateRunning>(last.state) && last.started;
  return ended_well(last.state) || (last.last_state && ended_well(*last.last_state));
}

/// What got no end is given one: nobody can say how it went.
void give_end(ContainerStatus& status) {
  if (!terminated(status)) status.state = unknown_end("The container could not be located when the pod was terminated");
}

void end_all_containers(const Pod& pod, PodStatus& status) {
  if (has_initialized(pod)) {
    for (ContainerStatus& container : status.container_statuses) give_end(container);
  }
  // Init containers up to the last that has been started, the first in any case.
  auto& init = status.init_container_statuses;
  std::size_t started = init.size();
  while (started > 1 && never_started(init[started - 1])) --started;
  for (std::size_t index = 0; index < started; ++index) give_end(init[index]);
}

}  // namespace

PodStatus merge_status(const PodStatus& theirs, const PodStatus& ours, StatusManager::Standing standing, SimTime now) {
  PodStatus merged = ours;
  merged.conditions.clear();
  const bool ends = !is_terminal(theirs.phase) && is_terminal(ours.phase);
  const bool held_back = ends && standing == StatusManager::Standing::CouldRunContainers;
  for (const Condition& condition : theirs.conditions) {
    const bool replaced = condition.type == kDisruptionTarget && ends && !held_back &&
                          cluster::find_condition(ours.conditions, kDisruptionTarget) != nullptr;
    if (!is_kubelet_condition(condition.type) && !replaced) merged.conditions.push_back(condition);
  }
  for (const Condition& condition : ours.conditions) {
    if (is_kubelet_condition(condition.type)) {
      merged.conditions.push_back(condition);
    } else if (condition.type == kDisruptionTarget && ends && !held_back) {
      merged.conditions.push_back(condition);
      carry_transition_time(merged.conditions.back(), theirs.conditions, now);
    }
  }
  if (held_back) {
    merged.phase = theirs.phase;
    merged.reason = theirs.reason;
    merged.message = theirs.message;
  }
  merged.nominated_node_name = theirs.nominated_node_name;
  merged.rest = theirs.rest;
  return merged;
}

const PodStatus* StatusManager::find(const std::string& pod_uid) const {
  const auto found = records_.find(pod_uid);
  return found == records_.end() ? nullptr : &found->second.status;
}

void StatusManager::set(const cluster::Ptr<Pod>& pod, PodStatus status, Standing standing) {
  const auto [record, added] = records_.try_emplace(pod->meta.uid);
  const PodStatus& before = added ? pod->status : record->second.status;
  for (Condition& condition : status.conditions) carry_transition_time(condition, before.conditions, clock_.now());
  status.start_time = before.start_time.value_or(clock_.now());
  store(pod, record->second, std::move(status), standing);
}

void StatusManager::store(const cluster::Ptr<Pod>& pod, Record& record, PodStatus status, Standing standing) {
  const bool same = record.sent && record.status == status;
  const bool ended_meanwhile = is_terminal(status.phase) && record.sent != standing;
  record.status = std::move(status);
  if (same && !ended_meanwhile) return;
  record.sent = standing;
  send(*pod, record.status, standing);
}

void StatusManager::send(const Pod& pod, const PodStatus& status, Standing standing) {
  server_.patch<Pod>(
      cluster::key_of(pod.meta),
      [uid = pod.meta.uid, status, standing, &clock = clock_](Pod& stored) {
        if (stored.meta.uid == uid) stored.status = merge_status(stored.status, status, standing, clock.now());
      },
      [](const Result<cluster::Ptr<Pod>>&) {
        // A pod that is gone needs no status; the next change sends again.
      });
}

void StatusManager::update(const cluster::Ptr<Pod>& pod, const std::function<bool(PodStatus&)>& edit, Standing standing) {
  const auto found = records_.find(pod->meta.uid);
  if (found == records_.end()) return;
  PodStatus status = found->second.status;
  if (!edit(status)) return;
  for (Condition& made : readiness_conditions(*pod->spec, status, pod->status.conditions)) {
    carry_transition_time(made, status.conditions, clock_.now());
    for (Condition& condition : status.conditions) {
      if (condition.type == made.type) condition = made;
    }
  }
  store(pod, found->second, std::move(status), standing);
}

void StatusManager::terminate(const cluster::Ptr<Pod>& pod, std::function<void()> gone) {
  const auto record = records_.find(pod->meta.uid);
  PodStatus status = record == records_.end() ? pod->status : record->second.status;
  end_all_containers(*pod, status);
  if (!is_terminal(status.phase)) status.phase = PodPhase::Failed;
  set(pod, std::move(status), Standing::Stopped);
  if (!cluster::is_terminating(pod->meta)) return;
  // Calls are carried out in order, so the object has its last status when it goes.
  server_.remove<Pod>(cluster::key_of(pod->meta), {.grace_period_seconds = 0, .uid = pod->meta.uid},
                      [alive = alive_, gone = std::move(gone)](const Result<cluster::Ptr<Pod>>&) {
                        // Gone already (forced deletion) is as good.
                        if (*alive) gone();
                      });
}

}  // namespace tandem::control::kubelet
