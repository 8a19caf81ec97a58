// What the workload does to itself: ending, and taking memory that is really there.

#include "docker/workload/behaviour.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "docker/workload/cpu_work.hpp"

namespace tandem::workload {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0;
  statm >> pages >> pages;
  return pages * 4096;
}

TEST(MemoryHoard, HoldsWhatItsAgeAsksForAndTheMemoryIsReallyThere) {
  const std::int64_t before = resident_bytes();
  MemoryHoard hoard({20 * kMiB, 10 * kMiB, 40 * kMiB}, 4 * kMiB);
  EXPECT_EQ(hoard.touched(), 0);
  hoard.grow({});
  EXPECT_EQ(hoard.touched(), 16 * kMiB) << "4 MiB of the 20 are others'";
  hoard.grow(seconds(1));
  EXPECT_EQ(hoard.touched(), 26 * kMiB);
  hoard.grow(milliseconds(500));
  EXPECT_EQ(hoard.touched(), 26 * kMiB) << "nothing is given back";
  EXPECT_FALSE(hoard.full());
  hoard.grow(seconds(60));
  EXPECT_EQ(hoard.touched(), 36 * kMiB);
  EXPECT_TRUE(hoard.full());
  EXPECT_GE(resident_bytes() - before, 30 * kMiB);
}

TEST(MemoryHoard, TakesNothingWhereOthersHoldItAll) {
  MemoryHoard hoard({kMiB, 0, kMiB}, 4 * kMiB);
  hoard.grow(seconds(1));
  EXPECT_TRUE(hoard.full());
  EXPECT_EQ(hoard.touched(), 0);
}

TEST(MemoryInUse, IsKnownEverywhere) { EXPECT_GT(memory_in_use(), 0); }

void end_by_itself() {
  container::WorkloadConfig config;
  config.exit = container::WorkloadExit{milliseconds(50), 3};
  start_behaviour(config, monotonic_time());
  std::this_thread::sleep_for(std::chrono::seconds(10));
}

TEST(Behaviour, AProcessEndsWithItsCodeWhenItsTimeHasCome) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(end_by_itself(), ::testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace tandem::workload
