#include "core/control/pod_garbage_collector.hpp"

#include <set>
#include <utility>

#include "core/control/controller_runtime.hpp"
#include "core/control/scheduler/pod_conditions.hpp"

namespace tandem::control {

using cluster::Node;
using cluster::Pod;
using cluster::Ptr;

namespace {

/// Tie key of this controller's looks among simultaneous events.
constexpr std::uint32_t kEntity = 50;
constexpr std::int64_t kQuarantineLooks = kMissingNodeQuarantine.ns / kPodCollectionPeriod.ns;

cluster::Condition deletion_by_pod_gc(SimTime now) {
  cluster::Condition condition;
  condition.type = "DisruptionTarget";
  condition.status = cluster::ConditionStatus::True;
  condition.reason = "DeletionByPodGC";
  condition.message = "PodGC: node no longer exists";
  condition.last_transition_time = api_time(now);
  return condition;
}

}  // namespace

PodGarbageCollector::PodGarbageCollector(Clock& clock, cluster::ApiServer& server, SimDuration watch_delay)
    : clock_(clock),
      server_(server),
      started_(clock.now()),
      nodes_(server, watch_delay),
      pods_(server, watch_delay),
      client_(server, "pod-garbage-collector", server.profile().controller_limit) {
  // Orphans come from a node that goes, or from a pod bound to one that never was (spec.nodeName is not checked by anybody);
  // until then there is nothing to look at.
  nodes_.on_change([this, alive = alive_](const cluster::Change<Node>& change) {
    if (*alive && change.type == cluster::ChangeType::Deleted) arm();
  });
  pods_.on_change([this, alive = alive_](const cluster::Change<Pod>& change) {
    if (*alive && change.type != cluster::ChangeType::Deleted && is_orphan(*change.object)) arm();
  });
}

PodGarbageCollector::~PodGarbageCollector() {
  *alive_ = false;
  if (next_) clock_.cancel(next_);
}

void PodGarbageCollector::arm() {
  if (next_) return;
  const std::int64_t look = (clock_.now() - started_).ns / kPodCollectionPeriod.ns + 1;
  next_ = clock_.at(started_ + SimDuration{look * kPodCollectionPeriod.ns}, EventClass::Control, kEntity, [this, look] {
    next_ = {};
    collect(look);
  });
}

bool PodGarbageCollector::is_orphan(const Pod& pod) const { return !pod.node_name.empty() && !nodes_.get({{}, pod.node_name}); }

/// Nodes whose quarantine is over. They are out of it from here on, so one that is still missed is quarantined anew by this look.
std::set<std::string> PodGarbageCollector::take_due(std::int64_t look) {
  std::set<std::string> due;
  for (auto entry = quarantined_.begin(); entry != quarantined_.end();) {
    if (entry->second > look) {
      ++entry;
      continue;
    }
    due.insert(entry->first);
    entry = quarantined_.erase(entry);
  }
  return due;
}

void PodGarbageCollector::collect(std::int64_t look) {
  const std::set<std::string> due = take_due(look);
  std::vector<Ptr<Pod>> orphans;
  for (const Ptr<Pod>& pod : pods_.list()) {
    if (!is_orphan(*pod)) continue;
    orphans.push_back(pod);
    quarantined_.try_emplace(pod->node_name, look + kQuarantineLooks);
  }
  std::set<std::string> gone;
  for (const std::string& name : due) {
    // The cache may be behind: the API server has the last word.
    if (!nodes_.get({{}, name}) && !server_.get<Node>({{}, name})) gone.insert(name);
  }
  for (const Ptr<Pod>& pod : orphans) {
    if (gone.contains(pod->node_name)) fail_and_delete(*pod);
  }
  if (!orphans.empty() || !quarantined_.empty()) arm();
}

/// Failed first: no kubelet is left to say so.
void PodGarbageCollector::fail_and_delete(const Pod& pod) {
  const cluster::ObjectKey key = key_of(pod.meta);
  const auto remove = [this, alive = alive_, key, uid = pod.meta.uid] {
    if (*alive) client_.remove<Pod>(key, {.grace_period_seconds = 0, .uid = uid}, [](const Result<Ptr<Pod>>&) {});
  };
  if (cluster::is_terminal(pod.status.phase)) {
    remove();
    return;
  }
  client_.patch<Pod>(
      key,
      [now = clock_.now(), uid = pod.meta.uid](Pod& stored) {
        if (stored.meta.uid != uid || cluster::is_terminal(stored.status.phase)) return;  // a namesake, or ended meanwhile
        stored.status.phase = cluster::PodPhase::Failed;
        scheduler::set_condition(stored.status.conditions, deletion_by_pod_gc(now));
      },
      [remove](const Result<Ptr<Pod>>& patched) {
        if (patched) remove();  // else it is gone already, or its node's next quarantine ends with another try
      });
}

}  // namespace tandem::control
