#pragma once
// Texts that carry other values: times and base64. Each function gives the reader's objection, or nothing.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tandem::cluster::api {

/// Go's time.Parse with RFC 3339.
std::optional<std::string> time_error(std::string_view text);
/// Go's encoding/base64.
std::optional<std::string> base64_error(std::string_view text);
/// The bytes of valid base64 text.
std::string base64_decoded(std::string_view text);
std::string base64_encoded(std::string_view bytes);
/// Seconds since 1970 of a valid RFC 3339 time; fractions are cut off.
std::int64_t seconds_of_time(std::string_view text);

}  // namespace tandem::cluster::api
