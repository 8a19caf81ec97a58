#include "docker/workload/cpu_work.hpp"

#include <algorithm>
#include <ctime>

namespace tandem::workload {

namespace {

SimDuration read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return {std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

/// A chain of dependent operations: no compiler and no core can shorten it.
void work(std::uint64_t iterations) {
  std::uint64_t value = iterations;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    value = value * 6364136223846793005ULL + 1442695040888963407ULL;
    asm volatile("" : "+r"(value));
  }
}

}  // namespace

SimDuration thread_cpu_time() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
SimDuration monotonic_time() { return read_clock(CLOCK_MONOTONIC); }

CpuWork::CpuWork(SimDuration calibration) {
  constexpr std::uint64_t kChunk = 50'000;
  std::uint64_t iterations = 0;
  const SimDuration start = thread_cpu_time();
  SimDuration spent;
  do {
    work(kChunk);
    iterations += kChunk;
    spent = thread_cpu_time() - start;
  } while (spent < calibration);
  iterations_per_ns_ = static_cast<double>(iterations) / static_cast<double>(spent.ns);
}

void CpuWork::spend(SimDuration demand) const {
  // The clock is a system call, so look at it rarely while far from the end and often near it.
  constexpr std::int64_t kChunkMaxNs = 50'000;
  const SimDuration end = thread_cpu_time() + demand;
  for (;;) {
    const std::int64_t remaining = (end - thread_cpu_time()).ns;
    if (remaining <= 0) return;
    const std::int64_t chunk = std::min(remaining, kChunkMaxNs);
    work(std::max<std::uint64_t>(64, static_cast<std::uint64_t>(static_cast<double>(chunk) * iterations_per_ns_)));
  }
}

}  // namespace tandem::workload
