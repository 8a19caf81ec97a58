#include "core/control/node_lifecycle/taint_eviction.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/cluster/tolerations.hpp"

namespace tandem::control {

std::optional<SimDuration> toleration_time(const std::vector<cluster::Taint>& taints, const std::vector<cluster::Toleration>& tolerations) {
  std::optional<SimDuration> smallest;
  for (const cluster::Taint& taint : taints) {
    const auto used = std::find_if(tolerations.begin(), tolerations.end(),
                                   [&](const cluster::Toleration& toleration) { return cluster::tolerates(toleration, taint); });
    if (used == tolerations.end()) return SimDuration{};
    if (!used->toleration_seconds) continue;
    const SimDuration time = seconds(std::max<std::int64_t>(0, *used->toleration_seconds));
    smallest = smallest ? std::min(*smallest, time) : time;
  }
  return smallest;
}

void TaintEvictionController::node_changed(const std::string& node, const std::vector<cluster::Taint>& taints,
                                           const std::vector<TaintedPod>& pods, SimTime now, TaintEvictionActions& actions) {
  std::vector<cluster::Taint> no_execute;
  std::copy_if(taints.begin(), taints.end(), std::back_inserter(no_execute),
               [](const cluster::Taint& taint) { return taint.effect == "NoExecute"; });
  if (no_execute.empty()) {
    tainted_.erase(node);
    for (const TaintedPod& pod : pods) cancel(pod.key, actions);
    return;
  }
  tainted_[node] = no_execute;
  for (const TaintedPod& pod : pods) process(pod, no_execute, now, actions);
}

void TaintEvictionController::pod_changed(const TaintedPod& pod, SimTime now, TaintEvictionActions& actions) {
  if (const auto found = tainted_.find(pod.node); found != tainted_.end()) process(pod, found->second, now, actions);
}

void TaintEvictionController::process(const TaintedPod& pod, const std::vector<cluster::Taint>& taints, SimTime now,
                                      TaintEvictionActions& actions) {
  const std::optional<SimDuration> time = toleration_time(taints, pod.tolerations);
  if (!time) return cancel(pod.key, actions);
  SimTime created = now;
  const SimTime due = now + *time;
  const bool tolerated = std::all_of(taints.begin(), taints.end(),
                                     [&](const cluster::Taint& taint) { return cluster::tolerates(pod.tolerations, taint); });
  if (const auto found = work_.find(pod.key); found != work_.end() && tolerated) {
    // The clock of a pod starts with its first taint: a later decision never prolongs, and takes over only if it began now.
    created = found->second.created;
    if (created + *time < due) return;
  }
  cancel(pod.key, actions);
  if (due <= created) return evict(pod.key, actions);
  work_[pod.key] = {created, due};
}

void TaintEvictionController::cancel(const cluster::ObjectKey& pod, TaintEvictionActions& actions) {
  if (work_.erase(pod) == 0) return;
  actions.pod_event(pod, {"Normal", "TaintManagerEviction", fmt::format("Cancelling deletion of Pod {}/{}", pod.namespace_, pod.name)});
}

void TaintEvictionController::evict(const cluster::ObjectKey& pod, TaintEvictionActions& actions) {
  actions.pod_event(pod, {"Normal", "TaintManagerEviction", fmt::format("Marking for deletion Pod {}/{}", pod.namespace_, pod.name)});
  actions.evict(pod);
}

SimTime TaintEvictionController::next() const {
  SimTime first = kTimeNever;
  for (const auto& [pod, work] : work_) first = std::min(first, work.due);
  return first;
}

void TaintEvictionController::fire(SimTime now, TaintEvictionActions& actions) {
  while (!work_.empty()) {
    const auto first = std::min_element(work_.begin(), work_.end(), [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
    if (now < first->second.due) return;
    const cluster::ObjectKey pod = first->first;
    work_.erase(first);
    evict(pod, actions);
  }
}

}  // namespace tandem::control
