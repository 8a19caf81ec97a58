#pragma once
// Go's conversion of floating point numbers to integers, defined for every input: on amd64 what does not fit becomes the
// smallest int64, and an int32 is its low half. C++ leaves the same cast undefined.

#include <cmath>
#include <cstdint>
#include <limits>

namespace tandem::control {

[[nodiscard]] inline std::int64_t go_int64(double value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (std::isnan(value) || value >= kLimit || value < -kLimit) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

/// cvttsd2sl: outside of int64 as above; the compiler converts to 64 bits and keeps the low 32.
[[nodiscard]] inline std::int32_t go_int32(double value) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(static_cast<std::uint64_t>(go_int64(value))));
}

}  // namespace tandem::control
