#include "core/base/parse.hpp"

#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "core/base/int128.hpp"
#include "core/base/limits.hpp"
#include "core/base/quantity.hpp"

namespace tandem {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kLongestDuration = kInputLimits.time_ns;
/// Digits after the point that can still change a nanosecond of the longest unit (an hour has 3.6e12 ns).
constexpr std::size_t kFractionDigits = 14;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The front of `text` for which `accept` holds, taken off it.
template <class Accept>
std::string_view take_while(std::string_view& text, Accept accept) {
  std::size_t size = 0;
  while (size < text.size() && accept(text[size])) ++size;
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

Error bad(ErrorCode code, std::string what, std::string_view found, std::string allowed, std::string hint = {}) {
  Error error = make_error(code, std::move(what));
  error.found = found.substr(0, 200);
  error.allowed = std::move(allowed);
  error.hint = std::move(hint);
  return error;
}

/// A unit and how much of the base unit it is.
struct Unit {
  std::string_view name;
  double factor = 1;
};

const Unit* find_unit(std::string_view name, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

/// A number ≥ 0 followed by one of `units`, in base units.
Result<double> parse_with_unit(std::string_view text, std::span<const Unit> units, const std::string& allowed) {
  std::string_view rest = text;
  const std::string_view digits = take_while(rest, [](char c) { return is_digit(c) || c == '.' || c == '-'; });
  const Result<double> number = parse_number(digits);
  if (!number) return fail(bad(ErrorCode::ValueNotANumber, "no decimal number", text, allowed));
  if (rest.empty()) return fail(bad(ErrorCode::ValueUnitMissing, "a unit is missing", text, allowed));
  const Unit* unit = find_unit(rest, units);
  if (unit == nullptr) return fail(bad(ErrorCode::ValueUnitUnknown, "an unknown unit", text, allowed));
  if (*number < 0) return fail(bad(ErrorCode::ValueOutOfRange, "a negative amount", text, "0 or more"));
  return *number * unit->factor;
}

constexpr std::string_view kDurationAllowed = "a duration such as 250ms, 1.5s or 1m30s, at most ten years";

std::optional<std::int64_t> nanoseconds_of_unit(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xC2\xB5s" || unit == "\xCE\xBCs") return 1'000;  // both code points of the micro sign
  if (unit == "ms") return 1'000'000;
  if (unit == "s") return kSecond;
  if (unit == "m") return 60 * kSecond;
  if (unit == "h") return 3600 * kSecond;
  return std::nullopt;
}

/// One number and unit of a duration, in nanoseconds and cut below them as Go does.
struct DurationPiece {
  Int128 ns = 0;
  bool nonzero = false;  ///< some digit was not 0
};

Result<DurationPiece> take_duration_piece(std::string_view& rest, std::string_view text) {
  const std::string_view whole = take_while(rest, is_digit);
  std::string_view fraction;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    fraction = take_while(rest, is_digit);
  }
  if (whole.empty() && fraction.empty()) {
    return fail(bad(ErrorCode::ValueBadDuration, "not a duration", text, std::string(kDurationAllowed)));
  }
  const std::string_view unit = take_while(rest, [](char c) { return !is_digit(c) && c != '.'; });
  if (unit.empty()) {
    return fail(bad(ErrorCode::ValueUnitMissing, "a duration without a unit", text, std::string(kDurationAllowed),
                    "write " + std::string(text.substr(0, 40)) + "s for seconds"));
  }
  const std::optional<std::int64_t> scale = nanoseconds_of_unit(unit);
  if (!scale) {
    return fail(bad(ErrorCode::ValueUnitUnknown, "a duration with an unknown unit", text, "ns, us, ms, s, m or h"));
  }
  DurationPiece piece;
  piece.nonzero =
      whole.find_first_not_of('0') != std::string_view::npos || fraction.find_first_not_of('0') != std::string_view::npos;
  Int128 amount = 0;
  for (const char c : whole) {
    amount = amount * 10 + (c - '0');
    if (amount > kLongestDuration) amount = kLongestDuration + Int128{1};  // enough to be refused, whatever the unit
  }
  piece.ns = amount * *scale;
  Int128 numerator = 0, denominator = 1;
  for (const char c : fraction.substr(0, kFractionDigits)) {
    numerator = numerator * 10 + (c - '0');
    denominator *= 10;
  }
  piece.ns += numerator * *scale / denominator;
  return piece;
}

}  // namespace

Result<SimDuration> parse_duration(std::string_view text) {
  if (text == "0") return SimDuration{0};
  if (!text.empty() && text.front() == '-') {
    return fail(bad(ErrorCode::ValueOutOfRange, "a negative duration", text, std::string(kDurationAllowed)));
  }
  std::string_view rest = text;
  DurationPiece total;
  do {
    const Result<DurationPiece> piece = take_duration_piece(rest, text);
    if (!piece) return tl::unexpected(piece.error());
    total.ns += piece->ns;
    total.nonzero |= piece->nonzero;
    if (total.ns > kLongestDuration) total.ns = kLongestDuration + Int128{1};
  } while (!rest.empty());
  if (total.ns > kLongestDuration) {
    return fail(bad(ErrorCode::ValueOutOfRange, "a duration of more than ten years", text, std::string(kDurationAllowed)));
  }
  if (total.ns == 0 && total.nonzero) {
    return fail(bad(ErrorCode::ValueOutOfRange, "a duration of less than one nanosecond", text, "0, or 1ns and more"));
  }
  return SimDuration{static_cast<std::int64_t>(total.ns)};
}

Result<double> parse_rate(std::string_view text) {
  static constexpr Unit kUnits[] = {{"/s", 1.0}, {"/m", 1.0 / 60.0}, {"/h", 1.0 / 3600.0}};
  return parse_with_unit(text, kUnits, "a number per second, minute or hour, such as 200/s");
}

Result<std::int64_t> parse_bytes(std::string_view text) {
  const std::string allowed = "bytes as a Kubernetes quantity, such as 120Mi, 512Ki or 1G";
  const Result<Quantity> quantity = Quantity::parse(text);
  if (!quantity) {
    Error error = quantity.error();
    error.allowed = allowed;
    error.hint = text.ends_with('B') ? "leave out the B: Kubernetes writes 10M or 10Mi" : "";
    return fail(std::move(error));
  }
  if (text.find_first_of("num") != std::string_view::npos) {
    return fail(bad(ErrorCode::ValueUnitUnknown, "parts of a byte", text, allowed,
                    "m is one thousandth; M and Mi are the large units"));
  }
  if (quantity->sign() < 0) return fail(bad(ErrorCode::ValueOutOfRange, "a negative number of bytes", text, allowed));
  if (*quantity > Quantity::of_value(std::numeric_limits<std::int64_t>::max())) {
    return fail(bad(ErrorCode::ValueOutOfRange, "more bytes than 64 bits can count", text, allowed));
  }
  return quantity->value();
}

Result<double> parse_bandwidth(std::string_view text) {
  static constexpr Unit kUnits[] = {
      {"bit/s", 0.125},  {"kbit/s", 125.0},    {"Mbit/s", 125e3},       {"Gbit/s", 125e6}, {"Tbit/s", 125e9},
      {"B/s", 1.0},      {"kB/s", 1e3},        {"MB/s", 1e6},           {"GB/s", 1e9},     {"TB/s", 1e12},
      {"KiB/s", 1024.0}, {"MiB/s", 1048576.0}, {"GiB/s", 1073741824.0},
  };
  return parse_with_unit(text, kUnits, "a bandwidth such as 100Mbit/s, 1Gbit/s or 30MB/s");
}

Result<std::int64_t> parse_int(std::string_view text) {
  const std::string allowed = "a whole decimal number";
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '-') digits.remove_prefix(1);
  const bool all_digits = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!all_digits) return fail(bad(ErrorCode::ValueNotANumber, "not a whole number", text, allowed));
  if (digits.size() > 1 && digits.front() == '0') {
    return fail(bad(ErrorCode::ValueNotANumber, "a number with a leading zero", text, allowed,
                    "some readers take it as octal: leave the zero out, or quote it if it is text"));
  }
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc{}) return fail(bad(ErrorCode::ValueOutOfRange, "a number beyond 64 bits", text, allowed));
  return value;
}

Result<double> parse_number(std::string_view text) {
  const std::string allowed = "a decimal number such as 0.25 or 1e3";
  const Error not_a_number = bad(ErrorCode::ValueNotANumber, "not a decimal number", text, allowed);
  // The grammar of JSON numbers; from_chars alone would take "inf", ".5" and "1.".
  std::string_view rest = text;
  if (!rest.empty() && rest.front() == '-') rest.remove_prefix(1);
  const std::string_view whole = take_while(rest, is_digit);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return fail(not_a_number);
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    if (take_while(rest, is_digit).empty()) return fail(not_a_number);
  }
  if (!rest.empty() && (rest.front() == 'e' || rest.front() == 'E')) {
    rest.remove_prefix(1);
    if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
    if (take_while(rest, is_digit).empty()) return fail(not_a_number);
  }
  if (!rest.empty()) return fail(not_a_number);
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc{}) {
    return fail(bad(ErrorCode::ValueOutOfRange, "a number too large or too small for a double", text, allowed));
  }
  return value;
}

}  // namespace tandem
