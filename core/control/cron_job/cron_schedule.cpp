#include "core/control/cron_job/cron_schedule.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <stdexcept>
#include <vector>

namespace tandem::control {

namespace {

constexpr std::uint64_t kStar = std::uint64_t{1} << 63;  // the field was written as * or ?
constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 3600;

const date::time_zone* find_zone(std::string_view name) {
  if (name.empty()) name = "UTC";
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

struct Civil {
  int year = 0;
  unsigned month = 1;
  unsigned day = 1;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  unsigned weekday = 0;  ///< 0 = Sunday
};

Civil to_civil(std::int64_t unix_seconds, const date::time_zone& zone) {
  const date::sys_seconds moment{std::chrono::seconds(unix_seconds)};
  const auto local = unix_seconds + zone.get_info(moment).offset.count();
  const date::sys_days days = date::floor<date::days>(date::sys_seconds{std::chrono::seconds(local)});
  const date::year_month_day ymd{days};
  const std::int64_t rest = local - std::chrono::duration_cast<std::chrono::seconds>(days.time_since_epoch()).count();
  return {int{ymd.year()}, unsigned{ymd.month()}, unsigned{ymd.day()}, rest / kHour, rest % kHour / kMinute, rest % kMinute,
          date::weekday{days}.c_encoding()};
}

/// Go's time.Date: what a clock change skips or repeats is resolved with the offset that the wall time, taken for UTC, has there.
std::int64_t to_unix(int year, unsigned month, std::int64_t day, std::int64_t hour, const date::time_zone& zone) {
  const date::sys_days first = date::year{year} / date::month{month} / 1;
  const std::int64_t wall = std::chrono::duration_cast<std::chrono::seconds>(first.time_since_epoch()).count() + (day - 1) * 24 * kHour + hour * kHour;
  const auto at = [&](std::int64_t moment) { return zone.get_info(date::sys_seconds{std::chrono::seconds(moment)}); };
  const auto guess = at(wall);
  std::int64_t offset = guess.offset.count();
  if (offset != 0) {
    const date::sys_seconds utc{std::chrono::seconds(wall - offset)};
    if (utc < guess.begin || utc >= guess.end) offset = at(wall - offset).offset.count();
  }
  return wall - offset;
}

struct Bounds {
  std::uint32_t low;
  std::uint32_t high;
  std::vector<std::string> names;  ///< of the values from `first_name` on
  std::uint32_t first_name = 0;
};

using Parsed = tl::expected<std::uint64_t, std::string>;

tl::expected<std::uint32_t, std::string> number(const std::string& text, const Bounds& bounds) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto name = std::find(bounds.names.begin(), bounds.names.end(), lower);
  if (name != bounds.names.end()) return bounds.first_name + static_cast<std::uint32_t>(name - bounds.names.begin());
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return tl::unexpected(fmt::format("failed to parse int from {}: strconv.Atoi: parsing \"{}\": invalid syntax", text, text));
  }
  if (value < 0) return tl::unexpected(fmt::format("negative number ({}) not allowed: {}", value, text));
  return static_cast<std::uint32_t>(value);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

/// number | number-number | *, each with /step.
Parsed parse_range(const std::string& text, const Bounds& bounds) {
  const std::vector<std::string> range_and_step = split(text, '/');
  const std::vector<std::string> low_and_high = split(range_and_step[0], '-');
  const bool single = low_and_high.size() == 1;
  std::uint32_t start = bounds.low;
  std::uint32_t end = bounds.high;
  std::uint64_t star = 0;
  if (low_and_high[0] == "*" || low_and_high[0] == "?") {
    star = kStar;
  } else {
    const auto first = number(low_and_high[0], bounds);
    if (!first) return tl::unexpected(first.error());
    start = end = *first;
    if (low_and_high.size() == 2) {
      const auto last = number(low_and_high[1], bounds);
      if (!last) return tl::unexpected(last.error());
      end = *last;
    } else if (!single) {
      return tl::unexpected(fmt::format("too many hyphens: {}", text));
    }
  }
  std::uint32_t step = 1;
  if (range_and_step.size() == 2) {
    const auto written = number(range_and_step[1], Bounds{0, 0, {}, 0});
    if (!written) return tl::unexpected(written.error());
    step = *written;
    // "5/10": from 5 on.
    if (single && star == 0) end = bounds.high;
    if (step > 1) star = 0;
  } else if (range_and_step.size() > 2) {
    return tl::unexpected(fmt::format("too many slashes: {}", text));
  }
  if (start < bounds.low) return tl::unexpected(fmt::format("beginning of range ({}) below minimum ({}): {}", start, bounds.low, text));
  if (end > bounds.high) return tl::unexpected(fmt::format("end of range ({}) above maximum ({}): {}", end, bounds.high, text));
  if (start > end) return tl::unexpected(fmt::format("beginning of range ({}) beyond end of range ({}): {}", start, end, text));
  if (step == 0) return tl::unexpected(fmt::format("step of range should be a positive number: {}", text));
  std::uint64_t bits = star;
  for (std::uint64_t i = start; i <= end; i += step) bits |= std::uint64_t{1} << i;
  return bits;
}

Parsed parse_field(const std::string& text, const Bounds& bounds) {
  std::uint64_t bits = 0;
  for (const std::string& part : split(text, ',')) {
    if (part.empty()) continue;
    const Parsed range = parse_range(part, bounds);
    if (!range) return range;
    bits |= *range;
  }
  return bits;
}

/// Go's time.ParseDuration for whole units: "1h30m", "90s". Seconds; cut to whole ones, at least 1.
std::optional<std::int64_t> parse_every(std::string_view text) {
  static const std::map<std::string, double, std::less<>> units = {{"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::size_t next = std::min(text.find_first_of("0123456789.", digits), text.size());
    const auto unit = units.find(text.substr(digits, next - digits));
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (digits == 0 || unit == units.end() || error != std::errc{} || end != text.data() + digits) return std::nullopt;
    total += value * unit->second;
    text.remove_prefix(next);
  }
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(total));
}

const std::array<Bounds, 5>& field_bounds() {
  static const std::array<Bounds, 5> bounds = {
      Bounds{0, 59, {}, 0}, Bounds{0, 23, {}, 0}, Bounds{1, 31, {}, 0},
      Bounds{1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}, 1},
      Bounds{0, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, 0}};
  return bounds;
}

bool has(std::uint64_t bits, std::int64_t value) { return (bits >> value & 1) != 0; }

}  // namespace

