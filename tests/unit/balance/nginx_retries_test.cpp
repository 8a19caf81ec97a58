// The rules of proxy_next_upstream one by one; the recorded behaviour is in tests/truth (nginx-next_upstream).

#include "core/balance/nginx_retries.hpp"

#include <gtest/gtest.h>

namespace tandem::balance {
namespace {

using namespace literals;
using Kind = AttemptEnd::Kind;

constexpr AttemptEnd kRefused{Kind::ConnectFailed, 0, false};
constexpr AttemptEnd kReset{Kind::Reset, 0, true};

RetryDecision first_decision(const NginxRetryRules& rules, int tries, bool idempotent, const AttemptEnd& end,
                             SimDuration after = 0_s) {
  return NginxRetries(rules, tries, idempotent, kTimeZero).after(end, kTimeZero + after);
}

TEST(NginxRetries, ByDefaultRetryErrorsAndTimeoutsOnly) {
  const NginxRetryRules rules;
  EXPECT_TRUE(first_decision(rules, 2, true, kRefused).retry);
  EXPECT_TRUE(first_decision(rules, 2, true, kReset).retry);
  EXPECT_TRUE(first_decision(rules, 2, true, {Kind::TimedOut, 0, true}).retry);
  EXPECT_FALSE(first_decision(rules, 2, true, {Kind::InvalidHeader, 0, true}).retry);
  EXPECT_FALSE(first_decision(rules, 2, true, {Kind::Answered, 503, true}).retry);
}

TEST(NginxRetries, GiveTheClientTheRightStatus) {
  const NginxRetryRules rules;
  EXPECT_EQ(first_decision(rules, 1, true, kRefused).client_status, 502);
  EXPECT_EQ(first_decision(rules, 1, true, {Kind::TimedOut, 0, true}).client_status, 504);
  EXPECT_EQ(first_decision(rules, 1, true, {Kind::InvalidHeader, 0, true}).client_status, 502);
  EXPECT_EQ(first_decision(rules, 1, true, {Kind::Answered, 404, true}).client_status, 404);
}

TEST(NginxRetries, CountInvalidHeadersAsFailuresEvenWhenNotRetried) {
  EXPECT_EQ(first_decision({}, 2, true, {Kind::InvalidHeader, 0, true}).outcome, Outcome::InvalidHeader);
}

TEST(NginxRetries, PassTheLastAnswerThroughWithoutBlame) {
  const NginxRetryRules rules{NextOn::Http503, 0, 0_s};
  NginxRetries retries(rules, 2, true, kTimeZero);
  const RetryDecision first = retries.after({Kind::Answered, 503, true}, kTimeZero);
  EXPECT_TRUE(first.retry);
  EXPECT_EQ(first.outcome, Outcome::AppError);
  const RetryDecision last = retries.after({Kind::Answered, 503, true}, kTimeZero);
  EXPECT_FALSE(last.retry);
  EXPECT_EQ(last.outcome, Outcome::Ok);
  EXPECT_EQ(last.client_status, 503);
}

TEST(NginxRetries, MoveOnFrom404WithoutBlame) {
  const RetryDecision decision = first_decision({NextOn::Http404, 0, 0_s}, 2, true, {Kind::Answered, 404, true});
  EXPECT_TRUE(decision.retry);
  EXPECT_EQ(decision.outcome, Outcome::Ok);
}

TEST(NginxRetries, DoNotRepeatAPostThatWasSent) {
  NginxRetryRules rules;
  EXPECT_TRUE(first_decision(rules, 2, false, kRefused).retry);  // nothing had left
  EXPECT_FALSE(first_decision(rules, 2, false, kReset).retry);
  rules.conditions = rules.conditions | NextOn::NonIdempotent;
  EXPECT_TRUE(first_decision(rules, 2, false, kReset).retry);
}

TEST(NginxRetries, StopAtTheConfiguredTriesAndTimeout) {
  NginxRetryRules rules;
  rules.tries = 2;
  NginxRetries retries(rules, 5, true, kTimeZero);
  EXPECT_TRUE(retries.after(kRefused, kTimeZero).retry);
  EXPECT_FALSE(retries.after(kRefused, kTimeZero).retry);
  rules.tries = 0;
  rules.timeout = 90_ms;
  EXPECT_TRUE(first_decision(rules, 5, true, kReset, 89_ms).retry);
  EXPECT_FALSE(first_decision(rules, 5, true, kReset, 90_ms).retry);
}

TEST(NextUpstreamWords, AreReadAsInTheConfiguration) {
  EXPECT_EQ(parse_next_upstream("error timeout http_503").value(), NextOn::Error | NextOn::Timeout | NextOn::Http503);
  EXPECT_EQ(parse_next_upstream("off").value(), NextOn::Nothing);
  EXPECT_FALSE(parse_next_upstream("errors").has_value());
}

}  // namespace
}  // namespace tandem::balance
