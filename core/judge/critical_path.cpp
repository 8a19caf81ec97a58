#include <algorithm>

#include "core/base/check.hpp"
#include "core/control/deployment_revision.hpp"
#include "core/judge/attribution.hpp"
#include "core/judge/identity.hpp"
#include "core/record/units.hpp"

namespace tandem::judge {

std::string_view name_of(RolloutPhase phase) {
  switch (phase) {
    case RolloutPhase::Decision: return "decision, API";
    case RolloutPhase::Scheduling: return "scheduling";
    case RolloutPhase::ContainerStart: return "container start";
    case RolloutPhase::ApplicationStart: return "application start, probe";
    case RolloutPhase::Controller: return "controllers after readiness";
    case RolloutPhase::Stop: return "stopping old pods";
  }
  return {};
}

std::string_view meaning_of(RolloutPhase phase) {
  switch (phase) {
    case RolloutPhase::Decision: return "action -> pod created or deleted";
    case RolloutPhase::Scheduling: return "created -> bound";
    case RolloutPhase::ContainerStart: return "bound -> running";
    case RolloutPhase::ApplicationStart: return "running -> Ready";
    case RolloutPhase::Controller: return "Ready -> next pod created or deleted";
    case RolloutPhase::Stop: return "deletion -> gone";
  }
  return {};
}

namespace {

/// Walks from the end of a rollout to its start. Every step goes to a strictly earlier change, so it ends.
class PathWalk {
 public:
  PathWalk(const Rollout& rollout, const RunHistory& history) : rollout_(rollout), identities_(history) {
    const auto& states = rollout.deployment->states;
    const auto changed = std::find_if(states.begin(), states.end(), [&](const auto& state) { return state.at == rollout.committed; });
    CHECK(changed != states.end(), "a rollout of another history");
    recreate_ = changed->recreate;
    for (const ReplicaSetLife* set : history.replica_sets_of(*rollout.deployment)) {
      auto& pods = control::same_template(*set->pod_template, *changed->pod_template) ? new_pods_ : old_pods_;
      for (const PodLife* pod : history.pods_of(*set)) pods.push_back(pod);
    }
  }

  std::vector<RolloutSegment> walk() {
    if (!rollout_.end) return {};
    upper_ = *rollout_.end;
    if (rollout_.last_old_gone && *rollout_.last_old_gone == *rollout_.end) {
      stopped(*last_gone());
    } else {
      // The status that said "complete" followed the last readiness.
      decided({*rollout_.end, SIZE_MAX}, "deployment complete");
    }
    std::reverse(segments_.begin(), segments_.end());
    return std::move(segments_);
  }

 private:
  /// Closes [from, upper_) with a phase; nothing before the rollout's start counts.
  void segment(RolloutPhase phase, SimTime from, const std::string& subject) {
    from = std::max(from, rollout_.start);
    if (from < upper_) segments_.push_back({phase, from, upper_, subject});
    upper_ = std::min(upper_, from);
  }

  const PodLife* last_gone() const {
    const PodLife* last = nullptr;
    for (const PodLife* pod : old_pods_) {
      if (pod->gone && pod->gone->time <= *rollout_.end && (last == nullptr || *pod->gone > *last->gone)) last = pod;
    }
    return last;
  }

  void stopped(const PodLife& pod) {
    const std::string subject = identities_.of(pod);
    segment(RolloutPhase::Stop, pod.deleting->time, subject);
    decided(*pod.deleting, subject);
  }

  void became_ready(const PodLife& pod) {
    const std::string subject = identities_.of(pod);
    const Instant running = std::min(pod.running.value_or(*pod.ready), *pod.ready);
    const Instant bound = std::min(pod.bound.value_or(pod.created), running);
    segment(RolloutPhase::ApplicationStart, running.time, subject);
    segment(RolloutPhase::ContainerStart, bound.time, subject);
    segment(RolloutPhase::Scheduling, pod.created.time, subject);
    decided(pod.created, subject);
  }

  /// What was decided at `at` followed the latest readiness before it (with Recreate also the end of an old pod); without any, the
  /// action itself.
  void decided(Instant at, const std::string& subject) {
    const PodLife* ready = nullptr;
    for (const PodLife* pod : new_pods_) {
      if (!pod->ready || !(*pod->ready < at) || pod->ready->time < rollout_.start) continue;
      if (ready == nullptr || *pod->ready > *ready->ready) ready = pod;
    }
    const PodLife* gone = nullptr;
    for (const PodLife* pod : old_pods_) {
      if (!recreate_ || !pod->gone || !(*pod->gone < at) || pod->gone->time < rollout_.start) continue;
      if (gone == nullptr || *pod->gone > *gone->gone) gone = pod;
    }
    if (ready != nullptr && (gone == nullptr || *ready->ready > *gone->gone)) {
      segment(RolloutPhase::Controller, ready->ready->time, subject);
      became_ready(*ready);
    } else if (gone != nullptr) {
      segment(RolloutPhase::Controller, gone->gone->time, subject);
      stopped(*gone);
    } else {
      segment(RolloutPhase::Decision, rollout_.start, subject);
    }
  }

  const Rollout& rollout_;
  Identities identities_;
  bool recreate_ = false;
  std::vector<const PodLife*> new_pods_, old_pods_;
  SimTime upper_;
  std::vector<RolloutSegment> segments_;
};

std::array<std::int64_t, kRolloutPhases> phase_totals(const Rollout& rollout, const RunHistory& history) {
  std::array<std::int64_t, kRolloutPhases> totals{};
  for (const RolloutSegment& segment : critical_path(rollout, history)) {
    totals[static_cast<std::size_t>(segment.phase)] += (segment.until - segment.from).ns;
  }
  return totals;
}

}  // namespace

std::vector<RolloutSegment> critical_path(const Rollout& rollout, const RunHistory& history) { return PathWalk(rollout, history).walk(); }

std::optional<AttributionTable> attribute_rollout(const Rollout& a, const RunHistory& history_a, const Rollout& b, const RunHistory& history_b) {
  if (!a.end || !b.end) return std::nullopt;
  AttributionTable table;
  table.title = "rollout duration, deployment " + identity_of(*a.deployment) + ", change " + std::to_string(a.number);
  table.total_a = record::in_milliseconds(*a.duration());
  table.total_b = record::in_milliseconds(*b.duration());
  const auto left = phase_totals(a, history_a);
  const auto right = phase_totals(b, history_b);
  for (std::size_t i = 0; i < kRolloutPhases; ++i) {
    const auto phase = static_cast<RolloutPhase>(i);
    table.rows.push_back({std::string(name_of(phase)), std::string(meaning_of(phase)), record::in_milliseconds(SimDuration{left[i]}), record::in_milliseconds(SimDuration{right[i]})});
  }
  table.note = "along the chain of events that the end waited for";
  return table;
}

}  // namespace tandem::judge
