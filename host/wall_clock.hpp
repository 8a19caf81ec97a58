#pragma once
// The machine's clocks and the identity of processes on it. Nothing here may reach a simulation (hardening D1).

#include <cstdint>
#include <string>

#include "core/base/result.hpp"

namespace tandem::host {

/// CLOCK_MONOTONIC in nanoseconds. Containers of this machine read the same clock.
std::int64_t monotonic_ns();
/// Seconds since 1970 (CLOCK_REALTIME), for deadlines in labels and file names of runs.
std::int64_t unix_seconds();
/// "2026-11-21T17:45:03Z".
std::string utc_text(std::int64_t unix_seconds);

/// A process beyond doubt: pids are reused, pid + start time + boot are not.
struct ProcessIdentity {
  std::int64_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< field 22 of /proc/PID/stat: clock ticks after boot
  std::string boot_id;            ///< /proc/sys/kernel/random/boot_id
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};
ProcessIdentity current_process();
/// True while exactly that process exists.
bool is_alive(const ProcessIdentity& process);

/// CPU model name, number of CPUs we may use, total memory in bytes; "" and 0 where unknown.
std::string cpu_model();
int usable_cpus();
std::int64_t memory_bytes();
/// CPU time that this process has used so far, and its resident memory now (0 where unknown).
double process_cpu_seconds();
std::int64_t process_resident_bytes();

/// CPU time used by everybody on this machine and the time there was, in ticks since boot (/proc/stat).
struct CpuTicks {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;
};
CpuTicks cpu_ticks();

}  // namespace tandem::host
