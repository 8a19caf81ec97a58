#include "core/base/check.hpp"

#include <gtest/gtest.h>

namespace tandem {
namespace {

TEST(Check, PassesQuietlyAndEvaluatesItsMessageOnlyOnFailure) {
  int evaluated = 0;
  const auto message = [&] {
    ++evaluated;
    return std::string("never");
  };
  CHECK(1 + 1 == 2, message());
  EXPECT_EQ(evaluated, 0);
}

TEST(Check, AbortsWithPlaceConditionAndMessage) {
  EXPECT_DEATH(CHECK(1 + 1 == 3, "arithmetic"), "check_test.cpp:[0-9]+: CHECK failed: 1 \\+ 1 == 3\n  arithmetic");
}

TEST(Check, PrintsTimeAndSeedOfTheInnermostRun) {
  const CheckScope outer(7, [] { return SimTime{1'000'000'000}; });
  {
    const CheckScope inner(42, [] { return SimTime{21'500'000'000}; });
    EXPECT_DEATH(CHECK(false, "inner"), "seed 42, simulated time 21.500s");
  }
  EXPECT_DEATH(CHECK(false, "outer"), "seed 7, simulated time 1.000s");
}

TEST(Check, DoesNotLoopWhenReadingTheTimeFailsAsWell) {
  const CheckScope scope(1, []() -> SimTime {
    CHECK(false, "no clock");
    return {};
  });
  EXPECT_DEATH(CHECK(false, "first"), "no clock");
}

}  // namespace
}  // namespace tandem
