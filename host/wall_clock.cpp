#include "host/wall_clock.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <vector>

#include "core/base/text.hpp"
#include "host/files.hpp"

namespace tandem::host {

namespace {

constexpr std::size_t kProcFileMax = 1 << 20;

std::string proc_file(const std::string& path) { return read_file(path, kProcFileMax).value_or(""); }

template <class Integer>
Integer to_integer(std::string_view text) {
  Integer value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string boot_id() { return std::string(trim(proc_file("/proc/sys/kernel/random/boot_id"))); }

/// 0 if there is no such process.
std::uint64_t start_ticks_of(std::int64_t pid) {
  const std::string stat = proc_file(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = stat.rfind(')');  // the name in parentheses may hold anything
  if (name_end == std::string::npos) return 0;
  const std::vector<std::string> fields = split(trim(std::string_view(stat).substr(name_end + 1)), ' ');
  constexpr std::size_t kStartTime = 22 - 3;     // fields are numbered from 1, the name is field 2
  return fields.size() > kStartTime ? to_integer<std::uint64_t>(fields[kStartTime]) : 0;
}

}  // namespace

std::int64_t monotonic_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t unix_seconds() { return std::int64_t{std::time(nullptr)}; }

std::string utc_text(std::int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                     parts.tm_min, parts.tm_sec);
}

ProcessIdentity current_process() {
  const std::int64_t pid = getpid();
  return {pid, start_ticks_of(pid), boot_id()};
}

bool is_alive(const ProcessIdentity& process) {
  return process.boot_id == boot_id() && process.start_ticks != 0 && start_ticks_of(process.pid) == process.start_ticks;
}

std::string cpu_model() {
  for (const std::string& line : split(proc_file("/proc/cpuinfo"), '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && trim(std::string_view(line).substr(0, colon)) == "model name") {
      return std::string(trim(std::string_view(line).substr(colon + 1)));
    }
  }
  return {};
}

int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

std::int64_t memory_bytes() { return std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE); }

double process_cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

std::int64_t process_resident_bytes() {
  const std::vector<std::string> pages = split(proc_file("/proc/self/statm"), ' ');
  return pages.size() < 2 ? 0 : to_integer<std::int64_t>(pages[1]) * sysconf(_SC_PAGESIZE);
}

CpuTicks cpu_ticks() {
  const std::string stat = proc_file("/proc/stat");
  const std::string_view first = std::string_view(stat).substr(0, stat.find('\n'));
  CpuTicks ticks;
  std::size_t column = 0;
  for (const std::string& field : split(first, ' ')) {
    if (field.empty() || field == "cpu") continue;
    const auto value = to_integer<std::uint64_t>(field);
    if (column >= 8) break;  // guest time is contained in user time
    ticks.total += value;
    if (column != 3 && column != 4) ticks.busy += value;  // idle, iowait
    ++column;
  }
  return ticks;
}

}  // namespace tandem::host
