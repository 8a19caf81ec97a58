#include "core/control/work_queue.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace tandem::control {

RetryBucket::RetryBucket(std::int64_t per_second, std::int64_t burst)
    : interval_(seconds(1) / per_second), capacity_(interval_ * burst), saved_(capacity_) {}

SimDuration RetryBucket::reserve(SimTime now) {
  if (now > updated_) {
    // Bounded before adding: a queue idle for years must not overflow.
    saved_ = saved_ + std::min(now - updated_, capacity_ - saved_);
    updated_ = now;
  }
  saved_ -= interval_;
  return saved_.ns >= 0 ? SimDuration{} : SimDuration{-saved_.ns};
}

WorkQueue::WorkQueue(Clock& clock, std::uint32_t entity, RetryPolicy policy)
    : clock_(clock), entity_(entity), policy_(policy), bucket_(policy.overall_per_second, policy.overall_burst) {}

WorkQueue::~WorkQueue() {
  for (const auto& [key, delayed] : delayed_) clock_.cancel(delayed.timer);
}

void WorkQueue::enqueue(const Key& key) {
  due_.push_back(key);
  if (listener_) listener_();
}

void WorkQueue::add(const Key& key) {
  if (!dirty_.insert(key).second) return;
  if (!processing_.contains(key)) enqueue(key);
}

void WorkQueue::add_after(const Key& key, SimDuration delay) {
  if (delay <= SimDuration{}) return add(key);
  const SimTime time = clock_.now() + delay;
  const auto pending = delayed_.find(key);
  if (pending != delayed_.end()) {
    if (pending->second.time <= time) return;
    clock_.cancel(pending->second.timer);
    delayed_.erase(pending);
  }
  const TimerHandle timer = clock_.at(time, EventClass::Control, entity_, [this, key] {
    delayed_.erase(key);
    add(key);
  });
  delayed_.emplace(key, Delayed{time, timer});
}

SimDuration WorkQueue::retry_delay(const Key& key) {
  const int failed_before = failures_[key]++;
  SimDuration own = policy_.base;
  for (int i = 0; i < failed_before && own < policy_.longest; ++i) own = own * 2;
  return std::max(std::min(own, policy_.longest), bucket_.reserve(clock_.now()));
}

void WorkQueue::add_rate_limited(const Key& key) { add_after(key, retry_delay(key)); }

void WorkQueue::forget(const Key& key) { failures_.erase(key); }

int WorkQueue::retries(const Key& key) const {
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

std::optional<WorkQueue::Key> WorkQueue::get() {
  if (due_.empty()) return std::nullopt;
  Key key = std::move(due_.front());
  due_.pop_front();
  dirty_.erase(key);
  processing_.insert(key);
  return key;
}

void WorkQueue::done(const Key& key) {
  CHECK(processing_.erase(key) == 1, "done() for a key that is not being processed: " + to_string(key));
  if (dirty_.contains(key)) enqueue(key);
}

SimTime WorkQueue::next_delayed() const {
  SimTime next = kTimeNever;
  for (const auto& [key, delayed] : delayed_) next = std::min(next, delayed.time);
  return next;
}

}  // namespace tandem::control
