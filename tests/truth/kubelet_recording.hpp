#pragma once
// Times in the recordings of the kubelet: seconds with decimals on a clock that starts at zero.

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/base/time.hpp"

namespace tandem::truth {

/// To the nearest microsecond: what decimals of seconds in a double can tell.
inline SimDuration duration_of(const nlohmann::json& recorded) {
  return microseconds(static_cast<std::int64_t>(std::llround(recorded.get<double>() * 1e6)));
}
inline SimTime moment_of(const nlohmann::json& recorded) { return kTimeZero + duration_of(recorded); }

/// A number that compares equal to the recorded one of the same moment, whole seconds or not.
inline nlohmann::json seconds_json(SimTime time) { return static_cast<double>(time.ns / 1000) / 1e6; }

}  // namespace tandem::truth
