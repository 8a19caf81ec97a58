#pragma once
// What asynchronous input and output needs of an event loop. Implemented by real/engine's EventLoop.

#include <cstdint>
#include <functional>

namespace tandem::host {

/// One thread; callbacks run on the thread that drives the loop.
class Reactor {
 public:
  static constexpr unsigned kReadable = 1;
  static constexpr unsigned kWritable = 2;
  using FileCallback = std::function<void(unsigned ready)>;

  virtual ~Reactor() = default;
  /// Calls back whenever `file` is readable or writable (as asked; errors count as both). A second call replaces the first.
  virtual void watch(int file, unsigned interest, FileCallback callback) = 0;
  virtual void unwatch(int file) = 0;
  /// Runs `callback` once, `delay_ns` from now. Returns a number for cancel_delay; never 0.
  virtual std::uint64_t delay(std::int64_t delay_ns, std::function<void()> callback) = 0;
  virtual void cancel_delay(std::uint64_t number) = 0;
};

}  // namespace tandem::host
