#pragma once
// Whole numbers that change at moments, and the conditions over them.

#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/judge/event_history.hpp"
#include "core/judge/run_history.hpp"
#include "core/scenario/check_expression.hpp"

namespace tandem::judge {

/// A step function of time: 0 before its first point; each point gives the value from its time on. Times ascend strictly:
/// several changes inside one instant count as one, by their last value.
struct Steps {
  std::vector<std::pair<SimTime, std::int64_t>> points;
  [[nodiscard]] std::int64_t at(SimTime time) const;
};

/// The field over the whole run. `events` may be null unless the field asks for events. Errors: UsageNotFound if the run never had
/// the object it names (with the nearest name).
Result<Steps> steps_of(const scenario::ObjectField& field, const RunHistory& history, const std::vector<EventLife>* events = nullptr);

/// A condition over the whole run, as a step function of 0 and 1, and the values its fields had.
struct ConditionOverTime {
  std::vector<std::pair<scenario::ObjectField, Steps>> fields;
  Steps holds;
  [[nodiscard]] bool at(SimTime time) const { return holds.at(time) != 0; }
  /// "deployment/web.available = 2, deployment/web.desired = 4" at `time`.
  [[nodiscard]] std::string values_at(SimTime time) const;
  /// First moment in [from, until) at which the condition has the value; nullopt if none.
  [[nodiscard]] std::optional<SimTime> first(bool value, SimTime from, SimTime until) const;
  /// Time in [from, until) during which the condition has the value.
  [[nodiscard]] SimDuration total(bool value, SimTime from, SimTime until) const;
};

/// Errors: those of steps_of.
Result<ConditionOverTime> condition_over_time(const scenario::Expression& condition, const RunHistory& history,
                                              const std::vector<EventLife>* events = nullptr);

}  // namespace tandem::judge
