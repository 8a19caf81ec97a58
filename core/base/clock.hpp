#pragma once
// The Clock seam (design §3): whoever needs time or a timer gets one of these. Implemented by the
// simulation engine, the wall-clock event loop, and FakeClock in tests.

#include <cstdint>
#include <functional>

#include "core/base/time.hpp"

namespace tandem {

/// Orders simultaneous events (hardening D4): smaller class first, then smaller entity, then order of arming.
/// The classes say what must be visible before what inside one instant.
enum class EventClass : std::uint8_t {
  Hardware = 0,   ///< completions of work on simulated machines
  Network = 1,    ///< messages arriving
  Runtime = 2,    ///< node runtime answers (container started, exited, probe result)
  Api = 3,        ///< API server commits and watch deliveries
  Control = 4,    ///< controller and scheduler work items
  Traffic = 5,    ///< request arrivals
  Timeline = 6,   ///< scenario actions
  Observer = 7,   ///< sampling; must not change anything
};

/// Names an armed timer. Zero is "none". A handle is never reused within a run.
struct TimerHandle {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(TimerHandle, TimerHandle) = default;
  explicit constexpr operator bool() const { return value != 0; }
};

/// Time and timers. One thread: callbacks run on the thread that drives the clock, one after another.
class Clock {
 public:
  virtual ~Clock() = default;

  /// The current moment. Does not advance while a callback runs in virtual time; does in wall time.
  [[nodiscard]] virtual SimTime now() const = 0;

  /// Runs `callback` once at `time` (at once after the current callback if `time` is not in the future).
  /// `entity` is a stable number of whatever the event belongs to: it breaks ties between simultaneous events.
  virtual TimerHandle at(SimTime time, EventClass event_class, std::uint32_t entity, std::function<void()> callback) = 0;

  /// Disarms; false if the timer already fired or never existed.
  virtual bool cancel(TimerHandle timer) = 0;

  TimerHandle after(SimDuration delay, EventClass event_class, std::uint32_t entity, std::function<void()> callback) {
    return at(now() + delay, event_class, entity, std::move(callback));
  }
};

}  // namespace tandem
