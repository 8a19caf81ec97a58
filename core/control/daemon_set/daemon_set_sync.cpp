#include "core/control/daemon_set/daemon_set_sync.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "core/control/int_or_percent.hpp"
#include "core/control/revision_history.hpp"

namespace tandem::control {

namespace {

using cluster::ControllerRevision;
using cluster::DaemonSet;
using cluster::Pod;
using cluster::PodPhase;

constexpr SimDuration kFirstDelay = seconds(1);
constexpr SimDuration kLongestDelay = seconds(900);

std::string hash_of(const Pod& pod) {
  const auto found = pod.meta.labels->find("controller-revision-hash");
  return found == pod.meta.labels->end() ? std::string() : found->second;
}

/// Bound ones first, then the oldest.
bool older(const DaemonPod& a, const DaemonPod& b) {
  if (a->node_name.empty() != b->node_name.empty()) return !a->node_name.empty();
  if (a->meta.creation_timestamp != b->meta.creation_timestamp) return a->meta.creation_timestamp < b->meta.creation_timestamp;
  return a->meta.name < b->meta.name;
}

/// One running pod of the newest revision and one of another, at most; more is for the manage step to clean up.
struct UpdatePair {
  DaemonPod fresh;
  DaemonPod old;
  bool clean = true;
};

class DaemonSetSync {
 public:
  DaemonSetSync(DaemonSetView view, FailedPodBackoff& backoff, SimTime now, DaemonSetActions& actions)
      : set_(std::move(view.set)), nodes_(std::move(view.nodes)), revisions_(std::move(view.revisions)), backoff_(backoff), now_(now), actions_(actions) {}

  void run() {
    if (cluster::is_terminating(set_.meta)) return;
    choose_revision();
    manage();
    if (set_.spec.update_strategy == "RollingUpdate") rolling_update();
    clean_history();
    update_status();
  }

 private:
  using PodsByNode = std::map<std::string, std::vector<DaemonPod>, std::less<>>;

  [[nodiscard]] PodsByNode pods_by_node() const {
    PodsByNode by_node;
    for (const DaemonPod& pod : actions_.pods()) {
      if (cluster::is_terminal(pod->status.phase) && cluster::is_terminating(pod->meta)) continue;
      by_node[target_node(*pod)].push_back(pod);
    }
    return by_node;
  }

  [[nodiscard]] bool is_available(const Pod& pod) const {
    if (!cluster::is_ready(pod)) return false;
    if (set_.spec.min_ready_seconds == 0) return true;
    const SimTime since = cluster::find_condition(pod.status.conditions, "Ready")->last_transition_time;
    return since + seconds(set_.spec.min_ready_seconds) <= now_;
  }
  [[nodiscard]] bool is_updated(const Pod& pod) const { return hash_of(pod) == current_.meta.name; }
  [[nodiscard]] bool surges() const { return scaled_value(set_.spec.max_surge, 1, Rounding::Up).value_or(0) > 0; }

  void choose_revision() {
    sort_revisions(revisions_);
    std::optional<ControllerRevision> found;
    for (const ControllerRevision& revision : revisions_) {
      if (revision.pod_template == set_.spec.pod_template) {
        found = revision;
      } else {
        old_.push_back(revision);
      }
    }
    const std::int64_t number = next_revision(old_);
    if (!found) {
      current_ = actions_.create_revision({.revision = number, .pod_template = set_.spec.pod_template});
    } else {
      current_ = found->revision < number ? actions_.renumber_revision(*found, number) : *found;
    }
  }

  void sync_nodes(std::vector<DaemonPod> surplus, std::vector<std::string> missing) {
    if (missing.size() > kDaemonBurst) missing.resize(kDaemonBurst);
    if (surplus.size() > kDaemonBurst) surplus.resize(kDaemonBurst);
    for (const std::string& node : missing) actions_.create_pod(node, daemon_pod(set_, node, current_.meta.name));
    for (const DaemonPod& pod : surplus) actions_.delete_pod(pod);
  }

  // ------------------------------------------------------------ pods where they belong

  void manage() {
    const PodsByNode by_node = pods_by_node();
    std::vector<std::string> missing;
    std::vector<DaemonPod> surplus;
    for (const auto& node : nodes_) {
      const NodeVerdict verdict = daemon_verdict(set_, *node);
      const auto found = by_node.find(node->meta.name);
      const bool exists = found != by_node.end();
      if (verdict.should_run && !exists) {
        missing.push_back(node->meta.name);
      } else if (verdict.may_continue) {
        if (exists) keep_right_ones(node->meta.name, found->second, verdict.should_run, missing, surplus);
      } else if (exists) {
        for (const DaemonPod& pod : found->second) {
          if (!cluster::is_terminating(pod->meta)) surplus.push_back(pod);
        }
      }
    }
    // Unscheduled pods of nodes that are no more: nobody else would delete them.
    std::set<std::string> names;
    for (const auto& node : nodes_) names.insert(node->meta.name);
    for (const auto& [name, pods] : by_node) {
      if (names.contains(name)) continue;
      for (const DaemonPod& pod : pods) {
        if (pod->node_name.empty() && !cluster::is_terminating(pod->meta)) surplus.push_back(pod);
      }
    }
    sync_nodes(std::move(surplus), std::move(missing));
  }