bool is_time_zone(std::string_view name) { return find_zone(name) != nullptr; }

std::string format_in_zone(std::int64_t unix_seconds, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  if (found == nullptr) found = find_zone("UTC");
  const Civil civil = to_civil(unix_seconds, *found);
  const auto offset = found->get_info(date::sys_seconds{std::chrono::seconds(unix_seconds)}).offset.count();
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second);
  if (offset == 0) return fmt::format("{}Z", text);
  const auto size = offset < 0 ? -offset : offset;
  return fmt::format("{}{}{:02}:{:02}", text, offset < 0 ? '-' : '+', size / kHour, size % kHour / kMinute);
}

std::string format_rfc1123(std::int64_t unix_seconds) {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Civil civil = to_civil(unix_seconds, *find_zone("UTC"));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[civil.weekday], civil.day, kMonths[civil.month - 1], civil.year,
                     civil.hour, civil.minute, civil.second);
}

tl::expected<CronSchedule, std::string> CronSchedule::parse(const std::string& spec, const std::string& zone) {
  static const std::map<std::string, std::string, std::less<>> descriptors = {
      {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
      {"@daily", "0 0 * * *"}, {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"}};
  CronSchedule schedule;
  schedule.zone_ = zone;
  if (spec.empty()) return tl::unexpected(std::string("empty spec string"));
  std::string text = spec;
  if (spec.starts_with('@')) {
    constexpr std::string_view kEvery = "@every ";
    if (spec.starts_with(kEvery)) {
      const auto period = parse_every(std::string_view(spec).substr(kEvery.size()));
      if (!period) return tl::unexpected(fmt::format("failed to parse duration {}: time: invalid duration \"{}\"", spec, spec.substr(kEvery.size())));
      schedule.every_ = *period;
      return schedule;
    }
    const auto found = descriptors.find(spec);
    if (found == descriptors.end()) return tl::unexpected(fmt::format("unrecognized descriptor: {}", spec));
    text = found->second;
  }
  std::vector<std::string> fields;
  for (const std::string& field : split(text, ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.size() != 5) {
    return tl::unexpected(fmt::format("expected exactly 5 fields, found {}: [{}]", fields.size(), fmt::join(fields, " ")));
  }
  const std::array<std::uint64_t*, 5> targets = {&schedule.minute_, &schedule.hour_, &schedule.day_, &schedule.month_, &schedule.weekday_};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Parsed bits = parse_field(fields[i], field_bounds()[i]);
    if (!bits) return tl::unexpected(bits.error());
    *targets[i] = *bits;
  }
  return schedule;
}

/// Both restricted: either suffices; else both must hold.
bool CronSchedule::day_matches(std::int64_t day_of_month, unsigned weekday) const {
  const bool day = has(day_, day_of_month);
  const bool week = has(weekday_, weekday);
  return (day_ & kStar) != 0 || (weekday_ & kStar) != 0 ? day && week : day || week;
}

std::optional<std::int64_t> CronSchedule::next(std::int64_t unix_seconds) const {
  if (every_ > 0) return unix_seconds + every_;
  const date::time_zone* zone = find_zone(zone_);
  if (zone == nullptr) return std::nullopt;
  std::int64_t t = unix_seconds + 1;
  Civil civil = to_civil(t, *zone);
  const int last_year = civil.year + 5;
  bool reset = false;  // fields below the one that moved start at their beginning
  const auto move_to = [&](std::int64_t moment) {
    t = moment;
    civil = to_civil(t, *zone);
  };
  while (civil.year <= last_year) {
    bool wrapped = false;
    while (!has(month_, civil.month)) {
      const std::int64_t hour = reset ? civil.hour : 0;
      const std::int64_t day = reset ? civil.day : 1;
      reset = true;
      const bool december = civil.month == 12;
      move_to(to_unix(december ? civil.year + 1 : civil.year, december ? 1 : civil.month + 1, day, hour, *zone));
      if (civil.month == 1) {
        wrapped = true;
        break;
      }
    }
    if (wrapped) continue;
    while (!day_matches(civil.day, civil.weekday)) {
      const std::int64_t hour = reset ? civil.hour : 0;
      reset = true;
      move_to(to_unix(civil.year, civil.month, std::int64_t{civil.day} + 1, hour, *zone));
      // Midnight does not exist everywhere.
      if (civil.hour != 0) move_to(civil.hour > 12 ? t + (24 - civil.hour) * kHour : t - civil.hour * kHour);
      if (civil.day == 1) {
        wrapped = true;
        break;
      }
    }
    if (wrapped) continue;
    while (!has(hour_, civil.hour)) {
      if (!reset) move_to(t - civil.minute * kMinute - civil.second);
      reset = true;
      move_to(t + kHour);
      if (civil.hour == 0) {
        wrapped = true;
        break;
      }
    }
    if (wrapped) continue;
    while (!has(minute_, civil.minute)) {
      if (!reset) move_to(t - civil.second);
      reset = true;
      move_to(t + kMinute);
      if (civil.minute == 0) {
        wrapped = true;
        break;
      }
    }
    if (wrapped) continue;
    // Seconds are always zero in five-field schedules.
    if (civil.second == 0) return t;
    reset = true;
    const bool last_minute = civil.minute == 59;
    move_to(t + kMinute - civil.second);
    if (!last_minute && has(minute_, civil.minute) && has(hour_, civil.hour) && day_matches(civil.day, civil.weekday) && has(month_, civil.month)) return t;
  }
  return std::nullopt;
}

}  // namespace tandem::control
