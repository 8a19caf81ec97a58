#pragma once

#include "core/cluster/api_server.hpp"

namespace tandem::cluster {

/// client-go's rate limiter (golang.org/x/time/rate): tokens refill continuously up to `burst`; whoever finds none reserves
/// the next one and waits for it, first come first served. Kept in whole nanoseconds by the equivalent virtual-scheduling
/// form (ITU-T I.371, GCRA), so that no rounding accumulates.
class TokenBucket {
 public:
  explicit TokenBucket(RateLimit limit);

  /// Takes a token; the moment from which the caller may go ahead. `now` must not decrease between calls.
  SimTime reserve(SimTime now);
  /// Takes a token only if there is one now.
  bool try_take(SimTime now);

 private:
  bool unlimited_;
  SimDuration interval_;   ///< between two tokens
  SimDuration tolerance_;  ///< how far the theoretical time may run ahead of the real one: (burst - 1) intervals
  SimTime theoretical_;    ///< when the next token would come if none had been saved
};

}  // namespace tandem::cluster
