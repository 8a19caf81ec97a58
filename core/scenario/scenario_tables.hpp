#pragma once
// The field tables of our own kinds: everything a scenario or calibration file may say, with defaults and explanations.

#include "core/base/limits.hpp"
#include "core/scenario/fields.hpp"

namespace tandem::scenario {

const FieldTable& scenario_table();      ///< a whole scenario document
const FieldTable& calibration_table();   ///< a whole calibration document

// Parts of the scenario that readers need on their own.
const FieldTable& spec_table();
const FieldTable& cluster_table();
const FieldTable& node_table();
const FieldTable& node_defaults_table();
const FieldTable& link_table();
const FieldTable& image_table();
const FieldTable& exit_table();
const FieldTable& memory_table();
const FieldTable& failure_table();
const FieldTable& route_table();
const FieldTable& registry_table();
const FieldTable& balancer_table();
const FieldTable& traffic_table();
const FieldTable& timeline_table();      ///< timeline_tables.cpp
const FieldTable& check_table();
const FieldTable& scheduler_table();     ///< scheduler_tables.cpp

/// Names of the timeline's actions, in the order of the documentation.
const std::vector<std::string_view>& timeline_action_names();

/// Largest number a count field takes, and the longest time in nanoseconds.
inline constexpr double kCountLimit = static_cast<double>(kInputLimits.count);
inline constexpr double kTimeLimit = static_cast<double>(kInputLimits.time_ns);

}  // namespace tandem::scenario
