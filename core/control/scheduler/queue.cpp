#include "core/control/scheduler/queue.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace tandem::control::scheduler {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// Back-off ends are cut to whole seconds so that pods of one second leave in order of priority (≥ 1.33).
std::int64_t window_of(SimTime time) { return time.ns / kSecond; }

bool is_gated(const cluster::Pod& pod) { return !pod.spec->scheduling_gates.empty(); }

}  // namespace

SimDuration Backoff::after(std::uint32_t failures) const {
  if (failures == 0) return {};
  SimDuration backoff = initial;
  for (std::uint32_t i = 1; i < failures && backoff < max; ++i) backoff = backoff * 2;
  return std::min(backoff, max);
}

SchedulingQueue::SchedulingQueue(SimTime start, WorthRetrying worth_retrying, Preempting preempting, Backoff backoff)
    : start_(start),
      worth_retrying_(std::move(worth_retrying)),
      preempting_(std::move(preempting)),
      backoff_times_(backoff) {}

/// Errors count on their own; only without any does the number of rejections count (1.34).
SimDuration SchedulingQueue::backoff_of(const QueuedPod& pod) const {
  return backoff_times_.after(pod.consecutive_errors > 0 ? pod.consecutive_errors : pod.rejections);
}

bool SchedulingQueue::is_backing_off(const QueuedPod& pod, SimTime now) const {
  return backoff_of(pod) > SimDuration{} && window_of(backoff_end(pod)) >= window_of(now);
}

// ---------------------------------------------------------------- places

SchedulingQueue::Heap* SchedulingQueue::heap_of(Place place) {
  switch (place) {
    case Place::Active:
      return &active_;
    case Place::Backoff:
      return &backoff_;
    case Place::ErrorBackoff:
      return &error_backoff_;
    case Place::Unschedulable:
    case Place::Preempting:
    case Place::Gated:
    case Place::InFlight:
      return nullptr;
  }
  return nullptr;
}

void SchedulingQueue::place_in(Record& record, Place place) {
  record.place = place;
  const QueuedPod& queued = record.queued;
  if (place == Place::Unschedulable) unschedulable_.emplace(std::pair{queued.queued_at.ns, record.arrival}, &record);
  if (place == Place::Preempting) preempting_pods_.emplace(record.arrival, &record);
  Heap* heap = heap_of(place);
  if (heap == nullptr) return;
  const std::int64_t window = place == Place::Active ? 0 : window_of(backoff_end(queued));
  const std::int64_t priority = queued.pod->spec->priority.value_or(0);
  heap->emplace(Order{window, -priority, queued.queued_at.ns, record.arrival}, &record);
}

void SchedulingQueue::take_out(Record& record) {
  if (record.place == Place::Unschedulable) unschedulable_.erase({record.queued.queued_at.ns, record.arrival});
  if (record.place == Place::Preempting) preempting_pods_.erase(record.arrival);
  Heap* heap = heap_of(record.place);
  if (heap == nullptr) return;
  const std::int64_t window = record.place == Place::Active ? 0 : window_of(backoff_end(record.queued));
  const std::int64_t priority = record.queued.pod->spec->priority.value_or(0);
  heap->erase(Order{window, -priority, record.queued.queued_at.ns, record.arrival});
}

void SchedulingQueue::enqueue_or_back_off(Record& record, SimTime now) {
  if (preempting_(record.queued.pod->meta.uid)) {
    place_in(record, Place::Preempting);
  } else if (is_backing_off(record.queued, now)) {
    place_in(record, record.queued.consecutive_errors > 0 ? Place::ErrorBackoff : Place::Backoff);
  } else {
    place_in(record, Place::Active);
  }
}

// ---------------------------------------------------------------- pods come and go

void SchedulingQueue::add(cluster::Ptr<cluster::Pod> pod, SimTime now) {
  const auto [place, inserted] = records_.try_emplace(pod->meta.uid);
  if (!inserted) return update(std::move(pod), now);
  Record& record = place->second;
  record.arrival = ++arrivals_;
  record.queued.queued_at = now;
  record.queued.pod = std::move(pod);
  place_in(record, is_gated(*record.queued.pod) ? Place::Gated : Place::Active);
}

