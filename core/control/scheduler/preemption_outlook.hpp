#pragma once
// What preemption would say about a pod that fits nowhere (kubernetes-semantics §1.9, §1.10). Only the looking is done here;
// evicting victims is not built yet.

#include <span>
#include <string>

#include "core/control/scheduler/cycle_filters.hpp"

namespace tandem::control::scheduler {

struct PreemptionOutlook {
  bool would_help = false;  ///< on some node, without its less important pods, the pod would fit
  std::string text;         ///< the part of the failure message after the node reasons; empty if preemption would help
};

/// Tries every node that filters rejected with Unschedulable: without all pods of lower priority, do the filters pass?
/// `filters` are those of the failed cycle; their states are changed and put back.
PreemptionOutlook look_at_preemption(const CycleInput& input, const CycleFilters& filters,
                                     std::span<const NodeIndex> unschedulable);

}  // namespace tandem::control::scheduler