  void keep_right_ones(const std::string& node, const std::vector<DaemonPod>& pods, bool should_run, std::vector<std::string>& missing,
                       std::vector<DaemonPod>& surplus) {
    std::vector<DaemonPod> running;
    for (const DaemonPod& pod : pods) {
      if (cluster::is_terminating(pod->meta)) continue;
      if (pod->status.phase == PodPhase::Failed) {
        if (backoff_.holds(node, now_)) {
          // The whole delay again, although part of it has passed.
          actions_.sync_after(backoff_.delay(node));
          continue;
        }
        backoff_.next(node, now_);
        actions_.event({"Warning", "FailedDaemonPod", fmt::format("Found failed daemon pod {}/{} on node {}, will try to kill it", pod->meta.namespace_, pod->meta.name, node)});
        surplus.push_back(pod);
      } else if (pod->status.phase == PodPhase::Succeeded) {
        actions_.event({"Normal", "SucceededDaemonPod", fmt::format("Found succeeded daemon pod {}/{} on node {}, will try to delete it", pod->meta.namespace_, pod->meta.name, node)});
        surplus.push_back(pod);
      } else {
        running.push_back(pod);
      }
    }
    std::sort(running.begin(), running.end(), older);
    if (!surges()) {
      if (running.size() > 1) surplus.insert(surplus.end(), running.begin() + 1, running.end());
      return;
    }
    if (running.empty() && should_run) missing.push_back(node);
    if (running.size() > 1) keep_surge_pair(running, surplus);
  }

  /// Two pods may stay: an old one that is ready, and its successor that is not available yet.
  void keep_surge_pair(const std::vector<DaemonPod>& running, std::vector<DaemonPod>& surplus) {
    DaemonPod fresh;
    DaemonPod old;
    for (const DaemonPod& pod : running) {
      DaemonPod& place = is_updated(*pod) ? fresh : old;
      if (place) {
        surplus.push_back(pod);
      } else {
        place = pod;
      }
    }
    if (fresh && old && (!cluster::is_ready(*old) || is_available(*fresh))) surplus.push_back(old);
  }

  // ------------------------------------------------------------ replacing outdated pods

  [[nodiscard]] UpdatePair update_pair(const std::vector<DaemonPod>& pods) const {
    UpdatePair pair;
    for (const DaemonPod& pod : pods) {
      if (cluster::is_terminating(pod->meta)) continue;
      DaemonPod& place = is_updated(*pod) ? pair.fresh : pair.old;
      if (place) return {nullptr, nullptr, false};
      place = pod;
    }
    return pair;
  }

  void rolling_update() {
    PodsByNode by_node = pods_by_node();
    std::int32_t desired = 0;
    std::vector<std::string> order;  // nodes that are no more come last
    for (const auto& node : nodes_) {
      if (daemon_verdict(set_, *node).should_run) {
        ++desired;
        by_node.try_emplace(node->meta.name);
      }
      if (by_node.contains(node->meta.name)) order.push_back(node->meta.name);
    }
    for (const auto& [name, pods] : by_node) {
      if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
    }
    const std::int32_t surge = scaled_value(set_.spec.max_surge, desired, Rounding::Up).value_or(0);
    std::int32_t unavailable = scaled_value(set_.spec.max_unavailable, desired, Rounding::Up).value_or(0);
    if (desired > 0 && unavailable == 0 && surge == 0) unavailable = 1;
    if (surge == 0) {
      replace_within(unavailable, by_node, order);
    } else {
      surge_within(surge, desired, by_node, order);
    }
  }

  void replace_within(std::int32_t most, const PodsByNode& by_node, const std::vector<std::string>& order) {
    std::int32_t unavailable = 0;
    std::vector<DaemonPod> replaced;
    std::vector<DaemonPod> candidates;
    for (const std::string& name : order) {
      const UpdatePair pair = update_pair(by_node.at(name));
      if (!pair.clean || (pair.fresh == nullptr) == (pair.old == nullptr)) {
        ++unavailable;
      } else if (pair.fresh) {
        if (!is_available(*pair.fresh)) ++unavailable;
      } else if (!is_available(*pair.old)) {
        replaced.push_back(pair.old);
        ++unavailable;
      } else {
        candidates.push_back(pair.old);
      }
    }
    const auto budget = std::clamp<std::int32_t>(most - unavailable, 0, static_cast<std::int32_t>(candidates.size()));
    replaced.insert(replaced.end(), candidates.begin(), candidates.begin() + budget);
    sync_nodes(std::move(replaced), {});
  }

  [[nodiscard]] bool should_run_on(const std::string& name) const {
    const auto node = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& one) { return one->meta.name == name; });
    return node != nodes_.end() && daemon_verdict(set_, **node).should_run;
  }

