#pragma once
// The wall-clock side of the Clock seam: one thread, epoll, CLOCK_MONOTONIC.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "core/base/clock.hpp"
#include "host/reactor.hpp"

namespace tandem::real {

/// Clock and Reactor on real time. Callbacks run inside run_until() and run_while(), one after another.
class EventLoop final : public Clock, public host::Reactor {
 public:
  EventLoop();
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Clock. Times are relative to time zero.
  [[nodiscard]] SimTime now() const override;
  TimerHandle at(SimTime time, EventClass event_class, std::uint32_t entity, std::function<void()> callback) override;
  bool cancel(TimerHandle timer) override;

  // Reactor.
  void watch(int file, unsigned interest, FileCallback callback) override;
  void unwatch(int file) override;
  std::uint64_t delay(std::int64_t delay_ns, std::function<void()> callback) override;
  void cancel_delay(std::uint64_t number) override;

  /// Makes CLOCK_MONOTONIC `monotonic_ns` time zero; until then it is the moment of construction. Delays keep their moment.
  /// Requires that no Clock timer is armed.
  void set_zero(std::int64_t monotonic_ns);
  [[nodiscard]] std::int64_t zero_monotonic_ns() const { return zero_ns_; }

  /// Any thread, and signal-safe enough for one: runs `callback` in the loop soon.
  void post(std::function<void()> callback);

  /// Runs callbacks until `until` has come or `stop` (asked after every batch, at least every 100 ms) says so.
  void run_until(SimTime until, const std::function<bool()>& stop = {});
  /// Runs callbacks while `condition` holds, at most `limit_ns`; false if the limit came first.
  bool run_while(const std::function<bool()>& condition, std::int64_t limit_ns);

  /// Callbacks run so far.
  [[nodiscard]] std::uint64_t callbacks() const { return callbacks_; }
  /// Largest delay between a timer's moment and its callback since the last reset: how busy this thread was.
  [[nodiscard]] SimDuration worst_lag() const { return {worst_lag_ns_}; }
  void reset_worst_lag() { worst_lag_ns_ = 0; }

 private:
  using Key = std::tuple<std::int64_t, EventClass, std::uint32_t, std::uint64_t>;  // monotonic ns, class, entity, sequence

  struct Timer {
    std::function<void()> callback;
    bool of_clock = false;  ///< armed through Clock, so it counts from time zero
  };

  std::uint64_t arm(std::int64_t monotonic_ns, EventClass event_class, std::uint32_t entity, Timer timer);
  bool disarm(std::uint64_t sequence);
  /// One round: waits for files or the next timer, not beyond `limit_ns` (monotonic), and runs what is due.
  void step(std::int64_t limit_ns);
  void run_due_timers();
  void run_posted();

  std::int64_t zero_ns_;
  int poller_ = -1;
  int wakeup_ = -1;
  std::uint64_t last_sequence_ = 0;
  std::size_t armed_clock_timers_ = 0;
  std::map<Key, Timer> timers_;
  std::unordered_map<std::uint64_t, Key> keys_;  ///< by sequence
  std::unordered_map<int, FileCallback> files_;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  std::uint64_t callbacks_ = 0;
  std::int64_t worst_lag_ns_ = 0;
};

}  // namespace tandem::real
