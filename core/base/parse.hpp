#pragma once
// Readers for scalar notations of the scenario language. All linear time, none depends on the locale.

#include <cstdint>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace tandem {

/// Go's duration notation: "90ms", "1m30s", "0s", "0". Range 0 or 1 ns … 10 years (hardening §2).
/// Digits below a nanosecond are cut, as Go does. Errors: ValueBadDuration, ValueUnitMissing, ValueUnitUnknown, ValueOutOfRange.
Result<SimDuration> parse_duration(std::string_view text);
/// A plain decimal number followed by "/s", "/m" or "/h" ("200/s"); the result is events per second.
Result<double> parse_rate(std::string_view text);
/// "120Mi", "1G", "512Ki", "10MB" is refused: Kubernetes quantity in bytes, ≥ 0, rounded up to whole bytes; n, u and m are refused.
Result<std::int64_t> parse_bytes(std::string_view text);
/// "100Mbit/s", "1Gbit/s", "30MB/s": bytes per second.
Result<double> parse_bandwidth(std::string_view text);
/// Whole decimal int64; no sign but '-', no octal, no hex, nothing around it.
Result<std::int64_t> parse_int(std::string_view text);
/// Finite decimal double ("0.25", "1e3"); refuses nan, inf, hex.
Result<double> parse_number(std::string_view text);

}  // namespace tandem
