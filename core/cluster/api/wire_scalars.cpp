#include "core/cluster/api/wire_scalars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "core/base/quantity.hpp"
#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/field_error.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text matches "2006-01-02T15:04:05Z07:00" with optional fractions of a second; gives the first part that does not.
struct TimeReader {
  std::string_view rest;
  bool digits(std::size_t count) {
    if (rest.size() < count) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest[i] < '0' || rest[i] > '9') return false;
    }
    rest.remove_prefix(count);
    return true;
  }
  bool literal(std::string_view text) {
    if (!rest.starts_with(text)) return false;
    rest.remove_prefix(text.size());
    return true;
  }
};

}  // namespace

std::optional<std::string> time_error(std::string_view text) {
  constexpr std::string_view kLayout = "2006-01-02T15:04:05Z07:00";
  const auto refuse = [&](std::string_view at, std::string_view part) {
    return fmt::format("parsing time {} as {}: cannot parse {} as {}", go_quote(text), go_quote(kLayout), go_quote(at), go_quote(part));
  };
  TimeReader reader{text};
  constexpr std::pair<std::size_t, std::string_view> kParts[] = {{4, "2006"}, {2, "01"}, {2, "02"}, {2, "15"}, {2, "04"}, {2, "05"}};
  constexpr std::string_view kSeparators[] = {"-", "-", "T", ":", ":", ""};
  for (std::size_t i = 0; i < std::size(kParts); ++i) {
    const std::string_view at = reader.rest;
    if (!reader.digits(kParts[i].first)) return refuse(at, kParts[i].second);
    if (!reader.literal(kSeparators[i])) return refuse(reader.rest, kSeparators[i]);
  }
  if (reader.rest.starts_with('.')) {
    reader.rest.remove_prefix(1);
    while (reader.digits(1)) {
    }
  }
  const std::string_view zone = reader.rest;
  if (reader.literal("Z")) {
    if (reader.rest.empty()) return std::nullopt;
    return fmt::format("parsing time {}: extra text: {}", go_quote(text), go_quote(reader.rest));
  }
  const bool sign = reader.literal("+") || reader.literal("-");
  if (!sign || !reader.digits(2) || !reader.literal(":") || !reader.digits(2)) return refuse(zone, "Z07:00");
  return std::nullopt;
}

std::int64_t seconds_of_time(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t count) {
    std::int64_t value = 0;
    for (const char c : text.substr(at, count)) value = value * 10 + (c - '0');
    return value;
  };
  // Days since 1970 in the proleptic Gregorian calendar, counted in years that begin in March.
  const std::int64_t month = number(5, 2);
  const std::int64_t year = number(0, 4) - (month <= 2 ? 1 : 0);
  const std::int64_t era = year / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + number(8, 2) - 1;
  const std::int64_t days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
  std::int64_t seconds = ((days * 24 + number(11, 2)) * 60 + number(14, 2)) * 60 + number(17, 2);
  const std::string_view zone = text.substr(text.find_last_of("Z+-"));
  if (zone != "Z") {
    const std::int64_t offset = (number(text.size() - 5, 2) * 60 + number(text.size() - 2, 2)) * 60;
    seconds += zone.front() == '+' ? -offset : offset;
  }
  return seconds;
}

std::optional<std::string> base64_error(std::string_view text) {
  const auto corrupt = [](std::size_t at) { return fmt::format("illegal base64 data at input byte {}", at); };
  std::size_t symbols = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') continue;
    if (kAlphabet.find(c) != std::string_view::npos) {
      ++symbols;
      continue;
    }
    const std::size_t in_group = symbols % 4;
    if (c != '=' || in_group < 2) return corrupt(i);
    std::size_t next = i + 1;
    while (next < text.size() && (text[next] == '\n' || text[next] == '\r')) ++next;
    if (in_group == 2) {
      if (next == text.size()) return corrupt(text.size());
      if (text[next] != '=') return corrupt(next);
      ++next;
      while (next < text.size() && (text[next] == '\n' || text[next] == '\r')) ++next;
    }
    return next == text.size() ? std::nullopt : std::optional(corrupt(next));
  }
  if (symbols % 4 != 0) return corrupt(text.size() - symbols % 4);
  return std::nullopt;
}

std::string base64_decoded(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t symbol = kAlphabet.find(c);
    if (symbol == std::string_view::npos) continue;
    held = (held << 6U) | static_cast<std::uint32_t>(symbol);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((held >> static_cast<unsigned>(bits)) & 0xffU);
    }
  }
  return bytes;
}

std::string base64_encoded(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) group = (group << 8U) | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += j <= count ? kAlphabet[(group >> (18U - 6U * j)) & 63U] : '=';
  }
  return text;
}

std::optional<std::string> quantity_error(std::string_view text) {
  constexpr std::string_view kFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  if (text.empty()) return std::string(kFormat);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t at = text.front() == '-' || text.front() == '+' ? 1 : 0;
  const auto skip = [&](auto test) {
    const std::size_t from = at;
    while (at < text.size() && test(text[at])) ++at;
    return at - from;
  };
  std::size_t digits = skip(is_digit);
  if (at < text.size() && text[at] == '.') {
    ++at;
    digits += skip(is_digit);
  }
  skip([](char c) { return std::string_view("eEinumkKMGTP").find(c) != std::string_view::npos; });
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  skip(is_digit);
  if (at < text.size()) return std::string(kFormat);
  if (Quantity::parse(text)) return std::nullopt;
  return digits == 0 ? "unable to parse numeric part of quantity" : "unable to parse quantity's suffix";
}

}  // namespace tandem::cluster::api
