#pragma once

#include <algorithm>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// Effect empty or equal, key empty or equal, and operator Exists, or Equal (also when empty) with equal values.
/// Source: k8s.io/api core/v1 Toleration.ToleratesTaint.
inline bool tolerates(const Toleration& toleration, const Taint& taint) {
  if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
  if (!toleration.key.empty() && toleration.key != taint.key) return false;
  if (toleration.op.empty() || toleration.op == "Equal") return toleration.value == taint.value;
  return toleration.op == "Exists";
}

/// Whether any of the tolerations tolerates the taint.
inline bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const Toleration& toleration) { return tolerates(toleration, taint); });
}

}  // namespace tandem::cluster
