#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tandem::cluster::api {

/// What robfig/cron's standard parser (five fields, descriptors, TZ= prefix) objects to; nothing when it accepts the text.
std::optional<std::string> cron_schedule_error(std::string_view schedule);
/// True for a name of the IANA time zone database, for "UTC" and for "Local".
bool is_time_zone(std::string_view name);

}  // namespace tandem::cluster::api
