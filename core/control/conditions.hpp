#pragma once
// Conditions of a status, as controllers set them: a new one when missing, the transition time only when the status changes.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::control {

/// Sets the condition of that type; its last transition is `now` if it is new or its status differs.
inline void set_condition(std::vector<cluster::Condition>& conditions, std::string_view type, cluster::ConditionStatus status,
                          std::string_view reason, std::string message, SimTime now) {
  const auto same_type = [&](const cluster::Condition& condition) { return condition.type == type; };
  auto found = std::find_if(conditions.begin(), conditions.end(), same_type);
  if (found == conditions.end()) {
    conditions.push_back({.type = std::string(type)});
    found = std::prev(conditions.end());
    found->last_transition_time = now;
  } else if (found->status != status) {
    found->last_transition_time = now;
  }
  found->status = status;
  found->reason = reason;
  found->message = std::move(message);
}

}  // namespace tandem::control
