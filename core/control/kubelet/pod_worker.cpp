#include "core/control/kubelet/pod_worker.hpp"

#include <algorithm>
#include <utility>

#include "core/control/kubelet/pod_actions.hpp"

namespace tandem::control::kubelet {

using cluster::is_terminal;
using cluster::is_terminating;
using cluster::Pod;
using cluster::PodStatus;
using Standing = StatusManager::Standing;

namespace {

/// A failed sync is tried again after backOffPeriod · [1, 1.5), a good one of a pod that is not settled after syncFrequency ·
/// [1, 1.5).
constexpr SimDuration kBackOffPeriod = seconds(10);
constexpr SimDuration kSyncFrequency = seconds(60);
constexpr double kJitter = 0.5;

SimDuration jittered(SimDuration period, RandomStream& draws) {
  return period + from_seconds(draws.uniform() * kJitter * to_seconds(period));
}

}  // namespace

PodWorker::PodWorker(const KubeletParts& parts, cluster::Ptr<Pod> pod, std::uint32_t number,
                     std::function<void(const std::string&)> gone)
    : parts_(parts), gone_(std::move(gone)) {
  record_.pod = std::move(pod);
  record_.number = number;
  record_.entity = parts_.options.node_index * 4096 + number % 4096;
}

PodWorker::~PodWorker() {
  *alive_ = false;
  for (const TimerHandle timer : {volumes_timer_, retry_timer_, deadline_timer_}) parts_.clock.cancel(timer);
}

// ---------------------------------------------------------------- what others say

void PodWorker::admitted() {
  if (is_terminating(record_.pod->meta)) request_termination({});
  request_work();
}

void PodWorker::rejected(EndedByKubelet why) {
  parts_.event(*record_.pod, "Warning", why.reason.c_str(), why.message);
  PodStatus status;
  status.phase = cluster::PodPhase::Failed;
  status.reason = why.reason;
  status.message = "Pod was rejected: " + why.message;
  status.qos_class = cluster::qos_class_of(*record_.pod->spec);
  parts_.statuses.set(record_.pod, std::move(status), Standing::Stopped);
  stage_ = Stage::Finished;
}

void PodWorker::updated(const cluster::Ptr<Pod>& pod, bool worth_a_sync) {
  record_.pod = pod;
  if (stage_ == Stage::Finished) {
    // It ended before it was deleted, and nobody else will remove the object.
    if (is_terminating(pod->meta) && !removal_requested_) close();
    return;
  }
  if (is_terminating(pod->meta) || is_terminal(pod->status.phase)) request_termination({});
  if (worth_a_sync) request_work();
}

bool PodWorker::object_removed(const cluster::Ptr<Pod>& pod) {
  if (stage_ == Stage::Finished) return false;
  // What still runs is killed soon: a forced deletion sets a grace of 0.
  Pod marked = *pod;
  if (!is_terminating(marked.meta)) marked.meta.deletion_timestamp = parts_.clock.now();
  if (!marked.meta.deletion_grace_period_seconds) marked.meta.deletion_grace_period_seconds = 0;
  record_.pod = std::make_shared<const Pod>(std::move(marked));
  request_termination({});
  request_work();
  return true;
}

void PodWorker::evict(Eviction eviction) {
  if (termination_requested()) return;
  const std::int64_t grace = eviction.grace_seconds;
  eviction_ = std::make_unique<const Eviction>(std::move(eviction));
  request_termination(grace);
  request_work();
}

void PodWorker::request_termination(std::optional<std::int64_t> grace_override) {
  if (stage_ == Stage::Terminated || stage_ == Stage::Finished) return;
  termination_requested_ = true;
  grace_.request(record_.pod->meta.deletion_grace_period_seconds, grace_override,
                 record_.pod->spec->termination_grace_period_seconds);
  if (!volumes_timer_) return;
  // Waiting for volumes is the one thing that a deletion interrupts.
  parts_.clock.cancel(std::exchange(volumes_timer_, {}));
  pending_ = true;
  finish_work(Outcome::Done);
}

void PodWorker::relisted() {
  const bool changed = &record_.runtime.seen() != &record_.runtime.now();
  record_.runtime.relist();
  if (changed && stage_ != Stage::Finished) pending_ = true;
  work_if_due();
}

bool PodWorker::container_exited(const ContainerExited& exit) {
  if (!record_.runtime.container_exited(exit)) return false;
  parts_.relist.request(record_.number);
  if (record_.kills) record_.kills->container_exited(exit.container_id);
  return true;
}

void PodWorker::probe_updated(const ProbeUpdate& update) {
  if (stage_ == Stage::Terminated || stage_ == Stage::Finished) return;
  parts_.statuses.update(
      record_.pod, [&](PodStatus& status) { return apply_update(status, update); }, Standing::CouldRunContainers);
  if (needs_sync(update)) request_work();
}

// ---------------------------------------------------------------- one piece of work after another

void PodWorker::request_work() {
  if (stage_ == Stage::Finished) return;
  pending_ = true;
  work_if_due();
}

void PodWorker::work_if_due() {
  if (!pending_ || working_) return;
  if (last_work_end_ && parts_.relist.last_tick(parts_.clock.now()) <= *last_work_end_) {
    parts_.relist.request(record_.number);
    return;
  }
  pending_ = false;
  working_ = true;
  if (stage_ == Stage::Syncing && termination_requested_) stage_ = Stage::Terminating;
  switch (stage_) {
    case Stage::Syncing:
      return sync();
    case Stage::Terminating:
      return terminate();
    case Stage::Terminated:
      return clean_up();
    case Stage::Finished:
      return;
  }
}

void PodWorker::finish_work(Outcome outcome) {
  working_ = false;
  last_work_end_ = parts_.clock.now();
  switch (outcome) {
    case Outcome::Ended:
      stage_ = stage_ == Stage::Syncing ? Stage::Terminating : Stage::Terminated;
      pending_ = true;
      break;
    case Outcome::Failed:
      schedule(jittered(kBackOffPeriod, parts_.retry_jitter));
      break;
    case Outcome::Done:
      // A sync of a pod that runs as it should changes nothing.
      if (!settled()) schedule(jittered(kSyncFrequency, parts_.resync_jitter));
      break;
  }
  work_if_due();
}

bool PodWorker::settled() const {
  const PodStatus* status = parts_.statuses.find(record_.uid());
  const cluster::Condition* ready =
      status == nullptr ? nullptr : cluster::find_condition(status->conditions, "ContainersReady");
  return ready != nullptr && ready->status == cluster::ConditionStatus::True;
}

void PodWorker::arm(TimerHandle& timer, SimTime due) {
  // What is due is found at the next tick of the sync loop.
  const std::int64_t period = parts_.options.sync_loop_period.ns;
  const std::int64_t since_phase = due.ns - parts_.sync_loop_phase.ns;
  const std::int64_t ticks = since_phase <= 0 ? 0 : (since_phase + period - 1) / period;
  parts_.clock.cancel(timer);
  timer =
      parts_.clock.at(SimTime{parts_.sync_loop_phase.ns + ticks * period}, EventClass::Control, record_.entity, [this, &timer] {
        timer = {};
        request_work();
      });
}

void PodWorker::schedule(SimDuration delay) { arm(retry_timer_, parts_.clock.now() + delay); }

// ---------------------------------------------------------------- syncs

PodStatus PodWorker::make_status(const RuntimePod& runtime, bool pod_is_terminal) {
  const PodStatus* stored = parts_.statuses.find(record_.uid());
  const StartFailures failures = [this](const std::string& name) -> const StartFailure* {
    const auto found = record_.start_failures.find(name);
    return found == record_.start_failures.end() ? nullptr : &found->second;
  };
  StatusInput input{*record_.pod, runtime, stored, failures, pod_is_terminal, {}, parts_.options.host_ip};
  if (const auto deadline = active_deadline(*record_.pod, stored); deadline && *deadline <= parts_.clock.now()) {
    input.ended_by_kubelet = {"DeadlineExceeded", "Pod was active on the node longer than the specified deadline"};
    parts_.event(*record_.pod, "Normal", "DeadlineExceeded", input.ended_by_kubelet->message);
  }
  return generate_status(input, parts_.probes, parts_.options.gates);
}

void PodWorker::schedule_deadline() {
  if (deadline_timer_) return;
  if (const auto deadline = active_deadline(*record_.pod, parts_.statuses.find(record_.uid()))) arm(deadline_timer_, *deadline);
}

void PodWorker::sync() {
  PodStatus status = make_status(record_.runtime.seen(), false);
  const bool ended = is_terminal(status.phase);
  parts_.statuses.set(record_.pod, std::move(status), Standing::CouldRunContainers);
  if (ended) return finish_work(Outcome::Ended);
  schedule_deadline();
  if (volumes_mounted_) return carry_out();
  volumes_timer_ = parts_.clock.after(parts_.options.volume_wait, EventClass::Control, record_.entity, [this] {
    volumes_timer_ = {};
    volumes_mounted_ = true;
    carry_out();
  });
}

void PodWorker::carry_out() {
  parts_.probes.add_pod(record_.pod);
  const ProbeVerdicts verdicts = [this](ProbeKind kind, const std::string& container_id) {
    return parts_.probes.verdict(kind, container_id);
  };
  PodActions actions = pod_actions(*record_.pod, record_.runtime.seen(), verdicts, parts_.options.gates);
  sync_ = std::make_unique<PodSync>(parts_, record_, std::move(actions), [this](bool failed) {
    sync_.reset();
    record_.kills.reset();
    finish_work(failed ? Outcome::Failed : Outcome::Done);
  });
  sync_->begin();
}

// ---------------------------------------------------------------- the end

void PodWorker::terminate() {
  PodStatus status = make_status(record_.runtime.seen(), false);
  if (eviction_) {
    status.phase = cluster::PodPhase::Failed;
    status.reason = eviction_->ended.reason;
    status.message = eviction_->ended.message;
    status.conditions.insert(status.conditions.begin(), eviction_->condition);
  }
  parts_.statuses.set(record_.pod, std::move(status), Standing::CouldRunContainers);
  parts_.probes.stop_liveness_and_startup(*record_.pod);
  ContainerKills::Options options;
  if (grace_.seconds() > 0) options.grace_override = grace_.seconds();
  record_.kills = std::make_unique<ContainerKills>(parts_.for_kills(record_.entity), record_.pod, record_.identity(),
                                                   record_.running(), std::move(options), [this] { containers_stopped(); });
}

void PodWorker::containers_stopped() {
  record_.kills.reset();
  parts_.probes.remove_pod(record_.uid());
  if (!record_.runtime.now().sandboxes.empty()) record_.runtime.sandboxes_stopped();
  record_.runtime.relist();
  parts_.statuses.set(record_.pod, make_status(record_.runtime.now(), true), Standing::Stopped);
  remove_sandbox();
}

void PodWorker::remove_sandbox() {
  if (record_.ip.empty()) return finish_work(Outcome::Ended);
  parts_.runtime.remove_sandbox(record_.identity(), [this, alive = alive_](const Status& status) {
    if (!*alive) return;
    if (!status) parts_.event(*record_.pod, "Warning", "FailedKillPod", "error killing pod: " + status.error().what);
    parts_.addresses.release(std::exchange(record_.ip, {}));
    finish_work(Outcome::Ended);
  });
}

void PodWorker::clean_up() {
  working_ = false;
  stage_ = Stage::Finished;
  for (TimerHandle* timer : {&retry_timer_, &deadline_timer_}) parts_.clock.cancel(std::exchange(*timer, {}));
  parts_.images.forget(record_.uid());
  parts_.restarts.forget(record_.uid());
  record_.start_failures.clear();
  record_.runtime = {};
  close();
}

void PodWorker::close() {
  removal_requested_ = is_terminating(record_.pod->meta);
  // By value: the worker may be gone by then.
  parts_.statuses.terminate(record_.pod, [gone = gone_, uid = record_.uid()] { gone(uid); });
}

}  // namespace tandem::control::kubelet
