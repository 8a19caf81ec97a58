#include "core/control/node_lifecycle/rate_limited_queue.hpp"

#include <algorithm>

namespace tandem::control {

bool TokenBucket::try_accept(SimTime now) {
  if (rate_ <= 0) return false;
  const std::int64_t elapsed = (now - last_).ns;
  const double elapsed_seconds = static_cast<double>(elapsed / 1'000'000'000) + static_cast<double>(elapsed % 1'000'000'000) / 1e9;
  const double tokens = std::min(1.0, tokens_ + elapsed_seconds * static_cast<double>(rate_)) - 1.0;
  // The bucket reckons the wait in whole nanoseconds: less than one counts as none.
  if (tokens < 0 && -tokens / static_cast<double>(rate_) * 1e9 >= 1.0) return false;
  tokens_ = tokens;
  last_ = now;
  return true;
}

bool RateLimitedQueue::add(const std::string& value, SimTime now) {
  if (!known_.insert(value).second) return false;
  queue_.push_back({value, now, now});
  return true;
}

bool RateLimitedQueue::remove(const std::string& value) {
  if (known_.erase(value) == 0) return false;
  std::erase_if(queue_, [&](const Entry& entry) { return entry.value == value; });
  return true;
}

std::vector<RateLimitedQueue::Entry>::iterator RateLimitedQueue::head(SimTime now, const Rank& rank) {
  return std::min_element(queue_.begin(), queue_.end(), [&](const Entry& a, const Entry& b) {
    if ((a.added <= now) != (b.added <= now)) return a.added <= now;
    if (a.due != b.due) return a.due < b.due;
    return rank && rank(a.value) < rank(b.value);
  });
}

void RateLimitedQueue::process(SimTime now, const Action& action, const Rank& rank) {
  while (true) {
    const auto first = head(now, rank);
    if (first == queue_.end() || now < first->added) return;
    // The token is spent also if the first is a failed one that must wait.
    if (!limiter_.try_accept(now) || now < first->due) return;
    if (action(first->value)) {
      queue_.erase(first);
    } else {
      first->due = now + kRetry + nanoseconds(1);
    }
  }
}

void RateLimitedQueue::swap_limiter(float rate, SimTime now) {
  // A limiter that never accepts says 1 when asked for its rate (flowcontrol.NewFakeNeverRateLimiter).
  const float current = limiter_.rate() <= 0 ? 1.0F : limiter_.rate();
  if (current == rate) return;
  TokenBucket fresh(rate);
  if (rate > 0 && !limiter_.try_accept(now)) fresh.try_accept(now);
  limiter_ = fresh;
}

}  // namespace tandem::control
