#include "core/control/job/job_sync.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/control/conditions.hpp"

namespace tandem::control {

namespace {

using cluster::Condition;
using cluster::ConditionStatus;
using cluster::Job;
using cluster::Pod;
using cluster::PodPhase;

bool contains(const std::vector<std::string>& uids, const std::string& uid) {
  return std::find(uids.begin(), uids.end(), uid) != uids.end();
}

/// Whether the succeeded indexes fulfil a rule of successPolicy.
bool rule_met(const cluster::SuccessRule& rule, const IndexSet& succeeded, std::int32_t completions) {
  if (!rule.succeeded_indexes) {
    return rule.succeeded_count && static_cast<std::int32_t>(succeeded.size()) >= *rule.succeeded_count;
  }
  const IndexSet required = parse_indexes(*rule.succeeded_indexes, completions);
  if (required.empty()) return false;
  const auto met = std::count_if(required.begin(), required.end(), [&](std::int32_t index) { return succeeded.contains(index); });
  if (rule.succeeded_count && met >= *rule.succeeded_count) return true;
  return static_cast<std::size_t>(met) == required.size();
}

class JobSync {
 public:
  JobSync(JobView view, JobBackoff& backoff, SimTime now, JobActions& actions)
      : job_(std::move(view.job)), pods_(std::move(view.pods)), met_(view.expectations_met), going_(std::move(view.finalizers_going)),
        backoff_(backoff), now_(now), actions_(actions) {}

  void run() {
    count();
    decide();
    bool conditions_changed = false;
    if (finished_) {
      stop_active();
    } else {
      conditions_changed = manage();
    }
    const bool changed = conditions_changed || active_ != job_.status.active || job_.status.ready != ready_ ||
                         job_.status.terminating != terminating_;
    job_.status.active = active_;
    job_.status.ready = ready_;
    job_.status.terminating = terminating_;
    track(changed);
  }

 private:
  // ------------------------------------------------------------ counting

  [[nodiscard]] bool tracked(const Pod& pod) const { return has_tracking_finalizer(pod) && !going_.contains(pod.meta.uid); }

  /// Finished pods that no status knows of yet.
  template <class Filter>
  [[nodiscard]] std::vector<JobPod> newly(const std::vector<std::string>& uncounted, Filter&& filter) const {
    std::vector<JobPod> found;
    for (const JobPod& pod : pods_) {
      if (!tracked(*pod) || contains(uncounted, pod->meta.uid)) continue;
      if (is_indexed(job_) && !valid_index(job_, *pod)) continue;
      if (filter(*pod)) found.push_back(pod);
    }
    return found;
  }

  void count() {
    for (const JobPod& pod : pods_) {
      if (cluster::is_active(*pod)) {
        active_pods_.push_back(pod);
        if (cluster::is_ready(*pod)) ++ready_;
      } else if (is_stopping(*pod)) {
        ++terminating_;
      }
    }
    active_ = static_cast<std::int32_t>(active_pods_.size());
    cluster::JobStatus& status = job_.status;
    const auto succeeded = newly(status.uncounted_succeeded, [](const Pod& pod) { return pod.status.phase == PodPhase::Succeeded; });
    const auto failed = newly(status.uncounted_failed, [&](const Pod& pod) { return is_failed(job_, pod); });
    const auto counting = std::count_if(failed.begin(), failed.end(), [&](const JobPod& pod) { return match_failure_policy(job_, *pod).counts; });
    succeeded_ = status.succeeded + static_cast<std::int32_t>(succeeded.size() + status.uncounted_succeeded.size());
    failed_ = status.failed + static_cast<std::int32_t>(counting) + static_cast<std::int32_t>(status.uncounted_failed.size());
    if (!status.start_time && !job_.spec.suspend) status.start_time = now_;
    next_backoff_ = next_backoff(succeeded, failed);
  }

