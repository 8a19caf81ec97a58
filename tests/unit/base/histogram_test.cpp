#include "core/base/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.hpp"

namespace tandem {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(HistogramLayout, CoversEveryValueOnceWithoutGaps) {
  std::int64_t next = 0;
  for (std::size_t index = 0; index <= Histogram::index_of(kMax); ++index) {
    ASSERT_EQ(Histogram::lowest_of(index), next) << index;
    ASSERT_GE(Histogram::highest_of(index), Histogram::lowest_of(index));
    ASSERT_EQ(Histogram::index_of(Histogram::lowest_of(index)), index);
    ASSERT_EQ(Histogram::index_of(Histogram::highest_of(index)), index);
    if (Histogram::highest_of(index) == kMax) {
      EXPECT_EQ(index, Histogram::index_of(kMax));
      return;
    }
    next = Histogram::highest_of(index) + 1;
  }
  FAIL() << "the last bucket does not end at the largest value";
}

TEST(HistogramLayout, IsThatOfHdrHistogramWithThreeDigits) {
  // 2048 sub-buckets: unit steps below 2048, then 1024 steps for each doubling.
  EXPECT_EQ(Histogram::index_of(0), 0U);
  EXPECT_EQ(Histogram::index_of(2047), 2047U);
  EXPECT_EQ(Histogram::index_of(2048), 2048U);
  EXPECT_EQ(Histogram::index_of(2049), 2048U);
  EXPECT_EQ(Histogram::index_of(4095), 3071U);
  EXPECT_EQ(Histogram::index_of(4096), 3072U);
  // Known from HdrHistogram's documentation: with 3 digits, 8192 and 8199 are indistinguishable, 8200 is not.
  EXPECT_EQ(Histogram::highest_of(Histogram::index_of(8192)), 8199);
}

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0.0);
  EXPECT_EQ(histogram.quantile(0.99), 0);
}

TEST(Histogram, CountsNegativeValuesAsZero) {
  Histogram histogram;
  histogram.record(-5);
  histogram.record(10, 3);
  histogram.record(99, 0);
  EXPECT_EQ(histogram.count(), 4U);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 10);
  EXPECT_DOUBLE_EQ(histogram.mean(), 7.5);
}

TEST(Histogram, KeepsAnExactSumBeyondSixtyFourBits) {
  Histogram histogram;
  histogram.record(kMax, 4);
  EXPECT_EQ(histogram.mean(), static_cast<double>(kMax));
}

TEST(Histogram, TakesTheNearestRankOfDecimalQuantiles) {
  Histogram histogram;
  for (int value = 1; value <= 100; ++value) histogram.record(value);
  // 0.07 * 100 is 7.000000000000001 in doubles, and must still be the 7th value.
  for (int percent = 1; percent <= 100; ++percent) EXPECT_EQ(histogram.quantile(percent / 100.0), percent);
  EXPECT_EQ(histogram.quantile(0.0), 1);
  EXPECT_EQ(histogram.quantile(0.501), 51);
  EXPECT_DEATH((void)histogram.quantile(1.5), "outside");
}

class HistogramProperty : public testing::TestWithParam<std::uint64_t> {};

TEST_P(HistogramProperty, QuantilesAreWithinOneThousandthOfTheExactOnes) {
  RandomStream random(GetParam(), "histogram");
  const std::size_t size = 1 + random.below(3000);
  const double spread = 1.0 + random.uniform() * 40.0;  // from a few units to 2^41
  std::vector<std::int64_t> values;
  Histogram histogram, first_half, second_half;
  for (std::size_t i = 0; i < size; ++i) {
    const auto value = static_cast<std::int64_t>(std::exp2(random.uniform() * spread));
    values.push_back(value);
    histogram.record(value);
    (i % 2 == 0 ? first_half : second_half).record(value);
  }
  std::sort(values.begin(), values.end());
  for (int step = 0; step <= 1000; ++step) {
    // step/1000 of size values, rounded up, in whole numbers.
    const std::size_t rank = std::max<std::size_t>((static_cast<std::size_t>(step) * size + 999) / 1000, 1);
    const std::int64_t exact = values[rank - 1];
    const std::int64_t reported = histogram.quantile(step / 1000.0);
    ASSERT_EQ(Histogram::index_of(reported), Histogram::index_of(exact)) << step << " of " << size;
    ASSERT_GE(reported, exact);
    ASSERT_LE(static_cast<double>(reported - exact), 1e-3 * static_cast<double>(exact));
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());

  // Merging in either order gives the very same histogram.
  Histogram other_way = second_half;
  other_way.merge(first_half);
  first_half.merge(second_half);
  EXPECT_EQ(first_half, histogram);
  EXPECT_EQ(other_way, histogram);
}

INSTANTIATE_TEST_SUITE_P(Random, HistogramProperty, testing::Range<std::uint64_t>(0, 40));

}  // namespace
}  // namespace tandem
