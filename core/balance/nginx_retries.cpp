#include "core/balance/nginx_retries.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace tandem::balance {
namespace {

struct Word {
  std::string_view name;
  NextOn bit;
};
constexpr Word kWords[] = {
    {"error", NextOn::Error},
    {"timeout", NextOn::Timeout},
    {"invalid_header", NextOn::InvalidHeader},
    {"http_500", NextOn::Http500},
    {"http_502", NextOn::Http502},
    {"http_503", NextOn::Http503},
    {"http_504", NextOn::Http504},
    {"http_403", NextOn::Http403},
    {"http_404", NextOn::Http404},
    {"http_429", NextOn::Http429},
    {"non_idempotent", NextOn::NonIdempotent},
    {"off", NextOn::Nothing},
};

NextOn cause_of_status(int status) {
  switch (status) {
    case 500:
      return NextOn::Http500;
    case 502:
      return NextOn::Http502;
    case 503:
      return NextOn::Http503;
    case 504:
      return NextOn::Http504;
    case 403:
      return NextOn::Http403;
    case 404:
      return NextOn::Http404;
    case 429:
      return NextOn::Http429;
    default:
      return NextOn::Nothing;
  }
}

struct Failure {
  NextOn cause;
  Outcome outcome;
  int status;
};

Failure failure_of(AttemptEnd::Kind kind) {
  switch (kind) {
    case AttemptEnd::Kind::ConnectFailed:
      return {NextOn::Error, Outcome::ConnectFailed, 502};
    case AttemptEnd::Kind::TimedOut:
      return {NextOn::Timeout, Outcome::TimedOut, 504};
    case AttemptEnd::Kind::InvalidHeader:
      return {NextOn::InvalidHeader, Outcome::InvalidHeader, 502};
    case AttemptEnd::Kind::Reset:
    case AttemptEnd::Kind::Answered:
      break;
  }
  return {NextOn::Error, Outcome::Reset, 502};
}

}  // namespace

Result<NextOn> parse_next_upstream(std::string_view words) {
  NextOn set = NextOn::Nothing;
  for (const std::string& word : split(words, ' ')) {
    if (word.empty()) continue;
    const auto known = std::find_if(std::begin(kWords), std::end(kWords), [&](const Word& w) { return w.name == word; });
    if (known == std::end(kWords)) {
      return fail(make_error(ErrorCode::ValueNotAllowed, "an unknown condition of proxy_next_upstream").with_found(word));
    }
    set = set | known->bit;
  }
  return set;
}

NginxRetries::NginxRetries(const NginxRetryRules& rules, int tries, bool idempotent, SimTime start)
    : rules_(rules), tries_(rules.tries > 0 ? std::min(rules.tries, tries) : tries), idempotent_(idempotent), start_(start) {}

bool NginxRetries::allowed(NextOn cause, const AttemptEnd& end, SimTime now) const {
  if (end.request_sent && !idempotent_) cause = cause | NextOn::NonIdempotent;
  if (!contains_all(rules_.conditions, cause)) return false;
  return rules_.timeout.ns == 0 || now - start_ < rules_.timeout;
}

RetryDecision NginxRetries::after(const AttemptEnd& end, SimTime now) {
  const int left = tries_ > 0 ? --tries_ : 0;
  RetryDecision decision;
  if (end.kind == AttemptEnd::Kind::Answered) {
    decision.upstream_status = decision.client_status = end.status;
    const NextOn cause = cause_of_status(end.status);
    // The last attempt's answer goes to the client as it is, and is no failure.
    decision.retry = cause != NextOn::Nothing && left > 0 && allowed(cause, end, now);
    const bool forgiven = end.status == 403 || end.status == 404;  // these move on without blame
    if (decision.retry && !forgiven) decision.outcome = Outcome::AppError;
    return decision;
  }
  const Failure failure = failure_of(end.kind);
  decision.outcome = failure.outcome;
  decision.upstream_status = decision.client_status = failure.status;
  decision.retry = left > 0 && allowed(failure.cause, end, now);
  return decision;
}

}  // namespace tandem::balance
