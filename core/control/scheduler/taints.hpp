#pragma once
// Taints (kubernetes-semantics §1.5). Shared by two plugins and spreading.

#include <vector>

#include "core/cluster/tolerations.hpp"

namespace tandem::control::scheduler {

using cluster::tolerates;

/// The first taint of effect NoSchedule or NoExecute, in list order, that nothing tolerates; nullptr if there is none.
const cluster::Taint* first_untolerated(const std::vector<cluster::Taint>& taints,
                                        const std::vector<cluster::Toleration>& tolerations);

}  // namespace tandem::control::scheduler
