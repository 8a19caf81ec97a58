#include "core/kubectl/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

namespace tandem::kubectl {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Bytes of characters beyond ASCII count as letters.
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; }

constexpr std::string_view kWords[] = {
    "y",    "Y",    "yes",  "Yes",  "YES",  "true", "True", "TRUE", "on",    "On",    "ON",    "n",     "N",     "no",    "No", "NO", "false", "False",
    "FALSE", "off", "Off",  "OFF",  "",     "~",    "null", "Null", "NULL",  ".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
    "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

/// A cursor over the text.
struct Reader {
  std::string_view text;
  std::size_t place = 0;

  [[nodiscard]] bool at_end() const { return place == text.size(); }
  bool take(std::string_view any_of) {
    if (at_end() || any_of.find(text[place]) == std::string_view::npos) return false;
    ++place;
    return true;
  }
  /// The number of digits taken, at most `max`.
  std::size_t digits(std::size_t max = std::string_view::npos) {
    std::size_t count = 0;
    while (count < max && !at_end() && is_digit(text[place])) ++place, ++count;
    return count;
  }
  /// A number of one or two digits within bounds.
  bool number(int min, int max) {
    const std::size_t start = place;
    const std::size_t count = digits(2);
    if (count == 0) return false;
    const int value = std::stoi(std::string(text.substr(start, count)));
    return value >= min && value <= max;
  }
};

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?, and not beyond a double.
bool is_float(std::string_view text) {
  Reader reader{text};
  reader.take("+-");
  const std::size_t whole = reader.digits();
  const bool has_point = reader.take(".");
  const std::size_t fraction = has_point ? reader.digits() : 0;
  if (whole == 0 && fraction == 0) return false;
  bool large = true;
  if (reader.take("eE")) {
    large = !(reader.place < text.size() && text[reader.place] == '-');
    reader.take("+-");
    if (reader.digits() == 0) return false;
  }
  if (!reader.at_end()) return false;
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec != std::errc::result_out_of_range || !large;
}

/// An integer with a prefix of its base (0x, 0o, 0b, or 0 for octal); decimal ones are floats too.
bool is_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  const bool has_sign = negative || text.starts_with('+');
  if (has_sign) text.remove_prefix(1);
  if (!text.starts_with('0') || text.size() < 2) return false;
  const char prefix = text[1];
  const bool has_letter = is_letter(prefix);
  const int base = prefix == 'x' || prefix == 'X' ? 16 : prefix == 'b' || prefix == 'B' ? 2 : prefix == 'o' || prefix == 'O' || !has_letter ? 8 : 0;
  if (base == 0) return false;
  text.remove_prefix(has_letter ? 2 : 1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return false;
  constexpr std::uint64_t kSignedMax = std::numeric_limits<std::int64_t>::max();
  return !has_sign || value <= kSignedMax + (negative ? 1 : 0);
}

int days_of(int year, int month) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

/// "2026-1-15", "2026-01-15T12:00:00.5Z", "2026-01-15 12:00:00".
bool is_time(std::string_view text) {
  Reader reader{text};
  if (reader.digits(5) != 4 || !reader.take("-")) return false;
  const int year = std::stoi(std::string(text.substr(0, 4)));
  const std::size_t month_place = reader.place;
  if (!reader.number(1, 12)) return false;
  const int month = std::stoi(std::string(text.substr(month_place, reader.place - month_place)));
  if (!reader.take("-") || !reader.number(1, days_of(year, month))) return false;
  if (reader.at_end()) return true;
  const bool with_zone = reader.take("Tt");
  if (!with_zone && !reader.take(" ")) return false;
  if (!reader.number(0, 23) || !reader.take(":") || !reader.number(0, 59) || !reader.take(":") || !reader.number(0, 59)) return false;
  if (reader.take(".") && reader.digits() == 0) return false;
  if (!with_zone || reader.take("Z")) return reader.at_end();
  return reader.take("+-") && reader.digits(2) == 2 && reader.take(":") && reader.digits(2) == 2 && reader.at_end();
}

/// [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
bool is_base60(std::string_view text) {
  Reader reader{text};
  reader.take("+-");
  if (reader.digits(1) == 0) return false;
  while (reader.take("0123456789_")) {}
  bool any = false;
  while (reader.take(":")) {
    if (!reader.number(0, 59)) return false;
    any = true;
  }
  if (reader.take(".")) {
    while (reader.take("0123456789_")) {}
  }
  return any && reader.at_end();
}

}  // namespace

bool reads_back_as_text(std::string_view text) {
  if (std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords)) return false;
  const char first = text.front();
  if (first == '.') return !is_float(text);
  if (!is_digit(first) && first != '+' && first != '-') return true;
  std::string plain(text);
  std::erase(plain, '_');
  return !is_time(text) && !is_integer(plain) && !is_float(plain) && !is_base60(text);
}

bool yaml_key_less(std::string_view a, std::string_view b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == b[i]) continue;
    const bool letter_a = is_letter(a[i]);
    const bool letter_b = is_letter(b[i]);
    if (letter_a && letter_b) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
    if (letter_a || letter_b) return letter_b;
    std::uint64_t number_a = 0;
    std::uint64_t number_b = 0;
    if (a[i] == '0' || b[i] == '0') {
      // A zero inside a number is a digit like others; at its start it is none.
      for (std::size_t j = i; j > 0 && is_digit(a[j - 1]); --j) {
        if (a[j - 1] != '0') {
          number_a = number_b = 1;
          break;
        }
      }
    }
    std::size_t end_a = i;
    std::size_t end_b = i;
    while (end_a < a.size() && is_digit(a[end_a])) number_a = number_a * 10 + static_cast<std::uint64_t>(a[end_a++] - '0');
    while (end_b < b.size() && is_digit(b[end_b])) number_b = number_b * 10 + static_cast<std::uint64_t>(b[end_b++] - '0');
    if (number_a != number_b) return number_a < number_b;
    if (end_a != end_b) return end_a < end_b;
    return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
  }
  return a.size() < b.size();
}

}  // namespace tandem::kubectl
