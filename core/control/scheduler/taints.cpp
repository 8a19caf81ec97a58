#include "core/control/scheduler/taints.hpp"

namespace tandem::control::scheduler {

const cluster::Taint* first_untolerated(const std::vector<cluster::Taint>& taints,
                                        const std::vector<cluster::Toleration>& tolerations) {
  for (const cluster::Taint& taint : taints) {
    if (taint.effect != "NoSchedule" && taint.effect != "NoExecute") continue;
    if (!tolerates(tolerations, taint)) return &taint;
  }
  return nullptr;
}

}  // namespace tandem::control::scheduler