void SchedulingQueue::update(cluster::Ptr<cluster::Pod> pod, SimTime now) {
  const auto found = records_.find(pod->meta.uid);
  if (found == records_.end()) return add(std::move(pod), now);
  Record& record = found->second;
  const cluster::Ptr<cluster::Pod> before = record.queued.pod;
  const bool edited = !(before->spec == pod->spec && before->meta.labels == pod->meta.labels);
  if (!edited) {
    record.queued.pod = std::move(pod);
    return;
  }
  take_out(record);
  record.queued.pod = std::move(pod);
  ClusterEvent event;
  event.kind = ClusterEvent::Kind::OwnPodUpdated;
  event.old_pod = before;
  event.new_pod = record.queued.pod;
  switch (record.place) {
    case Place::InFlight:
      remember_for_flights({event, record.queued.pod->meta.uid, false});
      break;
    case Place::Gated:
      if (is_gated(*record.queued.pod)) break;
      record.queued.queued_at = now;
      place_in(record, Place::Active);
      break;
    case Place::Unschedulable:
      if (worth_retrying_(record.queued, event)) {
        enqueue_or_back_off(record, now);
      } else {
        place_in(record, Place::Unschedulable);
      }
      break;
    case Place::Active:
    case Place::Backoff:
    case Place::ErrorBackoff:
    case Place::Preempting:
      place_in(record, record.place);
      break;
  }
}

void SchedulingQueue::remove(const std::string& uid) {
  const auto found = records_.find(uid);
  if (found == records_.end()) return;
  take_out(found->second);
  if (found->second.place == Place::InFlight) end_flight(found->second);
  records_.erase(found);
}

cluster::Ptr<cluster::Pod> SchedulingQueue::find(const std::string& uid) const {
  const auto found = records_.find(uid);
  return found == records_.end() ? nullptr : found->second.queued.pod;
}

bool SchedulingQueue::in_flight(const std::string& uid) const {
  const auto found = records_.find(uid);
  return found != records_.end() && found->second.place == Place::InFlight;
}

// ---------------------------------------------------------------- attempts

std::optional<QueuedPod> SchedulingQueue::pop(SimTime now) {
  flush(now);
  Heap& heap = active_.empty() ? backoff_ : active_;
  if (heap.empty()) return std::nullopt;
  Record& record = *heap.begin()->second;
  heap.erase(heap.begin());
  record.place = Place::InFlight;
  record.flight_began = first_flight_event_ + flight_events_.size();
  flights_.insert(record.flight_began);
  ++record.queued.attempts;
  return record.queued;
}

void SchedulingQueue::done(const std::string& uid) { remove(uid); }

void SchedulingQueue::return_rejected(const std::string& uid, std::vector<std::size_t> rejecting_plugins, SimTime now) {
  const auto found = records_.find(uid);
  if (found == records_.end()) return;  // deleted meanwhile
  Record& record = found->second;
  CHECK(record.place == Place::InFlight, "only a pod in flight comes back");
  record.queued.queued_at = now;
  record.queued.rejecting_plugins = std::move(rejecting_plugins);
  ++record.queued.rejections;
  record.queued.consecutive_errors = 0;
  const bool helped = event_since_pop_helps(record);
  end_flight(record);
  if (helped) {
    enqueue_or_back_off(record, now);
  } else {
    place_in(record, Place::Unschedulable);
  }
}

void SchedulingQueue::return_failed(const std::string& uid, SimTime now) {
  const auto found = records_.find(uid);
  if (found == records_.end()) return;
  Record& record = found->second;
  CHECK(record.place == Place::InFlight, "only a pod in flight comes back");
  record.queued.queued_at = now;
  record.queued.rejecting_plugins.clear();
  ++record.queued.consecutive_errors;
  end_flight(record);
  enqueue_or_back_off(record, now);
}

