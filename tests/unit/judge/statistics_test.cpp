#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.hpp"
#include "core/judge/statistics.hpp"

namespace tandem::judge {
namespace {

using Values = std::vector<std::int64_t>;

TEST(KolmogorovSmirnov, AgreesWithHandCounts) {
  EXPECT_DOUBLE_EQ(ks_distance({1, 2, 3}, {4, 5}), 1.0);
  EXPECT_DOUBLE_EQ(ks_distance({4, 5}, {1, 2, 3}), 1.0);
  EXPECT_DOUBLE_EQ(ks_distance({1, 2, 3, 4}, {3, 4, 5, 6}), 0.5);
  EXPECT_DOUBLE_EQ(ks_distance({1, 2, 3}, {3, 2, 1}), 0.0);
  // Ties: at 1 the functions are 3/4 and 1/4.
  EXPECT_DOUBLE_EQ(ks_distance({1, 1, 1, 2}, {1, 2, 2, 2}), 0.5);
  EXPECT_DOUBLE_EQ(ks_distance({}, {1}), 0.0);
}

TEST(KolmogorovSmirnov, CriticalDistanceIsTheTextbookConstant) {
  // 1.358 * sqrt((n + m) / (n m)) for alpha = 0.05.
  EXPECT_NEAR(ks_critical_distance(100, 100), 1.358 * std::sqrt(2.0 / 100), 1e-4);
}

TEST(KolmogorovSmirnov, RejectsEqualDistributionsAboutOneTimeInTwenty) {
  int rejected = 0;
  for (std::uint64_t round = 0; round < 400; ++round) {
    const CounterStream a(round, "a"), b(round, "b");
    Values left, right;
    for (std::uint64_t i = 0; i < 200; ++i) {
      left.push_back(static_cast<std::int64_t>(a.exponential(i, 1e9)));
      right.push_back(static_cast<std::int64_t>(b.exponential(i, 1e9)));
    }
    if (ks_distance(left, right) > ks_critical_distance(200, 200)) ++rejected;
  }
  EXPECT_GT(rejected, 6);
  EXPECT_LT(rejected, 36);
}

TEST(Quantile, IsTheNearestRank) {
  Values values;
  for (int i = 1; i <= 100; ++i) values.push_back(i);
  EXPECT_EQ(quantile_of_sorted(values, 0), 1);
  EXPECT_EQ(quantile_of_sorted(values, 0.07), 7);
  EXPECT_EQ(quantile_of_sorted(values, 0.5), 50);
  EXPECT_EQ(quantile_of_sorted(values, 0.951), 96);
  EXPECT_EQ(quantile_of_sorted(values, 1), 100);
}

TEST(BlockBootstrap, IntervalOfTheMeanHasTheWidthOfItsFormula) {
  // 50 blocks of 20: block means 1 … 50 (times 1000). The bootstrap's variance of the mean is var(block means) / 50.
  Values sample;
  for (int block = 1; block <= 50; ++block) sample.insert(sample.end(), 20, block * 1000);
  const BlockBootstrap bootstrap(sample, 1);
  const double variance = (50.0 * 50.0 - 1) / 12 * 1e6;
  const double half = 1.96 * std::sqrt(variance / 50);
  const Interval interval = bootstrap.interval(0);
  EXPECT_NEAR(interval.low, 25'500 - half, half * 0.1);
  EXPECT_NEAR(interval.high, 25'500 + half, half * 0.1);
}

TEST(BlockBootstrap, CoversTheTrueMeanAboutNineteenTimesInTwenty) {
  int covered = 0;
  constexpr int kRounds = 200;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    const CounterStream stream(round, "coverage");
    Values sample;
    // Exponential with mean 10, rounded down to whole numbers: the mean is 1 / (e^0.1 - 1).
    for (std::uint64_t i = 0; i < 1000; ++i) sample.push_back(static_cast<std::int64_t>(stream.exponential(i, 10)));
    const Interval interval = BlockBootstrap(sample, round).interval(0);
    const double mean = 1 / (std::exp(0.1) - 1);
    if (interval.low <= mean && mean <= interval.high) ++covered;
  }
  EXPECT_GE(covered, kRounds * 88 / 100);
  EXPECT_LE(covered, kRounds * 99 / 100);
}

TEST(BlockBootstrap, BlocksKeepWhatPlainResamplingWouldLose) {
  // Perfectly correlated runs of 20: as wide as 50 independent values, not as 1000.
  Values runs, shuffled;
  for (int i = 0; i < 1000; ++i) {
    runs.push_back((i / 20 % 2) * 1000);
    shuffled.push_back((i % 2) * 1000);
  }
  const auto width = [](const Values& values) {
    const Interval interval = BlockBootstrap(values, 3).interval(0);
    return interval.high - interval.low;
  };
  EXPECT_GT(width(runs), 200);
  EXPECT_EQ(width(shuffled), 0);
}

TEST(BlockBootstrap, IsTheSameForTheSameSeedAndDiffersForAnother) {
  Values sample;
  for (int i = 0; i < 500; ++i) sample.push_back(i * i % 97);
  EXPECT_EQ(BlockBootstrap(sample, 5).interval(1).low, BlockBootstrap(sample, 5).interval(1).low);
  EXPECT_NE(BlockBootstrap(sample, 5).resamples()[0].mean, BlockBootstrap(sample, 6).resamples()[0].mean);
  const Interval one = BlockBootstrap(Values{7}, 1).interval(3);
  EXPECT_EQ(one.low, 7);
  EXPECT_EQ(one.high, 7);
}

TEST(BlockBootstrap, DifferenceOfEqualSamplesContainsZero) {
  Values sample;
  for (int i = 0; i < 2000; ++i) sample.push_back(1'000'000 + i * 7919 % 1000 * 1000);
  const Interval interval = difference_interval(BlockBootstrap(sample, 1), BlockBootstrap(sample, 2), 0);
  EXPECT_LT(interval.low, 0);
  EXPECT_GT(interval.high, 0);
}

std::size_t slow_common_subsequence(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      table[i][j] = a[i - 1] == b[j - 1] ? table[i - 1][j - 1] + 1 : std::max(table[i - 1][j], table[i][j - 1]);
    }
  }
  return table[a.size()][b.size()];
}

TEST(CommonSubsequence, AgreesWithTheTextbookTable) {
  const auto letters = [](std::string_view text) { return std::vector<std::uint32_t>(text.begin(), text.end()); };
  EXPECT_EQ(common_subsequence_length(letters("AGGTAB"), letters("GXTXAYB")), 4u);
  EXPECT_EQ(common_subsequence_length(letters(""), letters("A")), 0u);
  RandomStream random(9, "sequences");
  for (int round = 0; round < 60; ++round) {
    std::vector<std::uint32_t> a, b;
    const std::uint64_t alphabet = 2 + random.below(6);
    const std::uint64_t size_a = random.below(200), size_b = random.below(200);
    for (std::uint64_t i = 0; i < size_a; ++i) a.push_back(static_cast<std::uint32_t>(random.below(alphabet)));
    for (std::uint64_t i = 0; i < size_b; ++i) b.push_back(static_cast<std::uint32_t>(random.below(alphabet)));
    ASSERT_EQ(common_subsequence_length(a, b), slow_common_subsequence(a, b)) << round;
  }
}

}  // namespace
}  // namespace tandem::judge
