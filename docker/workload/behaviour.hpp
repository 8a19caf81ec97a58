#pragma once
// What the process does to itself, whatever it is asked: it ends after a while, and it takes memory (images.exit and images.memory
// of the scenario).

#include <memory>

#include "docker/protocol/workload_config.hpp"

namespace tandem::workload {

/// Bytes that count against this container's memory limit now: its cgroup's usage (v1 or v2) or, where that cannot be read, the
/// resident set of this process.
std::int64_t memory_in_use();

/// Memory that is really there: mapped once, touched page by page as it grows.
class MemoryHoard {
 public:
  /// `others` is what is in use without it: it takes only what is missing to the amounts of `memory`. Throws std::bad_alloc if the
  /// addresses cannot be had.
  MemoryHoard(const container::WorkloadMemory& memory, std::int64_t others);
  ~MemoryHoard();
  MemoryHoard(const MemoryHoard&) = delete;
  MemoryHoard& operator=(const MemoryHoard&) = delete;

  /// Takes what belongs to this age of the process; never gives anything back.
  void grow(SimDuration age);
  [[nodiscard]] std::int64_t touched() const { return touched_; }
  /// Nothing more to come.
  [[nodiscard]] bool full() const { return touched_ >= size_; }

 private:
  container::WorkloadMemory memory_;
  std::int64_t others_;
  std::int64_t size_;
  std::int64_t touched_ = 0;
  char* pages_ = nullptr;
};

/// Begins both, on threads of their own that live as long as the process. `begin` is the moment of the process's start
/// (monotonic_time()). Signals must be blocked in the calling thread.
void start_behaviour(const container::WorkloadConfig& config, SimDuration begin);

}  // namespace tandem::workload
