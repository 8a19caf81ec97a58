#pragma once
// The inside of algorithm.hpp: what the parts of one cycle hand on to each other.

#include "core/control/scheduler/algorithm.hpp"

namespace tandem::control::scheduler {

/// Everything about the pod being scheduled that lives for one cycle.
struct SchedulingAlgorithm::Cycle {
  CycleInput input;
  ClassResults& results;
  Detail detail;
  Decision decision;
  std::optional<PodRejection> pod_rejection;
  std::optional<std::vector<std::string>> node_names;  ///< only these can pass
  std::vector<std::string> naming_plugins;             ///< that said so
  std::optional<Rejection> nominated_rejection;        ///< of the pod's nominated node

  [[nodiscard]] bool full() const { return detail == Detail::Full; }
};

}  // namespace tandem::control::scheduler
