#pragma once
// "25%" or 3 against a total, as intstr.GetScaledValueFromIntOrPercent does (k8s.io/apimachinery/pkg/util/intstr).

#include <cstdint>
#include <optional>
#include <string>

#include "core/cluster/objects.hpp"

namespace tandem::control {

enum class Rounding : std::uint8_t { Up, Down };

/// Percent of an IntOrString written as text ("25%"); empty for a number or for text that is no percentage.
[[nodiscard]] inline std::optional<std::int64_t> percent_of(const cluster::IntOrString& value) {
  const auto* text = std::get_if<std::string>(&value.value);
  if (text == nullptr || text->size() < 2 || text->back() != '%') return std::nullopt;
  std::int64_t percent = 0;
  for (const char c : text->substr(0, text->size() - 1)) {
    if (c < '0' || c > '9' || percent > 1'000'000'000) return std::nullopt;
    percent = percent * 10 + (c - '0');
  }
  return percent;
}

/// The number itself, or the share of `total`; empty for text that is no percentage.
[[nodiscard]] inline std::optional<std::int32_t> scaled_value(const cluster::IntOrString& value, std::int32_t total, Rounding rounding) {
  if (const auto* number = std::get_if<std::int32_t>(&value.value)) return *number;
  const auto percent = percent_of(value);
  if (!percent) return std::nullopt;
  const std::int64_t hundredths = *percent * total;
  return static_cast<std::int32_t>(hundredths / 100 + (rounding == Rounding::Up && hundredths % 100 > 0 ? 1 : 0));
}

}  // namespace tandem::control
