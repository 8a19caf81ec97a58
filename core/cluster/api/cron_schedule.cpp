#include "core/cluster/api/cron_schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>

#include "core/cluster/api/text_rules.hpp"

namespace tandem::cluster::api {

namespace {

constexpr auto kTimeZones = std::to_array<std::string_view>({
#include "core/cluster/api/time_zones.inc"
});

using Objection = std::optional<std::string>;
using Names = std::map<std::string, std::int64_t>;

struct Bounds {
  std::int64_t low;
  std::int64_t high;
  const Names* names;
};

const Names& month_names() {
  static const Names kNames = {{"jan", 1}, {"feb", 2}, {"mar", 3}, {"apr", 4}, {"may", 5}, {"jun", 6}, {"jul", 7}, {"aug", 8}, {"sep", 9}, {"oct", 10}, {"nov", 11}, {"dec", 12}};
  return kNames;
}

const Names& day_names() {
  static const Names kNames = {{"sun", 0}, {"mon", 1}, {"tue", 2}, {"wed", 3}, {"thu", 4}, {"fri", 5}, {"sat", 6}};
  return kNames;
}

Objection parse_number(const std::string& text, std::int64_t& value) {
  if (const std::string objection = go_atoi_error(text, value); !objection.empty()) return fmt::format("failed to parse int from {}: {}", text, objection);
  if (value < 0) return fmt::format("negative number ({}) not allowed: {}", value, text);
  return std::nullopt;
}

Objection parse_number_or_name(const std::string& text, const Bounds& bounds, std::int64_t& value) {
  if (bounds.names != nullptr) {
    if (const auto name = bounds.names->find(lower(text)); name != bounds.names->end()) {
      value = name->second;
      return std::nullopt;
    }
  }
  return parse_number(text, value);
}

/// One of "*", "5", "1-5", each with "/2" or not.
Objection range_objection(const std::string& expression, const Bounds& bounds) {
  const std::vector<std::string> parts = split_text(expression, '/');
  const std::vector<std::string> ends = split_text(parts[0], '-');
  std::int64_t start = bounds.low;
  std::int64_t end = bounds.high;
  std::int64_t step = 1;
  if (ends[0] != "*" && ends[0] != "?") {
    if (Objection objection = parse_number_or_name(ends[0], bounds, start)) return objection;
    if (ends.size() > 2) return fmt::format("too many hyphens: {}", expression);
    end = start;
    if (ends.size() == 2) {
      if (Objection objection = parse_number_or_name(ends[1], bounds, end)) return objection;
    }
  }
  if (parts.size() > 2) return fmt::format("too many slashes: {}", expression);
  if (parts.size() == 2) {
    if (Objection objection = parse_number(parts[1], step)) return objection;
    if (ends.size() == 1) end = bounds.high;
  }
  if (start < bounds.low) return fmt::format("beginning of range ({}) below minimum ({}): {}", start, bounds.low, expression);
  if (end > bounds.high) return fmt::format("end of range ({}) above maximum ({}): {}", end, bounds.high, expression);
  if (start > end) return fmt::format("beginning of range ({}) beyond end of range ({}): {}", start, end, expression);
  if (step == 0) return fmt::format("step of range should be a positive number: {}", expression);
  return std::nullopt;
}

Objection field_objection(const std::string& field, const Bounds& bounds) {
  for (const std::string& expression : split_text(field, ',')) {
    if (expression.empty()) continue;
    if (Objection objection = range_objection(expression, bounds)) return objection;
  }
  return std::nullopt;
}

/// Go's time.ParseDuration: its objection. Units: ns, us, µs, μs, ms, s, m, h.
Objection duration_objection(std::string_view text) {
  const std::string invalid = fmt::format("time: invalid duration {}", go_quote(text));
  static const std::map<std::string, double, std::less<>> kUnits = {{"ns", 1}, {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}};
  std::string_view rest = text;
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return std::nullopt;
  if (rest.empty()) return invalid;
  double total = 0;
  while (!rest.empty()) {
    const std::size_t number_end = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const std::string_view number = rest.substr(0, number_end);
    const std::size_t dots = static_cast<std::size_t>(std::count(number.begin(), number.end(), '.'));
    if (number.size() == dots || dots > 1) return invalid;
    rest.remove_prefix(number_end);
    const std::size_t unit_end = std::min(rest.find_first_of("0123456789."), rest.size());
    if (unit_end == 0) return fmt::format("time: missing unit in duration {}", go_quote(text));
    const std::string_view unit = rest.substr(0, unit_end);
    const auto factor = kUnits.find(unit);
    if (factor == kUnits.end()) return fmt::format("time: unknown unit {} in duration {}", go_quote(unit), go_quote(text));
    rest.remove_prefix(unit_end);
    double value = 0;
    double scale = 1;
    bool fraction = false;
    for (const char c : number) {
      if (c == '.') {
        fraction = true;
        continue;
      }
      value = value * 10 + (c - '0');
      if (fraction) scale *= 10;
    }
    total += value / scale * factor->second;
    constexpr double kMaxDuration = 9223372036854775808.0;  // 2^63 ns
    if (total >= kMaxDuration) return invalid;
  }
  return std::nullopt;
}

Objection descriptor_objection(const std::string& text) {
  static const std::vector<std::string> kKnown = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"};
  constexpr std::string_view kEvery = "@every ";
  if (contains(kKnown, text)) return std::nullopt;
  if (!text.starts_with(kEvery)) return fmt::format("unrecognized descriptor: {}", text);
  const auto objection = duration_objection(std::string_view(text).substr(kEvery.size()));
  if (!objection) return std::nullopt;
  return fmt::format("failed to parse duration {}: {}", text, *objection);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  while (true) {
    const std::size_t start = text.find_first_not_of(kSpace);
    if (start == std::string_view::npos) return words;
    const std::size_t end = std::min(text.find_first_of(kSpace, start), text.size());
    words.emplace_back(text.substr(start, end - start));
    text.remove_prefix(end);
  }
}

}  // namespace

bool is_time_zone(std::string_view name) {
  return name == "UTC" || name == "Local" || std::binary_search(kTimeZones.begin(), kTimeZones.end(), name);
}

std::optional<std::string> cron_schedule_error(std::string_view schedule) {
  if (schedule.empty()) return "empty spec string";
  std::string text(schedule);
  if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) {
    const std::size_t space = text.find(' ');
    const std::size_t equals = text.find('=');
    const std::string zone = text.substr(equals + 1, space == std::string::npos ? std::string::npos : space - equals - 1);
    if (!zone.empty() && !is_time_zone(zone)) return fmt::format("provided bad location {}: unknown time zone {}", zone, zone);
    text = space == std::string::npos ? "" : trimmed(text.substr(space));
  }
  if (text.starts_with('@')) return descriptor_objection(text);
  const std::vector<std::string> fields = words_of(text);
  if (fields.size() != 5) return fmt::format("expected exactly 5 fields, found {}: {}", fields.size(), go_list(fields));
  const Bounds bounds[] = {{0, 59, nullptr}, {0, 23, nullptr}, {1, 31, nullptr}, {1, 12, &month_names()}, {0, 6, &day_names()}};
  for (std::size_t i = 0; i < 5; ++i) {
    if (Objection objection = field_objection(fields[i], bounds[i])) return objection;
  }
  return std::nullopt;
}

}  // namespace tandem::cluster::api
