#pragma once
// Durations as doubles for people and tools. Division by a power of ten is correctly rounded, so that 20,150,000,000 ns prints as
// 20.15; multiplication by 1e-9 gives 20.150000000000002.

#include "core/base/time.hpp"

namespace tandem::record {

constexpr double in_seconds(SimDuration duration) { return static_cast<double>(duration.ns) / 1e9; }
constexpr double in_seconds(SimTime time) { return static_cast<double>(time.ns) / 1e9; }
constexpr double in_milliseconds(SimDuration duration) { return static_cast<double>(duration.ns) / 1e6; }

}  // namespace tandem::record
