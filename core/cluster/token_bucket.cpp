#include "core/cluster/token_bucket.hpp"

#include <algorithm>

namespace tandem::cluster {

TokenBucket::TokenBucket(RateLimit limit) : unlimited_(!(limit.qps > 0)), theoretical_(kTimeUnset) {
  if (unlimited_) return;
  interval_ = from_seconds(1.0 / limit.qps);
  tolerance_ = from_seconds(std::max(limit.burst - 1.0, 0.0) / limit.qps);
}

SimTime TokenBucket::reserve(SimTime now) {
  if (unlimited_) return now;
  const SimTime due = std::max(theoretical_, now);
  theoretical_ = due + interval_;
  const SimTime start{due.ns - tolerance_.ns};
  return std::max(start, now);
}

bool TokenBucket::try_take(SimTime now) {
  if (unlimited_) return true;
  const SimTime due = std::max(theoretical_, now);
  if (due - now > tolerance_) return false;
  theoretical_ = due + interval_;
  return true;
}

}  // namespace tandem::cluster
