#pragma once
// Durations as kubectl shows them (apimachinery util/duration).

#include <cstdint>
#include <string>

namespace tandem::kubectl {

/// duration.HumanDuration of whole seconds, the form of ages, restarts and durations in tables: "119s", "2m5s", "179m", "3h20m",
/// "47h", "2d2h", "400d", "2y70d", "9y". Up to one second in the future is "0s", further ahead "<invalid>".
std::string human_duration(std::int64_t seconds);

/// duration.ShortHumanDuration: one unit only: "59s", "59m", "23h", "364d", "9y". The future as above.
std::string short_human_duration(std::int64_t seconds);

}  // namespace tandem::kubectl
