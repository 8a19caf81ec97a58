#pragma once

#include <string>

#include "core/base/time.hpp"

namespace tandem::control::kubelet {

/// As Go prints a duration, with every smaller unit: "10s", "5m0s", "1h0m1.5s". What the kubelet's messages hold (to_string leaves
/// zeros out). Not negative.
inline std::string go_duration(SimDuration duration) {
  constexpr std::int64_t kMinute = seconds(60).ns;
  if (duration.ns < kMinute) return to_string(duration);
  const std::int64_t minutes = duration.ns / kMinute;
  const std::string below = std::to_string(minutes % 60) + "m" + to_string(nanoseconds(duration.ns % kMinute));
  return minutes < 60 ? below : std::to_string(minutes / 60) + "h" + below;
}

}  // namespace tandem::control::kubelet
