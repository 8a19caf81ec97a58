#pragma once
// Points and spans of time as int64 nanoseconds. The same type carries virtual time (simulation) and
// wall time since the start of a run (real worlds): code above the Clock seam cannot tell them apart.

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace tandem {

/// A span of time in nanoseconds. Never converts to or from double implicitly.
struct SimDuration {
  std::int64_t ns = 0;

  friend constexpr auto operator<=>(SimDuration, SimDuration) = default;
  constexpr SimDuration& operator+=(SimDuration other) { ns += other.ns; return *this; }
  constexpr SimDuration& operator-=(SimDuration other) { ns -= other.ns; return *this; }
};

constexpr SimDuration operator+(SimDuration a, SimDuration b) { return {a.ns + b.ns}; }
constexpr SimDuration operator-(SimDuration a, SimDuration b) { return {a.ns - b.ns}; }
constexpr SimDuration operator*(SimDuration a, std::int64_t factor) { return {a.ns * factor}; }
constexpr SimDuration operator/(SimDuration a, std::int64_t divisor) { return {a.ns / divisor}; }

/// A moment, in nanoseconds since time zero of the run.
struct SimTime {
  std::int64_t ns = 0;

  friend constexpr auto operator<=>(SimTime, SimTime) = default;
};

constexpr SimTime operator+(SimTime t, SimDuration d) { return {t.ns + d.ns}; }
constexpr SimTime operator-(SimTime t, SimDuration d) { return {t.ns - d.ns}; }
constexpr SimDuration operator-(SimTime a, SimTime b) { return {a.ns - b.ns}; }

inline constexpr SimTime kTimeZero{0};
/// Later than every moment a run can reach.
inline constexpr SimTime kTimeNever{std::numeric_limits<std::int64_t>::max()};

constexpr SimDuration nanoseconds(std::int64_t n) { return {n}; }
constexpr SimDuration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr SimDuration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr SimDuration seconds(std::int64_t n) { return {n * 1'000'000'000}; }

/// Seconds as a double, for display and statistics only.
constexpr double to_seconds(SimDuration d) { return static_cast<double>(d.ns) * 1e-9; }
constexpr double to_milliseconds(SimDuration d) { return static_cast<double>(d.ns) * 1e-6; }

/// The one place where a double of seconds becomes a duration: rounds to the nearest nanosecond.
/// Requires: finite and |s| < 9.2e9 (about 292 years).
SimDuration from_seconds(double s);

/// "21.5s", "850ms", "1m30s", "0s": Go's time.Duration notation, shortest form. Parsed back by parse_duration.
std::string to_string(SimDuration d);
/// Seconds since zero with three decimals: "21.500s".
std::string to_string(SimTime t);

namespace literals {
constexpr SimDuration operator""_ns(unsigned long long n) { return nanoseconds(static_cast<std::int64_t>(n)); }
constexpr SimDuration operator""_us(unsigned long long n) { return microseconds(static_cast<std::int64_t>(n)); }
constexpr SimDuration operator""_ms(unsigned long long n) { return milliseconds(static_cast<std::int64_t>(n)); }
constexpr SimDuration operator""_s(unsigned long long n) { return seconds(static_cast<std::int64_t>(n)); }
}  // namespace literals

}  // namespace tandem