void SchedulingQueue::end_flight(Record& record) {
  flights_.erase(flights_.find(record.flight_began));
  while (!flight_events_.empty() && (flights_.empty() || first_flight_event_ < *flights_.begin())) {
    flight_events_.pop_front();
    ++first_flight_event_;
  }
}

void SchedulingQueue::remember_for_flights(FlightEvent event) {
  if (!flights_.empty()) flight_events_.push_back(std::move(event));
}

bool SchedulingQueue::event_since_pop_helps(const Record& record) const {
  for (std::size_t i = record.flight_began - first_flight_event_; i < flight_events_.size(); ++i) {
    const FlightEvent& seen = flight_events_[i];
    if (!seen.only_for.empty() && seen.only_for != record.queued.pod->meta.uid) continue;
    if (seen.activates || worth_retrying_(record.queued, seen.event)) return true;
  }
  return false;
}

// ---------------------------------------------------------------- waking up

void SchedulingQueue::on_event(const ClusterEvent& event, SimTime now) {
  remember_for_flights({event, {}, false});
  for (auto place = unschedulable_.begin(); place != unschedulable_.end();) wake(*(place++)->second, event, now);
  // A pod that preempts looks at nothing but pods that leave.
  if (event.kind != ClusterEvent::Kind::AssignedPodDeleted) return;
  for (auto place = preempting_pods_.begin(); place != preempting_pods_.end();) wake(*(place++)->second, event, now);
}

void SchedulingQueue::wake(Record& record, const ClusterEvent& event, SimTime now) {
  if (event.at_most_priority && record.queued.pod->spec->priority.value_or(0) > *event.at_most_priority) return;
  if (!worth_retrying_(record.queued, event)) return;
  take_out(record);
  enqueue_or_back_off(record, now);
}

void SchedulingQueue::activate(const std::string& uid) {
  const auto found = records_.find(uid);
  if (found == records_.end()) return;
  Record& record = found->second;
  switch (record.place) {
    case Place::InFlight:
      remember_for_flights({{}, uid, true});
      break;
    case Place::Unschedulable:
    case Place::Preempting:
      take_out(record);
      place_in(record, preempting_(uid) ? Place::Preempting : Place::Active);
      break;
    case Place::Backoff:
    case Place::ErrorBackoff:
      take_out(record);
      place_in(record, Place::Active);
      break;
    case Place::Active:
    case Place::Gated:
      break;
  }
}

void SchedulingQueue::flush(SimTime now) {
  for (Heap* heap : {&backoff_, &error_backoff_}) {
    while (!heap->empty() && std::get<0>(heap->begin()->first) < window_of(now)) {
      Record& record = *heap->begin()->second;
      heap->erase(heap->begin());
      place_in(record, Place::Active);
    }
  }
  const SimTime last_sweep = now - SimDuration{(now - start_).ns % kSweepPeriod.ns};
  while (!unschedulable_.empty()) {
    Record& oldest = *unschedulable_.begin()->second;
    if (last_sweep - oldest.queued.queued_at <= kMaxTimeUnschedulable) break;
    unschedulable_.erase(unschedulable_.begin());
    enqueue_or_back_off(oldest, now);
  }
}

SimTime SchedulingQueue::next_flush() const {
  SimTime next = kTimeNever;
  for (const Heap* heap : {&backoff_, &error_backoff_}) {
    if (!heap->empty()) next = std::min(next, SimTime{(std::get<0>(heap->begin()->first) + 1) * kSecond});
  }
  if (!unschedulable_.empty()) {
    const Record& oldest = *unschedulable_.begin()->second;
    const SimDuration limit_reached = oldest.queued.queued_at + kMaxTimeUnschedulable - start_;
    const std::int64_t sweeps = limit_reached.ns / kSweepPeriod.ns + 1;  // the first one strictly later
    next = std::min(next, start_ + kSweepPeriod * sweeps);
  }
  return next;
}

}  // namespace tandem::control::scheduler
