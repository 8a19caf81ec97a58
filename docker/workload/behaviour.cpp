#include "docker/workload/behaviour.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <new>
#include <optional>
#include <string_view>
#include <thread>

#include "docker/workload/cpu_work.hpp"

namespace tandem::workload {

namespace {

/// How often growing memory is touched: smooth against a limit that is reached after seconds.
constexpr SimDuration kGrowEvery = milliseconds(20);
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::int64_t page_size() {
  static const std::int64_t size = sysconf(_SC_PAGESIZE);
  return size;
}

/// The number that a small file holds at `field` (blank-separated, from 0).
std::optional<std::int64_t> number_in(const char* path, int field = 0) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  char buffer[256];
  const ssize_t size = read(file, buffer, sizeof buffer);
  close(file);
  std::string_view text(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
  for (; field > 0; --field) text.remove_prefix(std::min(text.size(), text.find(' ') + 1));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

void sleep_until(SimDuration moment) {
  timespec until{};
  until.tv_sec = moment.ns / kNsPerSecond;
  until.tv_nsec = moment.ns % kNsPerSecond;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) != 0) {
  }
}

}  // namespace

std::int64_t memory_in_use() {
  for (const char* path : {"/sys/fs/cgroup/memory/memory.usage_in_bytes", "/sys/fs/cgroup/memory.current"}) {
    if (const auto bytes = number_in(path)) return *bytes;
  }
  return number_in("/proc/self/statm", 1).value_or(0) * page_size();
}

MemoryHoard::MemoryHoard(const container::WorkloadMemory& memory, std::int64_t others)
    : memory_(memory), others_(others), size_(std::max<std::int64_t>(0, memory.peak_bytes - others)) {
  if (size_ == 0) return;
  void* const mapped = mmap(nullptr, static_cast<std::size_t>(size_), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  pages_ = static_cast<char*>(mapped);
  // One page is one page: a huge page would take 2 MiB at the first touch.
  madvise(mapped, static_cast<std::size_t>(size_), MADV_NOHUGEPAGE);
}

MemoryHoard::~MemoryHoard() {
  if (pages_ != nullptr) munmap(pages_, static_cast<std::size_t>(size_));
}

void MemoryHoard::grow(SimDuration age) {
  const double grown = static_cast<double>(memory_.growth_bytes) * to_seconds(age);
  const double wanted = static_cast<double>(memory_.start_bytes) + grown - static_cast<double>(others_);
  const auto target = static_cast<std::int64_t>(std::clamp(wanted, 0.0, static_cast<double>(size_)));
  for (; touched_ < target; touched_ += page_size()) {
    // Other than zero, so that nothing can share or compress it away.
    *const_cast<volatile char*>(pages_ + touched_) = static_cast<char>(touched_ / page_size() % 127 + 1);
  }
}

void start_behaviour(const container::WorkloadConfig& config, SimDuration begin) {
  if (config.exit) {
    std::thread([begin, exit = *config.exit] {
      sleep_until(begin + exit.after);
      _exit(exit.code);
    }).detach();
  }
  if (!config.memory) return;
  std::thread([begin, memory = *config.memory] {
    MemoryHoard hoard(memory, memory_in_use());
    for (SimDuration next = monotonic_time();; next = next + kGrowEvery) {
      sleep_until(next);
      hoard.grow(monotonic_time() - begin);
      if (hoard.full() || memory.growth_bytes == 0) break;
    }
    for (;;) pause();  // and keep it
  }).detach();
}

}  // namespace tandem::workload
