#pragma once

#include <atomic>

namespace tandem::cli {

/// Counts Ctrl-C (SIGINT) and SIGTERM from its creation on. The first asks the run to stop and write what it has; the
/// second ends the process at once; what it left is removed by the reaper of its run.
class InterruptCounter {
 public:
  InterruptCounter();
  ~InterruptCounter();
  InterruptCounter(const InterruptCounter&) = delete;
  InterruptCounter& operator=(const InterruptCounter&) = delete;
  [[nodiscard]] const std::atomic<int>& count() const;
  /// 130 after SIGINT, 143 after SIGTERM, 0 if neither came.
  [[nodiscard]] int exit_code() const;
};

}  // namespace tandem::cli
