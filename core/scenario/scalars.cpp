#include "core/scenario/scalars.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace tandem::scenario {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// [-+]? ( '.' digits | digits ( '.' digits* )? ) ( [eE] [-+]? digits )?
bool looks_like_fraction(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - begin;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const std::size_t whole = digits();
  std::size_t fraction = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    fraction = digits();
  }
  if (whole + fraction == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

/// Decimal text to double without any locale; nullopt beyond double's range.
std::optional<double> to_double(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

Scalar null_scalar() { return {.type = ScalarType::Null}; }
Scalar boolean_scalar(bool value, std::string_view oddity = {}) {
  return {.type = ScalarType::Boolean, .boolean = value, .oddity = oddity};
}
Scalar text_scalar(std::string_view oddity = {}) { return {.type = ScalarType::Text, .oddity = oddity}; }

constexpr std::array<std::string_view, 4> kNulls{"", "~", "null", "Null"};

/// Sign, base prefix as Go's strconv takes it with base 0, digits. Nullopt if it is no integer.
std::optional<Scalar> foreign_integer(std::string_view plain) {
  std::string digits;
  for (const char c : plain) {
    if (c != '_') digits += c;
  }
  std::string_view oddity = digits.size() == plain.size() ? std::string_view{} : "a number with underscores";
  std::string_view rest = digits;
  bool negative = false;
  if (rest.starts_with('-') || rest.starts_with('+')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  int base = 10;
  const auto prefix = [&](char lower, char upper) { return rest.size() > 2 && rest[0] == '0' && (rest[1] == lower || rest[1] == upper); };
  if (prefix('x', 'X')) {
    base = 16, oddity = "a hexadecimal number", rest.remove_prefix(2);
  } else if (prefix('b', 'B')) {
    base = 2, oddity = "a binary number", rest.remove_prefix(2);
  } else if (prefix('o', 'O')) {
    base = 8, oddity = "an octal number", rest.remove_prefix(2);
  } else if (rest.size() > 1 && rest[0] == '0') {
    base = 8, oddity = "an octal number", rest.remove_prefix(1);
  }
  if (rest.empty()) return std::nullopt;
  std::uint64_t magnitude = 0;
  const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), magnitude, base);
  if (end != rest.data() + rest.size()) return std::nullopt;
  Scalar scalar{.type = ScalarType::Integer, .oddity = oddity};
  const std::uint64_t limit = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
  if (status != std::errc{} || magnitude > limit) {
    scalar.out_of_range = true;
  } else {
    scalar.integer = static_cast<std::int64_t>(negative ? ~magnitude + 1 : magnitude);
  }
  return scalar;
}

}  // namespace

Scalar resolve_strict(std::string_view plain) {
  if (is_one_of(plain, kNulls) || plain == "NULL") return null_scalar();
  if (plain == "true") return boolean_scalar(true);
  if (plain == "false") return boolean_scalar(false);
  constexpr std::array<std::string_view, 4> kOtherBooleans{"True", "TRUE", "False", "FALSE"};
  if (is_one_of(plain, kOtherBooleans)) return text_scalar("a boolean is written true or false");
  constexpr std::array<std::string_view, 16> kOldBooleans{"y",  "Y",  "yes", "Yes", "YES", "n",   "N",   "no",
                                                          "No", "NO", "on",  "On",  "ON",  "off", "Off", "OFF"};
  if (is_one_of(plain, kOldBooleans)) return text_scalar("a boolean is written true or false");
  constexpr std::array<std::string_view, 12> kNotFinite{".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                        "+.inf", "-.inf", "+.Inf", "-.Inf", "+.INF", "-.INF"};
  if (is_one_of(plain, kNotFinite)) {
    Scalar scalar = text_scalar("a number is finite");
    scalar.not_finite = true;
    return scalar;
  }
  if (plain.starts_with("0x") || plain.starts_with("0X")) return text_scalar("a number is decimal, not hexadecimal");
  if (plain.starts_with("0o") || plain.starts_with("0b")) return text_scalar("a number is decimal, not octal or binary");

  std::string_view magnitude = plain;
  if (magnitude.starts_with('-') || magnitude.starts_with('+')) magnitude.remove_prefix(1);
  if (all_digits(magnitude)) {
    if (magnitude.size() > 1 && magnitude[0] == '0') return text_scalar("a number has no leading zero");
    Scalar scalar{.type = ScalarType::Integer};
    const std::string_view digits = plain.starts_with('+') ? magnitude : plain;
    const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), scalar.integer);
    (void)end;
    scalar.out_of_range = status != std::errc{};
    return scalar;
  }
  if (looks_like_fraction(plain)) {
    Scalar scalar{.type = ScalarType::Float};
    const auto value = to_double(plain);
    scalar.out_of_range = !value;
    scalar.number = value.value_or(0);
    return scalar;
  }
  return text_scalar();
}

Scalar resolve_foreign(std::string_view plain) {
  if (is_one_of(plain, kNulls) || plain == "NULL") return null_scalar();
  constexpr std::array<std::string_view, 3> kTrue{"true", "True", "TRUE"};
  constexpr std::array<std::string_view, 3> kFalse{"false", "False", "FALSE"};
  constexpr std::array<std::string_view, 8> kOldTrue{"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"};
  constexpr std::array<std::string_view, 8> kOldFalse{"n", "N", "no", "No", "NO", "off", "Off", "OFF"};
  if (is_one_of(plain, kTrue)) return boolean_scalar(true);
  if (is_one_of(plain, kFalse)) return boolean_scalar(false);
  if (is_one_of(plain, kOldTrue)) return boolean_scalar(true, "a YAML 1.1 boolean");
  if (is_one_of(plain, kOldFalse)) return boolean_scalar(false, "a YAML 1.1 boolean");
  constexpr std::array<std::string_view, 12> kNotFinite{".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                        "+.inf", "-.inf", "+.Inf", "-.Inf", "+.INF", "-.INF"};
  if (is_one_of(plain, kNotFinite)) return {.type = ScalarType::Float, .out_of_range = true, .not_finite = true};
  const char first = plain.front();
  const bool number_start = (first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.';
  if (!number_start) return text_scalar();
  if (const auto integer = foreign_integer(plain)) return *integer;

  std::string digits;
  for (const char c : plain) {
    if (c != '_') digits += c;
  }
  if (!looks_like_fraction(digits)) return text_scalar();
  const auto value = to_double(digits);
  // The famous commit hash "12e4567": too large for a double, so kubectl keeps the text.
  if (!value) return text_scalar("a number too large for a double, kept as text");
  Scalar scalar{.type = ScalarType::Float, .number = *value};
  if (digits.size() != plain.size()) scalar.oddity = "a number with underscores";
  if (all_digits(digits)) scalar.oddity = "a number with a leading zero";  // "08": no octal number, so decimal after all
  // YAML 1.1 reads whole numbers with a fraction or exponent as integers of the same value; so does kubectl's JSON.
  if (std::abs(*value) < 9.0e15 && *value == std::floor(*value)) {
    scalar.type = ScalarType::Integer;
    scalar.integer = static_cast<std::int64_t>(*value);
  }
  return scalar;
}

Scalar resolve(const Node& scalar, Dialect dialect) {
  if (scalar.tag == "str" || (scalar.tag.empty() && scalar.style != ScalarStyle::Plain)) return text_scalar();
  return dialect == Dialect::Strict ? resolve_strict(scalar.text) : resolve_foreign(scalar.text);
}

}  // namespace tandem::scenario
