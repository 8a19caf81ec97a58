#include "core/control/scheduler/pod_conditions.hpp"

#include <algorithm>

namespace tandem::control::scheduler {

void set_condition(std::vector<cluster::Condition>& conditions, cluster::Condition condition) {
  const auto place = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const cluster::Condition& known) { return known.type == condition.type; });
  if (place == conditions.end()) {
    conditions.push_back(std::move(condition));
    return;
  }
  if (place->status == condition.status) condition.last_transition_time = place->last_transition_time;
  *place = std::move(condition);
}

}  // namespace tandem::control::scheduler
