#pragma once
// Watches the machine beside a real run: how much of it other programs take. A thread of its own, so that looking does not
// delay what is measured.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/time.hpp"
#include "host/process_load.hpp"

namespace tandem::host {

/// What happened between two looks. Shares are between 0 and 1.
struct LoadInterval {
  std::int64_t end_ns = 0;                        ///< CLOCK_MONOTONIC
  SimDuration length;
  double foreign_cpu_share = 0;                   ///< of all CPUs, by processes that are not the run's and by the hypervisor
  double memory_available_share = 1;              ///< at the end of the interval
  double io_stalled_share = 0;                    ///< of the time, some task waited for a disk
  double memory_stalled_share = 0;                ///< of the time, some task waited for memory; 0 where the kernel does not say
  std::map<std::string, SimDuration> foreign_cpu; ///< by program
};

/// Seconds of CPU time the hypervisor gave to others, seconds that CPUs idled waiting for disks (all CPUs together).
struct StolenTime {
  double stolen = 0;
  double io_wait = 0;
};
StolenTime read_stolen(const std::string& proc = "/proc");
/// MemAvailable / MemTotal; 1 if unknown.
double read_memory_available(const std::string& proc = "/proc");
/// Seconds since boot during which some task was stalled on `resource` ("io", "memory"); negative where the kernel keeps no
/// pressure stall information.
double read_pressure(const std::string& resource, const std::string& proc = "/proc");

class LoadWatch {
 public:
  LoadWatch(ProcessClassifier classify, SimDuration period);
  ~LoadWatch();
  LoadWatch(const LoadWatch&) = delete;
  LoadWatch& operator=(const LoadWatch&) = delete;

  /// The intervals that have ended since the last call.
  std::vector<LoadInterval> take();

 private:
  void watch();

  ProcessClassifier classify_;
  SimDuration period_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::vector<LoadInterval> intervals_;
  std::thread thread_;
};

}  // namespace tandem::host
