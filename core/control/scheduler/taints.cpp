#include "core/control/scheduler/taints.hpp"

#include <algorithm>

namespace tandem::control::scheduler {

bool tolerates(const cluster::Toleration& toleration, const cluster::Taint& taint) {
  if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
  if (!toleration.key.empty() && toleration.key != taint.key) return false;
  if (toleration.op.empty() || toleration.op == "Equal") return toleration.value == taint.value;
  return toleration.op == "Exists";
}

bool tolerates(const std::vector<cluster::Toleration>& tolerations, const cluster::Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const cluster::Toleration& toleration) { return tolerates(toleration, taint); });
}

const cluster::Taint* first_untolerated(const std::vector<cluster::Taint>& taints,
                                        const std::vector<cluster::Toleration>& tolerations) {
  for (const cluster::Taint& taint : taints) {
    if (taint.effect != "NoSchedule" && taint.effect != "NoExecute") continue;
    if (!tolerates(tolerations, taint)) return &taint;
  }
  return nullptr;
}

}  // namespace tandem::control::scheduler
