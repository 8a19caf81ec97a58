#include <fmt/format.h>

#include <chrono>

#include "core/cluster/json.hpp"

namespace tandem::cluster {

namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::string_view kGoZeroTime = "0001-01-01T00:00:00Z";

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Calendar arithmetic only: no clock is read.
std::int64_t days_since_epoch(int year, unsigned month, unsigned day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

bool is_date(int year, unsigned month, unsigned day) {
  return std::chrono::year_month_day{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)}.ok();
}

/// Reads text from the left; every take says whether it succeeded.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool take(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take_digits(std::size_t count, int& out) {
    if (text_.size() < count) return false;
    out = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return false;
      out = out * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return true;
  }
  /// Digits after the point as nanoseconds; further ones are cut off.
  bool take_fraction(std::int64_t& nanoseconds_out) {
    std::int64_t scale = kNanosecondsPerSecond;
    std::size_t count = 0;
    nanoseconds_out = 0;
    for (int digit = 0; take_digits(1, digit); ++count) {
      scale /= 10;
      nanoseconds_out += digit * scale;
    }
    return count > 0;
  }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

tl::unexpected<Error> bad_time(std::string_view text, std::string_view why) {
  return fail(make_error(ErrorCode::ValueType, fmt::format("this is not a point in time: {}", why))
                  .with_found(std::string(text))
                  .with_allowed("RFC 3339, for example 2026-01-01T00:00:21Z"));
}

}  // namespace

std::string format_time(SimTime time, TimeFormat format) {
  if (time == kTimeUnset) return std::string(kGoZeroTime);
  std::int64_t whole = time.ns / kNanosecondsPerSecond;
  std::int64_t fraction = time.ns % kNanosecondsPerSecond;
  if (fraction < 0) {
    fraction += kNanosecondsPerSecond;
    --whole;
  }
  const std::int64_t unix_seconds = kEpochUnixSeconds + whole;
  constexpr std::int64_t kSecondsPerDay = 86'400;
  std::int64_t day_number = unix_seconds / kSecondsPerDay;
  std::int64_t second = unix_seconds % kSecondsPerDay;
  if (second < 0) {
    second += kSecondsPerDay;
    --day_number;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day_number))};
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3600, second / 60 % 60,
                 second % 60);
  if (format == TimeFormat::Nanoseconds) fmt::format_to(std::back_inserter(text), ".{:09}", fraction);
  text.push_back('Z');
  return fmt::to_string(text);
}

Result<SimTime> parse_time(std::string_view text) {
  if (text == kGoZeroTime) return kTimeUnset;
  Scanner scanner(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool shaped = scanner.take_digits(4, year) && scanner.take('-') && scanner.take_digits(2, month) && scanner.take('-') &&
                      scanner.take_digits(2, day) && (scanner.take('T') || scanner.take('t')) &&
                      scanner.take_digits(2, hour) && scanner.take(':') && scanner.take_digits(2, minute) &&
                      scanner.take(':') && scanner.take_digits(2, second);
  if (!shaped) return bad_time(text, "date and time are not written as RFC 3339 wants them");
  std::int64_t fraction = 0;
  if (scanner.take('.') && !scanner.take_fraction(fraction)) return bad_time(text, "there are no digits after the point");

  int offset_minutes = 0;
  if (!scanner.take('Z') && !scanner.take('z')) {
    const bool east = scanner.take('+');
    if (!east && !scanner.take('-')) return bad_time(text, "the zone is missing");
    int hours = 0, minutes = 0;
    if (!scanner.take_digits(2, hours) || !scanner.take(':') || !scanner.take_digits(2, minutes) || hours > 23 || minutes > 59) {
      return bad_time(text, "the zone is not Z or an offset such as +02:00");
    }
    offset_minutes = (east ? 1 : -1) * (hours * 60 + minutes);
  }
  if (!scanner.at_end()) return bad_time(text, "something follows the zone");
  if (!is_date(year, static_cast<unsigned>(month), static_cast<unsigned>(day)) || hour > 23 || minute > 59 || second > 59) {
    return bad_time(text, "there is no such moment");
  }
  const std::int64_t unix_seconds = days_since_epoch(year, static_cast<unsigned>(month), static_cast<unsigned>(day)) * 86'400 +
                                    hour * 3600 + minute * 60 + second - offset_minutes * 60;
  const std::int64_t since_zero = unix_seconds - kEpochUnixSeconds;
  // What a SimTime can hold beside kTimeUnset: about 146 years either way.
  constexpr std::int64_t kLimit = (std::int64_t{1} << 62) / kNanosecondsPerSecond - 1;
  if (since_zero < -kLimit || since_zero > kLimit) return bad_time(text, "it is more than 146 years away from 2026");
  return SimTime{since_zero * kNanosecondsPerSecond + fraction};
}

}  // namespace tandem::cluster
