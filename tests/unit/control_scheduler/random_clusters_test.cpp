// Two thousand random clusters against the oracle: no pod beyond what a node has, none against a filter, and none Pending that a
// node could take. A failure names its seed; `--gtest_filter` and TANDEM_SEED are not needed: RandomCluster({.seed = …}).run().

#include <gtest/gtest.h>

#include "tests/unit/control_scheduler/random_cluster.hpp"

namespace tandem::control {
namespace {

struct Sums {
  std::size_t bindings = 0;
  std::size_t failures = 0;
  std::size_t preemptions = 0;
  std::size_t pending = 0;
};

template <class KindOf>
Sums run_seeds(std::uint64_t first, std::uint64_t count, KindOf&& kind_of) {
  Sums sums;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    RandomCluster random(kind_of(seed));
    const std::string problem = random.run();
    EXPECT_EQ(problem, "") << "seed " << seed;
    sums.bindings += random.bindings();
    sums.failures += random.failures();
    sums.preemptions += random.preemptions();
    sums.pending += random.still_pending();
    if (::testing::Test::HasFailure()) break;
  }
  return sums;
}

/// That the clusters were no idle ones: pods found a place, others did not, some made room for themselves.
void expect_busy(const Sums& sums, std::size_t clusters) {
  EXPECT_GT(sums.bindings, 5 * clusters);
  EXPECT_GT(sums.pending, clusters / 2);
}

TEST(RandomClusters, Plain) {
  const Sums sums = run_seeds(0, 700, [](std::uint64_t seed) { return RandomClusterKind{.seed = seed, .checked = seed % 10 == 0}; });
  expect_busy(sums, 700);
  EXPECT_GT(sums.failures, 2000U);
  EXPECT_GT(sums.preemptions, 200U);
}

TEST(RandomClusters, WithSpreadConstraints) {
  const Sums sums = run_seeds(10'000, 450, [](std::uint64_t seed) {
    return RandomClusterKind{.seed = seed, .spreading = true, .checked = seed % 10 == 0};
  });
  expect_busy(sums, 450);
}

TEST(RandomClusters, WithAffinityBetweenPods) {
  const Sums sums = run_seeds(20'000, 450, [](std::uint64_t seed) {
    return RandomClusterKind{.seed = seed, .affinity = true, .checked = seed % 10 == 0};
  });
  expect_busy(sums, 450);
}

TEST(RandomClusters, WithEverythingAtOnce) {
  const Sums sums = run_seeds(30'000, 300, [](std::uint64_t seed) {
    return RandomClusterKind{.seed = seed, .spreading = true, .affinity = true, .checked = seed % 5 == 0};
  });
  expect_busy(sums, 300);
}

/// Cycles, bindings and news take time here: pods that are assumed must count, whatever the store says.
TEST(RandomClusters, WithOldNews) {
  const Sums sums = run_seeds(40'000, 300, [](std::uint64_t seed) {
    return RandomClusterKind{.seed = seed, .lagging = true, .checked = seed % 10 == 0};
  });
  EXPECT_GT(sums.bindings, 5 * 300U);
}

/// From 100 nodes on not all are looked at.
TEST(RandomClusters, LargeEnoughToBeSampled) {
  const Sums sums = run_seeds(50'000, 6, [](std::uint64_t seed) {
    return RandomClusterKind{.seed = seed, .checked = seed % 2 == 0, .nodes = 130 + seed % 2 * 80, .percentage = seed % 3 == 0 ? 60 : 0};
  });
  EXPECT_GT(sums.bindings, 5 * 6U);
}

}  // namespace
}  // namespace tandem::control