  [[nodiscard]] JobBackoff next_backoff(const std::vector<JobPod>& succeeded, const std::vector<JobPod>& failed) const {
    JobBackoff next = backoff_;
    if (succeeded.empty() && failed.empty()) return next;
    const auto latest = [&](const std::vector<JobPod>& pods) {
      SimTime time = finish_time(*pods.front());
      for (const JobPod& pod : pods) time = std::max(time, finish_time(*pod));
      return time;
    };
    if (succeeded.empty()) {
      next.failures += static_cast<std::int32_t>(failed.size());
      next.last_failure = latest(failed);
      return next;
    }
    next = {};
    const SimTime last_success = latest(succeeded);
    for (const JobPod& pod : failed) {
      const SimTime time = finish_time(*pod);
      if (time <= last_success) continue;
      ++next.failures;
      next.last_failure = std::max(next.last_failure, time);
    }
    return next;
  }

  // ------------------------------------------------------------ is it over?

  void fail(const char* reason, std::string message) {
    finished_ = Condition{.type = "FailureTarget", .status = ConditionStatus::True, .reason = reason, .message = std::move(message), .last_transition_time = now_};
  }

  [[nodiscard]] bool past_backoff_on_failure() const {
    if (job_.spec.pod_template->spec->restart_policy != "OnFailure") return false;
    std::int32_t restarts = 0;
    for (const JobPod& pod : pods_) {
      if (pod->status.phase != PodPhase::Running && pod->status.phase != PodPhase::Pending) continue;
      for (const auto& status : pod->status.init_container_statuses) restarts += status.restart_count;
      for (const auto& status : pod->status.container_statuses) restarts += status.restart_count;
    }
    return job_.spec.backoff_limit == 0 ? restarts > 0 : restarts >= job_.spec.backoff_limit;
  }

  void decide_by_policy_and_limits() {
    for (const JobPod& pod : pods_) {
      if (!job_.spec.pod_failure_policy || !is_failed(job_, *pod)) continue;
      PolicyMatch match = match_failure_policy(job_, *pod);
      if (match.action == "FailJob") return fail("PodFailurePolicy", std::move(match.message));
    }
    if (failed_ > job_.spec.backoff_limit || past_backoff_on_failure()) {
      return fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    }
    if (!job_.spec.active_deadline_seconds || job_.spec.suspend || !job_.status.start_time) return;
    const SimDuration left = *job_.status.start_time + seconds(*job_.spec.active_deadline_seconds) - now_;
    if (left.ns <= 0) return fail("DeadlineExceeded", "Job was active longer than specified deadline");
    actions_.sync_after(left);
  }

  void decide() {
    if (const Condition* met = cluster::find_condition(job_.status.conditions, "SuccessCriteriaMet"); met != nullptr && met->status == ConditionStatus::True) {
      finished_ = *met;
    } else if (const Condition* target = cluster::find_condition(job_.status.conditions, "FailureTarget"); target != nullptr && target->status == ConditionStatus::True) {
      finished_ = *target;
      finished_->type = "Failed";
    } else {
      decide_by_policy_and_limits();
    }
    if (is_indexed(job_)) decide_by_indexes();
  }

