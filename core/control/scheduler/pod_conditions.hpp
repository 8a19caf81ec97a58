#pragma once
// Writing a condition as Kubernetes' UpdatePodCondition does.

#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::control::scheduler {

/// Replaces the condition of the same type or adds it. The transition time changes with the status only.
void set_condition(std::vector<cluster::Condition>& conditions, cluster::Condition condition);

}  // namespace tandem::control::scheduler
