#include "real/engine/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <utility>

#include "core/base/check.hpp"
#include "host/wall_clock.hpp"

namespace tandem::real {

namespace {

/// Longest sleep, so that a signal that came just before epoll_wait is noticed.
constexpr std::int64_t kSleepMaxNs = 100'000'000;

/// a + b without overflow: run_until(kTimeNever) must mean "for ever".
std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

}  // namespace

EventLoop::EventLoop() : zero_ns_(host::monotonic_ns()) {
  poller_ = epoll_create1(EPOLL_CLOEXEC);
  wakeup_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK(poller_ >= 0 && wakeup_ >= 0, "no descriptors left for the event loop");
  watch(wakeup_, kReadable, [this](unsigned) { run_posted(); });
}

EventLoop::~EventLoop() {
  close(wakeup_);
  close(poller_);
}

SimTime EventLoop::now() const { return {host::monotonic_ns() - zero_ns_}; }

std::uint64_t EventLoop::arm(std::int64_t monotonic_ns, EventClass event_class, std::uint32_t entity, Timer timer) {
  const std::uint64_t sequence = ++last_sequence_;
  if (timer.of_clock) ++armed_clock_timers_;
  const Key key{monotonic_ns, event_class, entity, sequence};
  timers_.emplace(key, std::move(timer));
  keys_.emplace(sequence, key);
  return sequence;
}

bool EventLoop::disarm(std::uint64_t sequence) {
  const auto found = keys_.find(sequence);
  if (found == keys_.end()) return false;
  const auto timer = timers_.find(found->second);
  if (timer->second.of_clock) --armed_clock_timers_;
  timers_.erase(timer);
  keys_.erase(found);
  return true;
}

TimerHandle EventLoop::at(SimTime time, EventClass event_class, std::uint32_t entity, std::function<void()> callback) {
  // A moment that has passed keeps its place in the order, but must not count as lag.
  const std::int64_t moment = std::max(saturating_add(time.ns, zero_ns_), host::monotonic_ns());
  return TimerHandle{arm(moment, event_class, entity, {std::move(callback), true})};
}

bool EventLoop::cancel(TimerHandle timer) { return disarm(timer.value); }

std::uint64_t EventLoop::delay(std::int64_t delay_ns, std::function<void()> callback) {
  return arm(saturating_add(host::monotonic_ns(), std::max<std::int64_t>(0, delay_ns)), EventClass::Hardware, 0, {std::move(callback), false});
}

void EventLoop::cancel_delay(std::uint64_t number) { disarm(number); }

void EventLoop::watch(int file, unsigned interest, FileCallback callback) {
  epoll_event event{};
  event.events = ((interest & kReadable) != 0 ? EPOLLIN : 0U) | ((interest & kWritable) != 0 ? EPOLLOUT : 0U);
  event.data.fd = file;
  const bool known = files_.count(file) > 0;
  files_[file] = std::move(callback);
  // A descriptor closed behind our back has left the epoll set, so a modification may find nothing.
  if (!known || epoll_ctl(poller_, EPOLL_CTL_MOD, file, &event) != 0) epoll_ctl(poller_, EPOLL_CTL_ADD, file, &event);
}

void EventLoop::unwatch(int file) {
  if (files_.erase(file) > 0) epoll_ctl(poller_, EPOLL_CTL_DEL, file, nullptr);
}

void EventLoop::set_zero(std::int64_t monotonic_ns) {
  CHECK(armed_clock_timers_ == 0, "time zero cannot move under armed timers");
  zero_ns_ = monotonic_ns;
}

void EventLoop::post(std::function<void()> callback) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(callback));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t size = write(wakeup_, &one, sizeof one);
}

void EventLoop::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t size = read(wakeup_, &count, sizeof count);
  std::vector<std::function<void()>> posted;
  {
    const std::lock_guard lock(posted_mutex_);
    posted.swap(posted_);
  }
  for (const auto& callback : posted) callback();
}

void EventLoop::run_due_timers() {
  // Only what was due at the start of the round: a callback that re-arms itself must not starve the sockets.
  const std::int64_t due = host::monotonic_ns();
  while (!timers_.empty() && std::get<0>(timers_.begin()->first) <= due) {
    auto node = timers_.extract(timers_.begin());
    keys_.erase(std::get<3>(node.key()));
    if (node.mapped().of_clock) --armed_clock_timers_;
    worst_lag_ns_ = std::max(worst_lag_ns_, due - std::get<0>(node.key()));
    ++callbacks_;
    node.mapped().callback();
  }
}

void EventLoop::step(std::int64_t limit_ns) {
  const std::int64_t now = host::monotonic_ns();
  std::int64_t wake = std::min(limit_ns, now + kSleepMaxNs);
  if (!timers_.empty()) wake = std::min(wake, std::get<0>(timers_.begin()->first));
  const std::int64_t sleep = std::max<std::int64_t>(0, wake - now);
  const timespec timeout{sleep / 1'000'000'000, sleep % 1'000'000'000};
  epoll_event events[64];
  const int ready = epoll_pwait2(poller_, events, 64, &timeout, nullptr);
  run_due_timers();
  for (int i = 0; i < ready; ++i) {
    const auto found = files_.find(events[i].data.fd);
    if (found == files_.end()) continue;  // unwatched by an earlier callback of this round
    const bool broken = (events[i].events & (EPOLLERR | EPOLLHUP)) != 0;
    const unsigned flags = ((events[i].events & EPOLLIN) != 0 || broken ? kReadable : 0U) |
                           ((events[i].events & EPOLLOUT) != 0 || broken ? kWritable : 0U);
    ++callbacks_;
    const FileCallback callback = found->second;  // it may unwatch itself
    callback(flags);
  }
}

void EventLoop::run_until(SimTime until, const std::function<bool()>& stop) {
  const std::int64_t limit = saturating_add(until.ns, zero_ns_);
  while (host::monotonic_ns() < limit && !(stop && stop())) step(limit);
}

bool EventLoop::run_while(const std::function<bool()>& condition, std::int64_t limit_ns) {
  const std::int64_t limit = saturating_add(host::monotonic_ns(), limit_ns);
  while (condition()) {
    if (host::monotonic_ns() >= limit) return false;
    step(limit);
  }
  return true;
}

}  // namespace tandem::real
