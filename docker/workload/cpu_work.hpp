#pragma once
// CPU demand that is really spent (design §5): integer work on the calling thread until the thread's own CPU clock says enough.
// Never sleeps, never looks at wall time, so two workers on one core take twice as long for the same demand.

#include <cstdint>

#include "core/base/time.hpp"

namespace tandem::workload {

/// Iterations of the work loop per CPU second of the reference machine: the definition of cpu_speed = 1. One iteration is a
/// dependent 64-bit multiply and add, four cycles of latency on x86-64 cores of the last fifteen years; 2.2 GHz / 4.
inline constexpr double kReferenceIterationsPerSecond = 550e6;

/// CPU time of the calling thread (CLOCK_THREAD_CPUTIME_ID).
SimDuration thread_cpu_time();
/// Wall time since an unspecified point (CLOCK_MONOTONIC).
SimDuration monotonic_time();

class CpuWork {
 public:
  /// Measures this machine's iterations per CPU second for about `calibration` of CPU time.
  explicit CpuWork(SimDuration calibration = milliseconds(3));

  /// Works until the calling thread has spent `demand` of CPU time since the call; overshoots by a microsecond or two.
  void spend(SimDuration demand) const;
  [[nodiscard]] double iterations_per_second() const { return iterations_per_ns_ * 1e9; }

 private:
  double iterations_per_ns_ = 0.75;
};

}  // namespace tandem::workload
