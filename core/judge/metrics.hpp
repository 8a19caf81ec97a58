#pragma once
// Values of the check language's metrics (scenario::metric_definitions) in a window of a run.

#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/judge/run_history.hpp"
#include "core/record/recording.hpp"
#include "core/scenario/check_expression.hpp"

namespace tandem::judge {

/// Requests count by their intended time, rollouts by their start.
struct Window {
  SimTime from;
  SimTime until;  ///< exclusive
  bool whole_run = false;
};

struct MetricValue {
  double value = 0;         ///< ms for times, a ratio for rates and shares, per second for a counter's rate
  std::uint64_t count = 0;  ///< requests, rollouts or moments of change behind it
  bool at_least = false;    ///< a rollout that was not over: its duration is this or more
  std::string note;         ///< "from one request in 8", where requests were sampled; else empty
};

/// Percentiles are nearest rank: sorted[ceil(p/100 * n) - 1]; from the exact totals' histogram (relative error at most 10^-3) when
/// the window is the whole run, no tag but traffic restricts it and requests were sampled; else from the stored requests. Counts
/// of sampled requests are scaled up. Figures of the cluster are averaged over time; `value` is the one at the window's end. Errors: UsageNotFound (no such traffic source or Deployment; no data).
Result<MetricValue> metric_value(const scenario::Metric& metric, const scenario::Threshold& threshold, const Window& window,
                                 const record::Recording& recording, const RunHistory& history);

}  // namespace tandem::judge