  void surge_within(std::int32_t most, std::int32_t desired, const PodsByNode& by_node, const std::vector<std::string>& order) {
    std::int32_t surging = 0;
    std::int32_t available = 0;
    std::vector<DaemonPod> done;
    std::vector<DaemonPod> misplaced;
    std::vector<std::string> started;
    std::vector<std::string> candidates;
    for (const std::string& name : order) {
      const UpdatePair pair = update_pair(by_node.at(name));
      if (!pair.clean) {
        ++surging;
        continue;
      }
      const DaemonPod& counted = pair.old ? pair.old : pair.fresh;
      if (counted && is_available(*counted)) ++available;
      if (!pair.old) continue;
      if (pair.fresh) {
        if (is_available(*pair.fresh)) {
          done.push_back(pair.old);
        } else {
          ++surging;
        }
      } else if (!should_run_on(name)) {
        // Where it serves nobody it goes at once; else when others carry the load.
        (is_available(*pair.old) ? misplaced : done).push_back(pair.old);
      } else if (!is_available(*pair.old)) {
        started.push_back(name);
      } else {
        candidates.push_back(name);
      }
    }
    const auto deletable = std::clamp<std::int32_t>(available - desired, 0, static_cast<std::int32_t>(misplaced.size()));
    done.insert(done.end(), misplaced.begin(), misplaced.begin() + deletable);
    const auto budget = std::clamp<std::int32_t>(most - surging, 0, static_cast<std::int32_t>(candidates.size()));
    started.insert(started.end(), candidates.begin(), candidates.begin() + budget);
    sync_nodes(std::move(done), std::move(started));
  }

  // ------------------------------------------------------------ history and status

  void clean_history() {
    auto surplus = static_cast<std::int64_t>(old_.size()) - set_.spec.revision_history_limit;
    if (surplus <= 0) return;
    std::set<std::string> live;
    for (const auto& [name, pods] : pods_by_node()) {
      for (const DaemonPod& pod : pods) live.insert(hash_of(*pod));
    }
    for (const ControllerRevision& revision : old_) {
      if (surplus <= 0) return;
      if (live.contains(revision.meta.name)) continue;
      actions_.delete_revision(revision);
      --surplus;
    }
  }

  void update_status() {
    cluster::DaemonSetStatus status = set_.status;
    status = {.observed_generation = set_.meta.generation, .rest = status.rest};
    PodsByNode by_node = pods_by_node();
    for (const auto& node : nodes_) {
      const auto found = by_node.find(node->meta.name);
      const bool scheduled = found != by_node.end();
      if (!daemon_verdict(set_, *node).should_run) {
        if (scheduled) ++status.number_misscheduled;
        continue;
      }
      ++status.desired_number_scheduled;
      if (!scheduled) continue;
      ++status.current_number_scheduled;
      const Pod& oldest = **std::min_element(found->second.begin(), found->second.end(), older);
      if (cluster::is_ready(oldest)) ++status.number_ready;
      if (is_available(oldest)) ++status.number_available;
      if (is_updated(oldest)) ++status.updated_number_scheduled;
    }
    status.number_unavailable = status.desired_number_scheduled - status.number_available;
    if (status != set_.status) actions_.write_status(status);
    if (set_.spec.min_ready_seconds > 0 && status.number_ready != status.number_available) {
      actions_.sync_after(seconds(set_.spec.min_ready_seconds));
    }
  }

  DaemonSet set_;
  std::vector<cluster::Ptr<cluster::Node>> nodes_;
  std::vector<ControllerRevision> revisions_;
  std::vector<ControllerRevision> old_;
  ControllerRevision current_;
  FailedPodBackoff& backoff_;
  SimTime now_;
  DaemonSetActions& actions_;
};

}  // namespace

bool FailedPodBackoff::holds(const std::string& node, SimTime now) const {
  const auto found = entries_.find(node);
  if (found == entries_.end() || now - found->second.updated > kLongestDelay * 2) return false;
  return now - found->second.updated < found->second.delay;
}

SimDuration FailedPodBackoff::delay(const std::string& node) const {
  const auto found = entries_.find(node);
  return found == entries_.end() ? SimDuration{} : found->second.delay;
}

void FailedPodBackoff::next(const std::string& node, SimTime now) {
  const auto [found, fresh] = entries_.try_emplace(node, Entry{kFirstDelay, now});
  if (fresh) return;
  Entry& entry = found->second;
  entry.delay = now - entry.updated > kLongestDelay * 2 ? kFirstDelay : std::min(entry.delay * 2, kLongestDelay);
  entry.updated = now;
}

void sync_daemon_set(DaemonSetView view, FailedPodBackoff& backoff, SimTime now, DaemonSetActions& actions) {
  DaemonSetSync(std::move(view), backoff, now, actions).run();
}

bool node_change_matters(const DaemonSet& set, const cluster::Node& node, const std::vector<DaemonPod>& pods) {
  const NodeVerdict verdict = daemon_verdict(set, node);
  const bool scheduled = std::any_of(pods.begin(), pods.end(), [&](const DaemonPod& pod) { return target_node(*pod) == node.meta.name; });
  return (verdict.should_run && !scheduled) || (!verdict.may_continue && scheduled);
}

}  // namespace tandem::control
