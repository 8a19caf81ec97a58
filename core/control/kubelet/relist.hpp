#pragma once
// The relist of the pod lifecycle event generator (pkg/kubelet/pleg/generic.go): at the ticks of its period, what the runtime
// has done since becomes known. Ticks at which nothing is to be seen cost nothing.

#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/clock.hpp"

namespace tandem::control::kubelet {

class Relist {
 public:
  struct Options {
    SimDuration period;
    SimDuration phase;         ///< of the ticks, at least 0 and below the period
    std::uint32_t entity = 0;  ///< order among simultaneous events of class Control
  };
  /// `visit(number)` is called at a tick for every pod that was asked for, in order of their numbers.
  Relist(Clock& clock, Options options, std::function<void(std::uint32_t)> visit);
  ~Relist();
  Relist(const Relist&) = delete;
  Relist& operator=(const Relist&) = delete;

  /// The next tick shall look at this pod.
  void request(std::uint32_t pod_number);
  /// The last tick that has happened at `now`.
  [[nodiscard]] SimTime last_tick(SimTime now) const;

 private:
  void tick();

  Clock& clock_;
  Options options_;
  std::function<void(std::uint32_t)> visit_;
  std::vector<std::uint32_t> due_;
  TimerHandle timer_;
  SimTime due_at_;  ///< of the timer, if it is armed
};

}  // namespace tandem::control::kubelet
