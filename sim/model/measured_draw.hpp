#pragma once
// Draws from a measured duration of which only mean and spread are known.

#include <algorithm>
#include <cmath>

#include "core/base/time.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::sim {

/// A shifted exponential: a floor that the work cannot beat and a tail of queueing and interruptions on top, as measured
/// durations of system calls and container operations look. Mean and standard deviation are those of the measurement; a
/// spread above the mean is cut to the mean (a pure exponential). One exponential draw, never negative.
class MeasuredDraw {
 public:
  MeasuredDraw() = default;
  explicit MeasuredDraw(const scenario::Measured& measured)
      : spread_ns_(std::clamp(measured.stddev_ms, 0.0, std::max(measured.mean_ms, 0.0)) * 1e6),
        floor_ns_(std::max(measured.mean_ms, 0.0) * 1e6 - spread_ns_) {}

  /// `unit_exponential` is an exponential variate of mean 1. Nanoseconds.
  [[nodiscard]] double ns(double unit_exponential) const { return floor_ns_ + spread_ns_ * unit_exponential; }
  [[nodiscard]] SimDuration operator()(double unit_exponential) const { return {std::llround(ns(unit_exponential))}; }

 private:
  double spread_ns_ = 0;
  double floor_ns_ = 0;
};

/// What is left of `whole` once `part`, which happens within it and independently, is taken out.
[[nodiscard]] inline scenario::Measured remainder_of(const scenario::Measured& whole, const scenario::Measured& part) {
  const double variance = whole.stddev_ms * whole.stddev_ms - part.stddev_ms * part.stddev_ms;
  return {std::max(whole.mean_ms - part.mean_ms, 0.0), std::sqrt(std::max(variance, 0.0)), std::min(whole.samples, part.samples)};
}

}  // namespace tandem::sim