  void decide_by_indexes() {
    const std::int32_t completions = job_.spec.completions.value_or(0);
    previously_succeeded_ = parse_indexes(job_.status.completed_indexes, completions);
    succeeded_indexes_ = previously_succeeded_;
    for (const JobPod& pod : pods_) {
      const auto index = valid_index(job_, *pod);
      if (index && pod->status.phase == PodPhase::Succeeded && has_tracking_finalizer(*pod)) succeeded_indexes_.insert(*index);
    }
    succeeded_ = static_cast<std::int32_t>(succeeded_indexes_.size());
    if (has_limit_per_index(job_)) {
      collect_failed_indexes(completions);
      const auto failed = static_cast<std::int32_t>(failed_indexes_->size());
      if (!finished_ && job_.spec.max_failed_indexes && failed > *job_.spec.max_failed_indexes) {
        fail("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
      } else if (!finished_ && failed > 0 && failed + succeeded_ >= completions) {
        fail("FailedIndexes", "Job has failed indexes");
      }
      collect_waiting_for_replacement();
    }
    if (finished_ || !job_.spec.success_policy || succeeded_indexes_.empty()) return;
    std::size_t number = 0;
    for (const cluster::SuccessRule& rule : *job_.spec.success_policy) {
      if (rule_met(rule, succeeded_indexes_, completions)) {
        finished_ = Condition{.type = "SuccessCriteriaMet", .status = ConditionStatus::True, .reason = "SuccessPolicy",
                              .message = "Matched rules at index " + std::to_string(number), .last_transition_time = now_};
        return;
      }
      ++number;
    }
  }

  void collect_failed_indexes(std::int32_t completions) {
    failed_indexes_ = parse_indexes(job_.status.failed_indexes.value_or(""), completions);
    for (const JobPod& pod : pods_) {
      const auto index = valid_index(job_, *pod);
      if (!index || !is_failed(job_, *pod) || !tracked(*pod)) continue;
      const PolicyMatch match = match_failure_policy(job_, *pod);
      if (match.action == "FailIndex" || (match.counts && index_failures(*pod) >= *job_.spec.backoff_limit_per_index)) {
        failed_indexes_->insert(*index);
      }
    }
  }

  /// Failed pods whose failures the pod that replaces them must still inherit.
  void collect_waiting_for_replacement() {
    IndexSet active;
    for (const JobPod& pod : active_pods_) {
      if (const auto index = completion_index(*pod)) active.insert(*index);
    }
    for (const JobPod& pod : pods_) {
      const auto index = valid_index(job_, *pod);
      if (!index || !tracked(*pod) || !is_failed(job_, *pod)) continue;
      if (succeeded_indexes_.contains(*index) || failed_indexes_->contains(*index) || active.contains(*index)) continue;
      JobPod& last = waiting_[*index];
      if (!last || absolute_index_failures(*last) <= absolute_index_failures(*pod)) last = pod;
    }
  }

  // ------------------------------------------------------------ acting on pods

  void remove(const JobPod& pod) {
    actions_.delete_pod(pod);
    --active_;
    ++terminating_;
    if (cluster::is_ready(*pod)) --ready_;
  }

  void stop_active() {
    for (const JobPod& pod : active_pods_) remove(pod);
    // Pods unseen so far may still hold finalizers.
    if (active_ != 0 || !met_) finished_.reset();
  }

  /// Removes pods that shall not count as failed.
  void discard(const std::vector<JobPod>& victims) {
    for (const JobPod& pod : victims) {
      if (has_tracking_finalizer(*pod)) actions_.remove_finalizer(pod);
      remove(pod);
    }
  }

  /// At least `count` active pods to delete: for Indexed Jobs those without a valid index and the duplicates come first.
  [[nodiscard]] std::vector<JobPod> victims(std::int32_t count) const {
    std::vector<JobPod> sorted = active_pods_;
    std::sort(sorted.begin(), sorted.end(), [](const JobPod& a, const JobPod& b) { return deleted_before(*a, *b); });
    std::vector<JobPod> chosen;
    std::vector<JobPod> left;
    if (is_indexed(job_)) {
      std::map<std::int32_t, int> per_index;
      for (const JobPod& pod : sorted) {
        if (const auto index = valid_index(job_, *pod)) ++per_index[*index];
      }
      for (const JobPod& pod : sorted) {
        const auto index = valid_index(job_, *pod);
        // The last one of an index in deletion order stays.
        const bool surplus = !index || per_index[*index]-- > 1;
        (surplus ? chosen : left).push_back(pod);
      }
    } else {
      left = std::move(sorted);
    }
    for (const JobPod& pod : left) {
      if (static_cast<std::int32_t>(chosen.size()) >= count) break;
      chosen.push_back(pod);
    }
    return chosen;
  }

  [[nodiscard]] std::int32_t wanted_active() const {
    if (!job_.spec.completions) return succeeded_ > 0 ? active_ : job_.spec.parallelism;
    return std::max(0, std::min(*job_.spec.completions - succeeded_, job_.spec.parallelism));
  }

  void manage_pods() {
    if (job_.spec.suspend) return discard(victims(active_));
    const std::int32_t wanted = wanted_active();
    std::vector<JobPod> surplus = victims(std::max(0, active_ - wanted));
    if (surplus.size() > static_cast<std::size_t>(kJobBurst)) surplus.resize(static_cast<std::size_t>(kJobBurst));
    if (!surplus.empty()) return discard(surplus);
    // Pods that still stop hold back creation only: those that run stay, whatever else is on its way out.
    const std::int32_t stopping = only_replaces_failed(job_) ? terminating_ : 0;
    const std::int32_t missing = std::min(wanted - stopping - active_, kJobBurst);
    if (missing > 0) create(missing);
  }

  /// While a back-off holds creation the status says 0 active pods, whatever runs (a quirk of the real controller).
  void wait(SimDuration left) {
    actions_.sync_after(left);
    active_ = 0;
  }

  void create(std::int32_t missing) {
    if (!has_limit_per_index(job_)) {
      const SimDuration left = remaining_backoff(next_backoff_.failures, next_backoff_.last_failure, now_);
      if (left.ns > 0) return wait(left);
    }
    std::vector<Pod> created;
    if (is_indexed(job_)) {
      std::optional<SimDuration> shortest;
      for (const std::int32_t index : pending_indexes(missing)) {
        const auto failed = waiting_.find(index);
        const Pod* replaced = failed == waiting_.end() ? nullptr : failed->second.get();
        if (replaced != nullptr) {
          const SimDuration left = remaining_backoff(absolute_index_failures(*replaced) + 1, finish_time(*replaced), now_);
          if (left.ns > 0) {
            shortest = std::min(shortest.value_or(left), left);
            continue;
          }
        }
        created.push_back(job_pod(job_, index, replaced));
      }
      if (created.empty() && shortest) return wait(*shortest);
    } else {
      created.assign(static_cast<std::size_t>(missing), job_pod(job_, std::nullopt, nullptr));
    }
    active_ += actions_.create_pods(std::move(created));
  }

  /// The lowest indexes that neither succeeded nor failed nor are occupied.
  [[nodiscard]] std::vector<std::int32_t> pending_indexes(std::int32_t count) const {
    IndexSet taken = succeeded_indexes_;
    for (const JobPod& pod : pods_) {
      const auto index = completion_index(*pod);
      if (index && (cluster::is_active(*pod) || (only_replaces_failed(job_) && is_stopping(*pod)))) taken.insert(*index);
    }
    if (failed_indexes_) taken.insert(failed_indexes_->begin(), failed_indexes_->end());
    std::vector<std::int32_t> pending;
    for (std::int32_t i = 0; i < job_.spec.completions.value_or(0) && static_cast<std::int32_t>(pending.size()) < count; ++i) {
      if (!taken.contains(i)) pending.push_back(i);
    }
    return pending;
  }

  /// True if the condition Suspended changed.
  bool manage() {
    const bool acting = met_ && !cluster::is_terminating(job_.meta);
    if (acting) manage_pods();
    const bool complete = active_ == 0 && (job_.spec.completions ? succeeded_ >= *job_.spec.completions : succeeded_ > 0);
    if (complete) {
      finished_ = Condition{.type = "SuccessCriteriaMet", .status = ConditionStatus::True, .reason = "CompletionsReached",
                            .message = "Reached expected number of succeeded pods", .last_transition_time = now_};
      return false;
    }
    return acting && update_suspended();
  }

  bool update_suspended() {
    const Condition* known = cluster::find_condition(job_.status.conditions, "Suspended");
    const bool suspended = known != nullptr && known->status == ConditionStatus::True;
    if (suspended == job_.spec.suspend) return false;
    // A Job that never was suspended gets no condition saying so.
    if (job_.spec.suspend) {
      set_condition(job_.status.conditions, "Suspended", ConditionStatus::True, "JobSuspended", "Job suspended", now_);
      actions_.event(job_, {"Normal", "Suspended", "Job suspended"});
    } else {
      set_condition(job_.status.conditions, "Suspended", ConditionStatus::False, "JobResumed", "Job resumed", now_);
      actions_.event(job_, {"Normal", "Resumed", "Job resumed"});
      job_.status.start_time = now_;
    }
    return true;
  }

  // ------------------------------------------------------------ counting finished pods once

  /// Moves uids whose finalizer is gone from the uncounted lists into the counters.
  bool count_without_finalizer() {
    const auto settle = [&](std::vector<std::string>& uids, std::int32_t& counter) {
      const auto gone = std::erase_if(uids, [&](const std::string& uid) { return !with_finalizer_.contains(uid); });
      counter += static_cast<std::int32_t>(gone);
      return gone > 0;
    };
    const bool succeeded = settle(job_.status.uncounted_succeeded, job_.status.succeeded);
    const bool failed = settle(job_.status.uncounted_failed, job_.status.failed);
    return succeeded || failed;
  }

  [[nodiscard]] bool may_release(const JobPod& pod, bool failed) const {
    if (cluster::is_terminating(job_.meta) || finished_ || pod->status.phase == PodPhase::Succeeded) return true;
    if (!failed) return false;
    if (!has_limit_per_index(job_)) return true;
    const auto index = completion_index(*pod);
    const auto waiting = index ? waiting_.find(*index) : waiting_.end();
    return waiting == waiting_.end() || waiting->second->meta.uid != pod->meta.uid;
  }

  /// Notes a pod in the status before its finalizer goes. True if the status changed.
  bool note(const JobPod& pod, bool failed, bool ended_badly) {
    const std::string& uid = pod->meta.uid;
    const bool valid = !is_indexed(job_) || valid_index(job_, *pod);
    if (pod->status.phase == PodPhase::Succeeded && !contains(job_.status.uncounted_failed, uid)) {
      if (is_indexed(job_)) {
        const auto index = valid_index(job_, *pod);
        return index && !previously_succeeded_.contains(*index) && (succeeded_indexes_.insert(*index), ++new_indexes_, true);
      }
      if (contains(job_.status.uncounted_succeeded, uid)) return false;
      job_.status.uncounted_succeeded.push_back(uid);
      return true;
    }
    if (!failed && !ended_badly) return false;
    if (!valid || contains(job_.status.uncounted_failed, uid) || !match_failure_policy(job_, *pod).counts) return false;
    job_.status.uncounted_failed.push_back(uid);
    return true;
  }

  void track(bool changed) {
    if (is_indexed(job_)) {
      std::stable_sort(pods_.begin(), pods_.end(), [](const JobPod& a, const JobPod& b) { return completion_index(*a).value_or(-1) < completion_index(*b).value_or(-1); });
    }
    for (const JobPod& pod : pods_) {
      if (tracked(*pod)) with_finalizer_.insert(pod->meta.uid);
    }
    changed = count_without_finalizer() || changed;
    const bool ended_badly = finished_ && finished_->type != "SuccessCriteriaMet";
    std::vector<JobPod> releasing;
    bool reached_most = false;
    for (const JobPod& pod : pods_) {
      if (!tracked(*pod)) continue;
      const bool failed = is_failed(job_, *pod);
      if (!may_release(pod, failed)) continue;
      releasing.push_back(pod);
      changed = note(pod, failed, ended_badly) || changed;
      if (new_indexes_ + job_.status.uncounted_succeeded.size() + job_.status.uncounted_failed.size() >= kMostUncountedPods) {
        reached_most = true;
        break;
      }
    }
    changed = write_indexes() || changed;
    changed = announce_end() || changed;
    if (changed) {
      actions_.write_status(job_);
      backoff_ = next_backoff_;
      changed = false;
    }
    for (const JobPod& pod : releasing) {
      actions_.remove_finalizer(pod);
      with_finalizer_.erase(pod->meta.uid);
    }
    changed = count_without_finalizer() || changed;
    const bool over = !reached_most && enact_end();
    if (!changed && !over) return;
    actions_.write_status(job_);
    if (!over) return;
    if (finished_->type == "Complete") {
      if (job_.spec.completions && job_.status.succeeded > *job_.spec.completions) {
        actions_.event(job_, {"Warning", "TooManySucceededPods", "Too many succeeded pods running after completion count reached"});
      }
      actions_.event(job_, {"Normal", "Completed", "Job completed"});
    } else {
      actions_.event(job_, {"Warning", finished_->reason, finished_->message});
    }
  }

  bool write_indexes() {
    if (!is_indexed(job_)) return false;
    std::string completed = format_indexes(succeeded_indexes_);
    std::optional<std::string> failed;
    if (failed_indexes_) failed = format_indexes(*failed_indexes_);
    const bool changed = completed != job_.status.completed_indexes || failed != job_.status.failed_indexes;
    job_.status.succeeded = static_cast<std::int32_t>(succeeded_indexes_.size());
    job_.status.completed_indexes = std::move(completed);
    job_.status.failed_indexes = std::move(failed);
    return changed;
  }

  /// Writes the interim condition before finalizers go, and prepares the final one. True if the status changed.
  bool announce_end() {
    if (!finished_ || (finished_->type != "FailureTarget" && finished_->type != "SuccessCriteriaMet")) return false;
    const bool known = cluster::find_condition(job_.status.conditions, finished_->type) != nullptr;
    if (!known) job_.status.conditions.push_back(*finished_);
    finished_->type = finished_->type == "FailureTarget" ? "Failed" : "Complete";
    finished_->last_transition_time = now_;
    return !known;
  }

  /// Sets the final condition once every pod is accounted for and none is stopping any more.
  bool enact_end() {
    if (!finished_ || !job_.status.uncounted_succeeded.empty() || !job_.status.uncounted_failed.empty() || terminating_ > 0) return false;
    set_condition(job_.status.conditions, finished_->type, ConditionStatus::True, finished_->reason, finished_->message, now_);
    if (finished_->type == "Complete") job_.status.completion_time = now_;
    return true;
  }

  Job job_;
  std::vector<JobPod> pods_;
  bool met_;
  std::set<std::string> going_;
  JobBackoff& backoff_;
  SimTime now_;
  JobActions& actions_;

  std::vector<JobPod> active_pods_;
  std::int32_t active_ = 0;
  std::int32_t ready_ = 0;
  std::int32_t terminating_ = 0;
  std::int32_t succeeded_ = 0;
  std::int32_t failed_ = 0;
  JobBackoff next_backoff_;
  std::optional<Condition> finished_;
  IndexSet previously_succeeded_;
  IndexSet succeeded_indexes_;
  std::optional<IndexSet> failed_indexes_;
  std::map<std::int32_t, JobPod> waiting_;  ///< by index: failed pod that its replacement must inherit from
  std::set<std::string> with_finalizer_;
  std::size_t new_indexes_ = 0;
};

}  // namespace

bool is_finished(const Job& job) {
  return std::any_of(job.status.conditions.begin(), job.status.conditions.end(), [](const Condition& condition) {
    return (condition.type == "Complete" || condition.type == "Failed") && condition.status == ConditionStatus::True;
  });
}

void sync_job(JobView view, JobBackoff& backoff, SimTime now, JobActions& actions) {
  if (is_finished(view.job)) return;
  JobSync(std::move(view), backoff, now, actions).run();
}

}  // namespace tandem::control
