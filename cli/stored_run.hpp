#pragma once
// A recording folder with what `run` stored beside it.

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/judge/checks.hpp"
#include "core/judge/run_history.hpp"
#include "core/record/recording.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::cli {

struct StoredRun {
  record::Recording recording;
  judge::RunHistory history;
  std::vector<scenario::CheckSpec> checks;   ///< of the scenario that was run
  std::string delivery;                      ///< delivery profile of the run
  std::optional<scenario::SchedulerConfig> scheduler;  ///< as resolved; absent if the run did not store it
};
/// Errors: those of opening; RecordDamaged if scenario.json cannot be read.
Result<StoredRun> open_run(const std::string& folder);

/// "21.5s" → run time; empty: the end of the run. Errors: UsageBadArgument.
Result<SimTime> moment_of(const std::string& text, const record::Recording& recording);

/// Every object at `time` as Kubernetes JSON, and that time in Unix seconds of the recording's epoch.
std::vector<nlohmann::json> objects_at(const record::Recording& recording, SimTime time);
std::int64_t unix_seconds_at(SimTime time);
/// One object as the API server would send it: times in whole seconds.
nlohmann::json json_with_seconds(const cluster::AnyObject& object);

/// Events as `kubectl get events` shows them, oldest first, ages counted back from the end of the run.
std::string events_table(const record::Recording& recording);

}  // namespace tandem::cli
