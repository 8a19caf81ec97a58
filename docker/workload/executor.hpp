#pragma once
// The workers of a replica. Fifo: `workers` requests at a time, each holding its worker to the end (waits included). Shared:
// all requests run at once and take turns of a quantum on `workers` threads, so together they get at most `workers` cores;
// a waiting request holds no worker.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <queue>
#include <thread>
#include <vector>

#include "core/base/time.hpp"
#include "docker/workload/cpu_work.hpp"
#include "docker/workload/throttling.hpp"

namespace tandem::workload {

/// What a job's requester learns. Wall times are CLOCK_MONOTONIC.
struct JobTimes {
  SimDuration queued;                     ///< arrived → first taken by a worker
  SimDuration service;                    ///< first taken → demand met
  SimDuration cpu;                        ///< CPU time of the workers on it
  std::optional<SimDuration> throttled;   ///< of the container inside `service`
};

struct Job {
  SimDuration arrived;                    ///< monotonic_time() when the replica accepted it
  SimDuration cpu;                        ///< CPU time to spend on this machine
  SimDuration wait;                       ///< time off the CPU, after it
  std::function<void(const JobTimes&)> done;  ///< on a worker's thread; a Fifo worker is busy until it returns
};

class Executor {
 public:
  /// Turn length of the Shared discipline: long against a context switch, short against demands of milliseconds.
  static constexpr SimDuration kQuantum = microseconds(500);

  Executor(int workers, bool shared);
  /// Waits for the jobs in progress; drops those that have not begun.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void submit(Job job);  ///< any thread

 private:
  struct Task {
    Job job;
    SimDuration remaining;
    SimDuration cpu_spent;
    std::optional<SimDuration> taken;
    std::optional<SimDuration> throttled_before;
  };
  struct Sleeper {
    SimDuration wake;
    std::uint64_t number = 0;
    Task task;
  };
  struct LaterFirst {
    bool operator()(const Sleeper& a, const Sleeper& b) const {
      return a.wake != b.wake ? a.wake > b.wake : a.number > b.number;
    }
  };

  void work_loop();
  void run_turn(Task& task) const;
  void finish(Task& task) const;
  /// Moves sleepers whose time has come to the ready queue. Holds mutex_.
  void wake_sleepers();

  const bool shared_;
  const CpuWork cpu_;
  const ThrottlingMeter throttling_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> ready_;
  std::priority_queue<Sleeper, std::vector<Sleeper>, LaterFirst> sleepers_;
  std::uint64_t sleeper_number_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tandem::workload
