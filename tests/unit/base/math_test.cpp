#include "core/base/math.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/base/random.hpp"

namespace tandem {
namespace {

struct LogVector {
  double x, log;
};
constexpr LogVector kVectors[] = {
#include "log_vectors.inc"
};

/// Doubles between two values of one sign.
std::int64_t ulps_between(double a, double b) {
  return std::abs(std::bit_cast<std::int64_t>(a) - std::bit_cast<std::int64_t>(b));
}

TEST(StableLog, IsWithinOneUlpOfTheExactValue) {
  for (const LogVector& vector : kVectors) { EXPECT_LE(ulps_between(stable_log(vector.x), vector.log), 1) << vector.x; }
}

TEST(StableLog, IsWithinOneUlpOfTheLongLogarithmAtAMillionDraws) {
  if (std::numeric_limits<long double>::digits <= 53) GTEST_SKIP() << "long double is no wider than double here";
  const CounterStream stream(1, "math_test");
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    const double x = 1.0 - stream.uniform(i);
    const long double exact = std::log(static_cast<long double>(x));
    const double nearest = static_cast<double>(exact);
    const double ulp = std::nextafter(std::fabs(nearest), std::numeric_limits<double>::infinity()) - std::fabs(nearest);
    ASSERT_LE(std::fabs(static_cast<long double>(stable_log(x)) - exact), static_cast<long double>(ulp)) << x;
  }
}

TEST(StableLog, GivesTheSameBitsEverywhere) {
  // The sum of the bit patterns over many draws: any difference of compiler, flags or library shows.
  const CounterStream stream(2, "math_test");
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) sum += std::bit_cast<std::uint64_t>(stable_log(1.0 - stream.uniform(i)));
  EXPECT_EQ(sum, 16476025420460828286ULL);
}

TEST(StableLog, RefusesWhatHasNoFiniteLogarithm) {
  EXPECT_EQ(stable_log(1.0), 0.0);
  EXPECT_DEATH(stable_log(0.0), "positive finite");
  EXPECT_DEATH(stable_log(-1.0), "positive finite");
  EXPECT_DEATH(stable_log(std::numeric_limits<double>::infinity()), "positive finite");
  EXPECT_DEATH(stable_log(std::numeric_limits<double>::quiet_NaN()), "positive finite");
}

}  // namespace
}  // namespace tandem
