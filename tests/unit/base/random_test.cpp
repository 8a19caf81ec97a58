#include "core/base/random.hpp"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <vector>

namespace tandem {
namespace {

TEST(StableHash, HasItsDocumentedVectors) {
  // Computed by an independent program from the description in random.hpp.
  EXPECT_EQ(stable_hash(""), 0xf52a15e9a9b5e89bULL);
  EXPECT_EQ(stable_hash("a"), 0x02c0bdbf481420f8ULL);
  EXPECT_EQ(stable_hash("foobar"), 0x404da9e3b74078c2ULL);
  EXPECT_EQ(stable_hash("foobar", 1), 0x1832d3c221be8070ULL);
  EXPECT_EQ(stable_hash("arrivals/users", 42), 0xe0328e625e492840ULL);
  EXPECT_EQ(stable_hash("", 42), 0x7ae42aa3f53325faULL);
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  EXPECT_EQ(stable_hash(all_bytes, 7), 0xcadae5edf2b3c60aULL);
}

TEST(StableHash, DoesNotLetSeedAndFirstByteTradePlaces) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    for (char first = 'A'; first < 'A' + 26; ++first) seen.insert(stable_hash(std::string(1, first) + "rrivals", seed));
  }
  EXPECT_EQ(seen.size(), 64U * 26U);
}

struct PhiloxAnswer {
  std::array<std::uint32_t, 4> counter;
  std::array<std::uint32_t, 2> key;
  std::array<std::uint32_t, 4> answer;
};

// The known answers published with Random123 (kat_vectors, philox4x32, 10 rounds).
constexpr PhiloxAnswer kKnownAnswers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

philox4x32_ctr_t philox(const std::array<std::uint32_t, 4>& c, const std::array<std::uint32_t, 2>& k) {
  return philox4x32_R(10, philox4x32_ctr_t{{c[0], c[1], c[2], c[3]}}, philox4x32_key_t{{k[0], k[1]}});
}

TEST(Philox, GivesItsPublishedAnswers) {
  for (const PhiloxAnswer& known : kKnownAnswers) {
    const philox4x32_ctr_t drawn = philox(known.counter, known.key);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(drawn.v[i], known.answer[i]);
  }
}

TEST(CounterStream, IsPhiloxKeyedByNameAndCountedByIndexAndEntity) {
  const std::uint64_t index = 0x1122334455667788ULL, entity = 0x99aabbccddeeff00ULL;
  const std::uint64_t key = stable_hash("purpose", 42);
  const philox4x32_ctr_t drawn = philox({0x55667788, 0x11223344, 0xddeeff00, 0x99aabbcc},
                                        {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
  const CounterStream stream(42, "purpose", entity);
  EXPECT_EQ(stream.bits(index, 0), static_cast<std::uint64_t>(drawn.v[1]) << 32 | drawn.v[0]);
  EXPECT_EQ(stream.bits(index, 1), static_cast<std::uint64_t>(drawn.v[3]) << 32 | drawn.v[2]);
  EXPECT_DEATH((void)stream.bits(0, 2), "two lanes");
}

TEST(CounterStream, DrawsDoNotDependOnOtherDrawsOrEntities) {
  const CounterStream stream(42, "demand", 3);
  const double tenth = stream.uniform(10);
  for (std::uint64_t i = 0; i < 10; ++i) (void)stream.uniform(i);
  EXPECT_EQ(stream.uniform(10), tenth);
  EXPECT_NE(CounterStream(42, "demand", 4).uniform(10), tenth);
  EXPECT_NE(CounterStream(43, "demand", 3).uniform(10), tenth);
  EXPECT_NE(CounterStream(42, "arrivals", 3).uniform(10), tenth);
}

TEST(CounterStream, UniformDrawsPassAChiSquareTest) {
  const CounterStream stream(5, "chi-square");
  constexpr int kCells = 100, kDraws = 100'000;
  std::array<int, kCells> counts{};
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double u = stream.uniform(i, i % 2);
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    ++counts[static_cast<std::size_t>(u * kCells)];
  }
  double chi_square = 0;
  const double expected = double{kDraws} / kCells;
  for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
  EXPECT_GT(chi_square, 57.0);   // 99 degrees of freedom: 0.02 % of good generators fall below,
  EXPECT_LT(chi_square, 155.0);  // 0.03 % above
}

TEST(CounterStream, ExponentialDrawsHaveTheirMeanAndVariance) {
  const CounterStream stream(6, "exponential");
  constexpr int kDraws = 200'000;
  double sum = 0, squares = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double x = stream.exponential(i, 3.0);
    ASSERT_GE(x, 0.0);
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kDraws;
  // Standard errors: mean 3/sqrt(n), second moment sqrt(20) * 9 / sqrt(n); bounds are four of them.
  EXPECT_NEAR(mean, 3.0, 4 * 3.0 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 18.0, 4 * std::sqrt(20.0) * 9.0 / std::sqrt(kDraws));
}

TEST(RandomStream, TakesTheCounterStreamsDrawsInOrder) {
  RandomStream sequence(9, "sequence", 1);
  const CounterStream stream(9, "sequence", 1);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(sequence.bits(), stream.bits(i));
}

TEST(RandomStream, BelowIsUniformAndNeverReachesItsBound) {
  RandomStream stream(11, "below");
  std::array<int, 6> counts{};
  for (int i = 0; i < 60'000; ++i) {
    const std::uint64_t drawn = stream.below(6);
    ASSERT_LT(drawn, 6U);
    ++counts[drawn];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 4 * std::sqrt(10'000 * 5.0 / 6.0));
  EXPECT_EQ(stream.below(1), 0U);
  EXPECT_LT(stream.below(~0ULL), ~0ULL);
  EXPECT_DEATH(stream.below(0), "no values");
}

TEST(RandomStream, BelowRejectsTheUnevenRest) {
  // With a bound of 3 * 2^62 a quarter of all draws must be refused; taking them modulo the bound would fill the lowest
  // third twice as often.
  RandomStream stream(12, "rejection");
  int low = 0;
  constexpr int kDraws = 30'000;
  for (int i = 0; i < kDraws; ++i) low += stream.below(3ULL << 62) < (1ULL << 62) ? 1 : 0;
  EXPECT_NEAR(low, kDraws / 3, 4 * std::sqrt(kDraws * 2.0 / 9.0));
}

}  // namespace
}  // namespace tandem
