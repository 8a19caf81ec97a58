#pragma once
// Cron schedules as robfig/cron v3 reads and follows them (ParseStandard, SpecSchedule.Next), with time zones from the system's
// tz database. Moments are Unix seconds; nothing here reads a clock, TZ or a locale.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace tandem::control {

/// True for "" and "UTC" and for every name of the tz database.
bool is_time_zone(std::string_view name);

/// "2024-10-27T02:30:00+01:00": RFC 3339 in that zone; "Z" for UTC.
std::string format_in_zone(std::int64_t unix_seconds, std::string_view zone);

/// "Fri, 01 Mar 2024 00:05:00 +0000": RFC 1123 with a numeric zone, in UTC.
std::string format_rfc1123(std::int64_t unix_seconds);

class CronSchedule {
 public:
  /// Five fields or a descriptor (@hourly, @every 90s). The error is robfig's sentence.
  static tl::expected<CronSchedule, std::string> parse(const std::string& spec, const std::string& zone);

  /// First moment of the schedule strictly after `unix_seconds`; empty if there is none in the next five years.
  [[nodiscard]] std::optional<std::int64_t> next(std::int64_t unix_seconds) const;

 private:
  [[nodiscard]] bool day_matches(std::int64_t day_of_month, unsigned weekday) const;

  std::uint64_t minute_ = 0;
  std::uint64_t hour_ = 0;
  std::uint64_t day_ = 0;
  std::uint64_t month_ = 0;
  std::uint64_t weekday_ = 0;
  std::int64_t every_ = 0;  ///< seconds; 0: a calendar schedule
  std::string zone_;
};

}  // namespace tandem::control
