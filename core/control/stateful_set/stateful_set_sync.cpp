#include "core/control/stateful_set/stateful_set_sync.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <utility>

#include "core/control/int_or_percent.hpp"
#include "core/control/revision_history.hpp"

namespace tandem::control {

namespace {

using cluster::ControllerRevision;
using cluster::Pod;
using cluster::PodPhase;
using cluster::StatefulSet;
using cluster::StatefulSetStatus;

bool is_created(const Pod& pod) { return pod.status.phase != PodPhase::None; }
bool runs_ready(const Pod& pod) { return pod.status.phase == PodPhase::Running && cluster::is_ready(pod); }

std::string revision_of(const Pod& pod) {
  const auto found = pod.meta.labels->find(kControllerRevisionLabel);
  return found == pod.meta.labels->end() ? std::string() : found->second;
}

class StatefulSetSync {
 public:
  StatefulSetSync(StatefulSetView view, SimTime now, StatefulSetActions& actions)
      : view_(std::move(view)), set_(view_.set), now_(now), actions_(actions), ordered_(set_.spec.pod_management_policy != "Parallel") {}

  std::optional<SimDuration> run() {
    choose_revisions();
    status_.observed_generation = set_.meta.generation;
    status_.current_revision = current_.meta.name;
    status_.update_revision = update_.meta.name;
    sort_pods();
    update_pods();
    complete_rollout();
    if (status_ != set_.status) actions_.write_status(status_);
    truncate_history();
    const std::int32_t minimum = set_.spec.min_ready_seconds;
    if (minimum > 0 && status_.available_replicas != set_.spec.replicas) return seconds(minimum);
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool is_available(const Pod& pod) const {
    return cluster::is_available(pod, set_.spec.min_ready_seconds, now_);
  }
  [[nodiscard]] bool is_unavailable(const Pod& pod) const { return !is_available(pod) || cluster::is_terminating(pod.meta); }

  void choose_revisions() {
    sort_revisions(view_.revisions);
    std::vector<ControllerRevision>& revisions = view_.revisions;
    const auto equal = std::find_if(revisions.rbegin(), revisions.rend(), [&](const ControllerRevision& revision) {
      return revision.pod_template == set_.spec.pod_template;
    });
    if (equal == revisions.rend()) {
      update_ = actions_.create_revision({.revision = next_revision(revisions), .pod_template = set_.spec.pod_template});
    } else if (equal == revisions.rbegin()) {
      update_ = *equal;
    } else {
      update_ = actions_.renumber_revision(*equal, next_revision(revisions));
    }
    const auto current = std::find_if(revisions.begin(), revisions.end(), [&](const ControllerRevision& revision) {
      return revision.meta.name == set_.status.current_revision;
    });
    current_ = current == revisions.end() ? update_ : *current;
  }

  /// Pods below the partition keep the current revision, also when recreated and whatever the strategy is; without
  /// rollingUpdate a rolling set recreates as many as were counted at the current revision.
  [[nodiscard]] StatefulPod missing_pod(std::int32_t index) const {
    const bool rolls = set_.spec.update_strategy == "RollingUpdate";
    const std::int32_t keeping = set_.spec.partition.value_or(rolls ? set_.status.current_replicas : 0);
    const bool keeps = index < keeping;
    return std::make_shared<const Pod>(stateful_pod(set_, keeps ? current_ : update_, set_.spec.start_ordinal + index));
  }

  void sort_pods() {
    replicas_.assign(static_cast<std::size_t>(std::max(0, set_.spec.replicas)), nullptr);
    for (const StatefulPod& pod : view_.pods) {
      const std::int32_t ordinal = ordinal_of(set_, *pod);
      if (ordinal < 0) continue;
      const std::int32_t index = ordinal - set_.spec.start_ordinal;
      if (index >= 0 && index < set_.spec.replicas) {
        replicas_[static_cast<std::size_t>(index)] = pod;
      } else {
        condemned_.push_back(pod);
      }
    }
    for (std::int32_t i = 0; i < set_.spec.replicas; ++i) {
      StatefulPod& replica = replicas_[static_cast<std::size_t>(i)];
      if (!replica) replica = missing_pod(i);
    }
    std::sort(condemned_.begin(), condemned_.end(), [&](const StatefulPod& a, const StatefulPod& b) { return ordinal_of(set_, *a) > ordinal_of(set_, *b); });
    for (const StatefulPod& pod : replicas_) note_unavailable(pod);
    for (auto pod = condemned_.rbegin(); pod != condemned_.rend(); ++pod) note_unavailable(*pod);
  }
  void note_unavailable(const StatefulPod& pod) {
    if (!first_unavailable_ && is_unavailable(*pod)) first_unavailable_ = pod;
  }

  void count(const std::vector<StatefulPod>& pods) {
    for (const StatefulPod& pod : pods) {
      if (!is_created(*pod)) continue;
      ++status_.replicas;
      if (runs_ready(*pod)) {
        ++status_.ready_replicas;
        if (is_available(*pod)) ++status_.available_replicas;
      }
      if (cluster::is_terminating(pod->meta)) continue;
      const std::string revision = revision_of(*pod);
      if (revision == current_.meta.name) ++status_.current_replicas;
      if (revision == update_.meta.name) ++status_.updated_replicas;
    }
  }

  void update_pods() {
    count(replicas_);
    count(condemned_);
    if (cluster::is_terminating(set_.meta)) return;
    for (const StatefulPod& pod : replicas_) {
      if (process_replica(pod) && (ordered_ || failed_)) return;
    }
    for (const StatefulPod& pod : condemned_) {
      if (process_condemned(pod) && (ordered_ || failed_)) return;
    }
    if (set_.spec.update_strategy == "OnDelete") return;
    if (view_.honour_max_unavailable) {
      replace_up_to_unavailable();
    } else {
      replace_one();
    }
  }

  /// True if nothing more may be done in this sync (of an ordered set).
  bool process_replica(const StatefulPod& pod) {
    if (cluster::is_terminal(pod->status.phase)) {
      // Its namesake comes in the sync after this one is gone.
      if (!cluster::is_terminating(pod->meta)) failed_ = !actions_.delete_pod(pod) || failed_;
      return true;
    }
    if (!is_created(*pod)) {
      failed_ = !actions_.create_pod(*pod) || failed_;
      return true;
    }
    return cluster::is_terminating(pod->meta) || !runs_ready(*pod) || !is_available(*pod);
  }

  bool process_condemned(const StatefulPod& pod) {
    if (cluster::is_terminating(pod->meta)) return true;
    if (ordered_ && (!runs_ready(*pod) || !is_available(*pod)) && pod != first_unavailable_) return true;
    failed_ = !actions_.delete_pod(pod) || failed_;
    return true;
  }

  [[nodiscard]] bool is_outdated(const Pod& pod) const {
    return revision_of(pod) != update_.meta.name && !cluster::is_terminating(pod.meta);
  }

  /// Deletes the outdated pod of the highest ordinal, unless one above it is still on its way.
  void replace_one() {
    for (std::int32_t i = set_.spec.replicas - 1; i >= set_.spec.partition.value_or(0); --i) {
      const StatefulPod& pod = replicas_[static_cast<std::size_t>(i)];
      if (is_outdated(*pod)) {
        if (actions_.delete_pod(pod)) --status_.current_replicas;
        return;
      }
      if (is_unavailable(*pod)) return;
    }
  }

  void replace_up_to_unavailable() {
    const auto most = set_.spec.max_unavailable ? scaled_value(*set_.spec.max_unavailable, set_.spec.replicas, Rounding::Down) : 1;
    const auto unavailable = std::count_if(replicas_.begin(), replicas_.end(), [&](const StatefulPod& pod) { return is_unavailable(*pod); });
    auto budget = std::max(1, most.value_or(1)) - static_cast<std::int32_t>(unavailable);
    for (std::int32_t i = set_.spec.replicas - 1; i >= set_.spec.partition.value_or(0) && budget > 0; --i) {
      const StatefulPod& pod = replicas_[static_cast<std::size_t>(i)];
      if (!is_outdated(*pod)) continue;
      if (!actions_.delete_pod(pod)) return;
      --status_.current_replicas;
      --budget;
    }
  }

  void complete_rollout() {
    if (set_.spec.update_strategy != "RollingUpdate") return;
    const std::int32_t wanted = set_.spec.replicas;
    if (status_.updated_replicas != wanted || status_.ready_replicas != wanted || status_.replicas != wanted) return;
    status_.current_replicas = status_.updated_replicas;
    status_.current_revision = status_.update_revision;
  }

  void truncate_history() {
    std::set<std::string> live = {current_.meta.name, update_.meta.name};
    for (const StatefulPod& pod : view_.pods) live.insert(revision_of(*pod));
    std::vector<ControllerRevision> history;
    for (const ControllerRevision& revision : view_.revisions) {
      if (!live.contains(revision.meta.name)) history.push_back(revision);
    }
    const auto limit = static_cast<std::size_t>(std::max(0, set_.spec.revision_history_limit));
    for (std::size_t i = 0; i + limit < history.size(); ++i) actions_.delete_revision(history[i]);
  }

  StatefulSetView view_;
  const StatefulSet& set_;
  SimTime now_;
  StatefulSetActions& actions_;
  bool ordered_;
  bool failed_ = false;  ///< a write was refused
  ControllerRevision current_;
  ControllerRevision update_;
  std::vector<StatefulPod> replicas_;   ///< by index from the first ordinal; missing ones as they would be created
  std::vector<StatefulPod> condemned_;  ///< outside of the ordinals, highest first
  StatefulPod first_unavailable_;
  StatefulSetStatus status_;
};

}  // namespace

std::int32_t ordinal_of(const StatefulSet& set, const Pod& pod) {
  const std::string& name = pod.meta.name;
  const std::size_t prefix = set.meta.name.size() + 1;
  if (name.size() <= prefix || !name.starts_with(set.meta.name) || name[prefix - 1] != '-') return -1;
  std::int32_t ordinal = -1;
  const auto [end, error] = std::from_chars(name.data() + prefix, name.data() + name.size(), ordinal);
  return error == std::errc{} && end == name.data() + name.size() ? ordinal : -1;
}

Pod stateful_pod(const StatefulSet& set, const ControllerRevision& revision, std::int32_t ordinal) {
  const cluster::PodTemplate& from = *revision.pod_template;
  Pod pod;
  pod.meta.name = fmt::format("{}-{}", set.meta.name, ordinal);
  pod.meta.namespace_ = set.meta.namespace_;
  pod.meta.labels = from.labels;
  pod.meta.labels.edit([&](cluster::Labels& labels) {
    labels[std::string(kPodNameLabel)] = pod.meta.name;
    labels[std::string(kPodIndexLabel)] = fmt::format("{}", ordinal);
    labels[std::string(kControllerRevisionLabel)] = revision.meta.name;
  });
  pod.meta.annotations = from.annotations;
  pod.meta.owner_references = {{.api_version = std::string(StatefulSet::kApiVersion), .kind = std::string(StatefulSet::kKind),
                                .name = set.meta.name, .uid = set.meta.uid, .controller = true, .block_owner_deletion = true}};
  pod.spec = from.spec;
  return pod;
}

std::optional<SimDuration> sync_stateful_set(StatefulSetView view, SimTime now, StatefulSetActions& actions) {
  return StatefulSetSync(std::move(view), now, actions).run();
}

}  // namespace tandem::control
