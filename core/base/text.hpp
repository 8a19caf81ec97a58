#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

/// The candidate nearest to `word` by Damerau-Levenshtein distance, or "" if none is within max(2, size/3).
/// Ties go to the candidate that comes first.
std::string nearest_name(std::string_view word, std::span<const std::string_view> candidates);
/// Printable form for terminals: control characters, bidi overrides and invalid UTF-8 become \xNN escapes; cut at `limit` bytes with "...".
std::string escape_for_terminal(std::string_view bytes, std::size_t limit = 200);
bool is_valid_utf8(std::string_view bytes);
/// DNS-1123 label: [a-z0-9]([-a-z0-9]*[a-z0-9])?, at most 63 bytes.
bool is_dns_label(std::string_view name);
/// DNS-1123 subdomain: labels joined by dots, at most 253 bytes.
bool is_dns_subdomain(std::string_view name);
std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
/// Shortest round-trip decimal of a double, "C" locale (std::to_chars). Infinity and NaN: "inf", "nan".
std::string format_double(double value);
/// Fixed decimals with std::to_chars, "C" locale.
std::string format_fixed(double value, int decimals);

}  // namespace tandem
