// Design §5: CPU demand is spent on the thread's CPU clock. Two workers pinned to one core therefore need twice the wall time,
// while the CPU time of each request stays what was asked for.

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "docker/workload/executor.hpp"

namespace tandem::workload {
namespace {

/// Wall time from first submission to last end of two equal jobs on an executor of two workers, and the CPU time of each.
struct Outcome {
  SimDuration wall;
  std::vector<SimDuration> cpu;
};

Outcome run_two_jobs(SimDuration demand) {
  Outcome outcome;
  std::mutex mutex;
  std::atomic<int> left{2};
  SimDuration begin;
  {
    Executor executor(2, false);
    begin = monotonic_time();
    for (int i = 0; i < 2; ++i) {
      executor.submit({monotonic_time(), demand, {}, [&](const JobTimes& times) {
                         const std::lock_guard lock(mutex);
                         outcome.cpu.push_back(times.cpu);
                         outcome.wall = monotonic_time() - begin;
                         --left;
                       }});
    }
    while (left > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return outcome;
}

TEST(CpuDemand, TwoWorkersPinnedToOneCoreTakeTwiceTheWallTimeForTheSameCpuTime) {
  constexpr SimDuration kDemand = milliseconds(300);
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &all)) {
      CPU_SET(cpu, &one);
      break;
    }
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0) << "threads made from now on inherit it";
  const Outcome pinned = run_two_jobs(kDemand);
  ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);

  for (const SimDuration cpu : pinned.cpu) {
    EXPECT_GE(cpu, kDemand);
    EXPECT_LT(cpu, kDemand + milliseconds(5)) << "the demand does not grow because the core is shared";
  }
  EXPECT_GE(pinned.wall, kDemand * 2) << "one core cannot do 600 ms of work in less";
}

}  // namespace
}  // namespace tandem::workload
