#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.hpp"

namespace tandem::judge {

/// A figure that has a value at every moment: its last, smallest and largest value, and its mean over time.
class OverTime {
 public:
  /// The figure has `value` from `time` on. Times ascend.
  void add(SimTime time, double value) {
    if (count_ == 0) {
      first_ = time;
      minimum_ = maximum_ = value;
    } else {
      weighted_ += last_ * to_seconds(time - since_);
    }
    minimum_ = std::min(minimum_, value);
    maximum_ = std::max(maximum_, value);
    last_ = value;
    since_ = time;
    ++count_;
  }
  [[nodiscard]] double last() const { return last_; }
  [[nodiscard]] double minimum() const { return minimum_; }
  [[nodiscard]] double maximum() const { return maximum_; }
  /// From the first value to `end`, which is not before the last one.
  [[nodiscard]] double mean(SimTime end) const {
    return end > first_ ? (weighted_ + last_ * to_seconds(end - since_)) / to_seconds(end - first_) : last_;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  SimTime first_, since_;
  double last_ = 0, minimum_ = 0, maximum_ = 0, weighted_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace tandem::judge
