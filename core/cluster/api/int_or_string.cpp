// apimachinery pkg/util/intstr.

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

#include "core/cluster/api/field_error.hpp"
#include "core/cluster/api/limits.hpp"
#include "core/cluster/api/text_rules.hpp"

namespace tandem::cluster::api {

Json parse_int_or_string(std::string_view text) {
  std::int64_t number = 0;
  if (parse_go_integer(text, 32, number) == Numeral::Fine) return number;
  return std::string(text);
}

Result<std::int64_t> scaled_value(const View& int_or_percent, std::int64_t total, bool round_up) {
  if (!int_or_percent.is_text()) return int_or_percent.number();
  const std::string text = int_or_percent.text();
  if (!text.ends_with('%')) return fail(ErrorCode::ValueType, "invalid value for IntOrString: invalid type: string is not a percentage");
  const std::string number = text.substr(0, text.size() - 1);
  std::int64_t percent = 0;
  if (const std::string objection = go_atoi_error(number, percent); !objection.empty()) {
    return fail(ErrorCode::ValueType, fmt::format("invalid value for IntOrString: invalid value {}: {}", go_quote(text), objection));
  }
  const double exact = static_cast<double>(percent) * static_cast<double>(total) / 100;
  return static_cast<std::int64_t>(round_up ? std::ceil(exact) : std::floor(exact));
}

}  // namespace tandem::cluster::api
