#include "core/base/time.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/parse.hpp"
#include "core/base/random.hpp"

namespace tandem {
namespace {

using namespace literals;

TEST(Duration, PrintsInGoNotationWithoutZeroParts) {
  EXPECT_EQ(to_string(0_s), "0s");
  EXPECT_EQ(to_string(21'500_ms), "21.5s");
  EXPECT_EQ(to_string(850_ms), "850ms");
  EXPECT_EQ(to_string(90_s), "1m30s");
  EXPECT_EQ(to_string(3600_s), "1h");
  EXPECT_EQ(to_string(3661_s), "1h1m1s");
  EXPECT_EQ(to_string(1500_ns), "1.5us");
  EXPECT_EQ(to_string(7_ns), "7ns");
  EXPECT_EQ(to_string(1'000'000'001_ns), "1.000000001s");
  EXPECT_EQ(to_string(SimDuration{-1'500'000}), "-1.5ms");
  EXPECT_EQ(to_string(SimDuration{std::numeric_limits<std::int64_t>::min()}), "-2562047h47m16.854775808s");
}

TEST(Duration, WhatIsPrintedParsesBackToTheSameSpan) {
  for (std::int64_t ns = 1; ns < 300'000'000'000'000'000; ns = ns * 3 + 7) {
    const Result<SimDuration> parsed = parse_duration(to_string(SimDuration{ns}));
    ASSERT_TRUE(parsed.has_value()) << ns;
    EXPECT_EQ(parsed->ns, ns);
  }
}

TEST(Time, PrintsSecondsWithThreeDecimals) {
  EXPECT_EQ(to_string(SimTime{21'500'000'000}), "21.500s");
  EXPECT_EQ(to_string(kTimeZero), "0.000s");
  EXPECT_EQ(to_string(SimTime{59'999'600'000}), "60.000s");
  EXPECT_EQ(to_string(SimTime{-400'000}), "0.000s");
  EXPECT_EQ(to_string(SimTime{-1'500'000'000}), "-1.500s");
  EXPECT_EQ(to_string(kTimeNever), "never");
}

TEST(Seconds, BecomeTheNearestNanosecond) {
  EXPECT_EQ(from_seconds(0.1).ns, 100'000'000);
  EXPECT_EQ(from_seconds(1e-9).ns, 1);
  EXPECT_EQ(from_seconds(-0.25).ns, -250'000'000);
  EXPECT_EQ(from_seconds(0.0000000004).ns, 0);
  RandomStream random(1, "time_test");
  for (int i = 0; i < 100'000; ++i) {
    const double s = (random.uniform() - 0.5) * std::exp2(static_cast<double>(random.below(34)));
    ASSERT_EQ(from_seconds(s).ns, std::llround(s * 1e9)) << s;
  }
  EXPECT_DEATH(from_seconds(std::numeric_limits<double>::quiet_NaN()), "seconds out of range");
  EXPECT_DEATH(from_seconds(1e10), "seconds out of range");
}

}  // namespace
}  // namespace tandem
