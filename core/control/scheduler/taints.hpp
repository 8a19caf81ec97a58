#pragma once
// Taints and tolerations (kubernetes-semantics §1.5). Shared by two plugins, spreading, and whoever evicts by taint.

#include <string_view>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::control::scheduler {

/// Effect empty or equal, key empty or equal, and operator Exists, or Equal (also when empty) with equal values.
/// Source: k8s.io/api core/v1 Toleration.ToleratesTaint.
bool tolerates(const cluster::Toleration& toleration, const cluster::Taint& taint);

/// Whether any of the tolerations tolerates the taint.
bool tolerates(const std::vector<cluster::Toleration>& tolerations, const cluster::Taint& taint);

/// The first taint of effect NoSchedule or NoExecute, in list order, that nothing tolerates; nullptr if there is none.
const cluster::Taint* first_untolerated(const std::vector<cluster::Taint>& taints,
                                        const std::vector<cluster::Toleration>& tolerations);

}  // namespace tandem::control::scheduler
