#pragma once
// The samples of a recording as the metrics server would serve them.

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/record/recording.hpp"

namespace tandem::cli {

/// The recording holds samples of CPU at all; one of a world that cannot measure has none.
bool has_metrics(const record::Recording& recording);

/// PodMetrics and NodeMetrics of `objects` from the last samples at or before `time`. Samples older than the metrics server's
/// window (15 s) are of containers that have gone.
std::vector<nlohmann::json> metrics_at(const record::Recording& recording, const std::vector<nlohmann::json>& objects, SimTime time);

}  // namespace tandem::cli
