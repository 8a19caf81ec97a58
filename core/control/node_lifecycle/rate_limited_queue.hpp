#pragma once
// Nodes that wait for a NoExecute taint: one queue a zone, emptied at the zone's rate.
// Sources: pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go (v1.34); golang.org/x/time/rate for the token bucket.

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace tandem::control {

/// A bucket of one token that fills at `rate` per second; rate 0 or less: never any. Full at the start.
class TokenBucket {
 public:
  explicit TokenBucket(float rate) : rate_(rate) {}
  /// Takes a token if there is one. `now` must not go back.
  bool try_accept(SimTime now);
  [[nodiscard]] float rate() const { return rate_; }

 private:
  float rate_;
  double tokens_ = 1.0;
  SimTime last_ = kTimeZero;
};

/// A value is queued once until it is removed, also after it was processed.
class RateLimitedQueue {
 public:
  /// Says whether the value is done; otherwise it is tried again `kRetry` later.
  using Action = std::function<bool(const std::string& value)>;
  /// Order of values that became due at the same moment (smaller first); without one the first added goes first.
  using Rank = std::function<std::int64_t(const std::string& value)>;

  /// After an attempt that failed (doNoExecuteTaintingPass).
  static constexpr SimDuration kRetry = milliseconds(50);

  explicit RateLimitedQueue(float rate) : limiter_(rate) {}

  /// False if the value is known already. `now` may lie ahead: until then process() does not see the value.
  bool add(const std::string& value, SimTime now);
  /// Forgets the value; false if it was not known.
  bool remove(const std::string& value);
  /// Processes what is due as long as there are tokens.
  void process(SimTime now, const Action& action, const Rank& rank = {});
  /// A new limiter, unless the rate stays the same; it starts empty if the old one has no token.
  void swap_limiter(float rate, SimTime now);

 private:
  struct Entry {
    std::string value;
    SimTime due;
    SimTime added;
  };
  /// The earliest of those that were added by now.
  [[nodiscard]] std::vector<Entry>::iterator head(SimTime now, const Rank& rank);

  TokenBucket limiter_;
  std::vector<Entry> queue_;
  std::set<std::string> known_;
};

}  // namespace tandem::control
