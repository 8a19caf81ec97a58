#pragma once
// When nginx 1.22 hands a request on to the next server: proxy_next_upstream and its limits (ngx_http_upstream.c:
// ngx_http_upstream_test_next, ngx_http_upstream_next). data-plane-semantics §1.1.

#include <cstdint>
#include <string_view>

#include "core/balance/policy.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace tandem::balance {

/// The words of `proxy_next_upstream` as a set of bits.
enum class NextOn : std::uint32_t {
  Nothing = 0,
  Error = 1 << 0,
  Timeout = 1 << 1,
  InvalidHeader = 1 << 2,
  Http500 = 1 << 3,
  Http502 = 1 << 4,
  Http503 = 1 << 5,
  Http504 = 1 << 6,
  Http403 = 1 << 7,
  Http404 = 1 << 8,
  Http429 = 1 << 9,
  NonIdempotent = 1 << 10,
};
constexpr NextOn operator|(NextOn a, NextOn b) {
  return static_cast<NextOn>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
/// Every bit of `wanted` is in `set`.
constexpr bool contains_all(NextOn set, NextOn wanted) { return (set | wanted) == set; }

/// "error timeout http_503", or "off". Errors: ValueNotAllowed.
Result<NextOn> parse_next_upstream(std::string_view words);

struct NginxRetryRules {
  NextOn conditions = NextOn::Error | NextOn::Timeout;  ///< nginx's default
  int tries = 0;                                        ///< proxy_next_upstream_tries; 0 = as many as there are peers
  SimDuration timeout{0};                               ///< proxy_next_upstream_timeout; 0 = none
};

/// How one attempt ended.
struct AttemptEnd {
  enum class Kind : std::uint8_t { Answered, ConnectFailed, TimedOut, Reset, InvalidHeader };
  Kind kind = Kind::Answered;
  int status = 200;          ///< of an answer; a reply that has no status line is HTTP/0.9 and counts as 200
  bool request_sent = true;  ///< bytes of the request had left for the server (false: refused, connect timed out)
};

struct RetryDecision {
  Outcome outcome = Outcome::Ok;  ///< for BalancePolicy::on_finish
  bool retry = false;             ///< pick another peer; if there is none, the client gets kNoLiveUpstreams
  int upstream_status = 200;      ///< what nginx logs for this attempt
  int client_status = 200;        ///< what the client gets if it is not retried
};

/// Status for a client when no peer can be picked.
inline constexpr int kNoLiveUpstreams = 502;

/// The retries of one request.
class NginxRetries {
 public:
  /// `tries` is the policy's. `idempotent` is false for POST, LOCK and PATCH.
  NginxRetries(const NginxRetryRules& rules, int tries, bool idempotent, SimTime start);
  /// Judges an attempt that ended at `now`, before any byte of an answer has gone to the client.
  RetryDecision after(const AttemptEnd& end, SimTime now);

 private:
  [[nodiscard]] bool allowed(NextOn cause, const AttemptEnd& end, SimTime now) const;

  NginxRetryRules rules_;
  int tries_;
  bool idempotent_;
  SimTime start_;
};

}  // namespace tandem::balance
