#pragma once
// SchedulerConfig as JSON: part of the resolved scenario, and read back from a recording by whoever explains its decisions.

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/scenario/scheduler_config.hpp"

namespace tandem::scenario {

nlohmann::json to_json(const SchedulerConfig& config);
/// Errors: ValueType with the path of what is not as to_json writes it.
Result<SchedulerConfig> scheduler_config_of(const nlohmann::json& document);

}  // namespace tandem::scenario
