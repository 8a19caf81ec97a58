#pragma once
// What only the whole scenario can tell: references between its parts, and whether it is too large to run.

#include "core/scenario/manifests.hpp"
#include "core/scenario/spec_reader.hpp"

namespace tandem::scenario {

/// Everything read so far, with the views that give places.
struct ScenarioParts {
  const Scenario& scenario;                          ///< cluster, images and horizon filled in
  const ManifestSet& manifests;
  const std::vector<Read<TrafficSpec>>& traffic;
  const std::vector<Read<TimelineAction>>& timeline;
  const std::vector<Read<CheckSpec>>& checks;
  bool nodes_known = true;                           ///< false: the cluster section has errors of its own
  bool manifests_known = true;                       ///< false: some manifest has errors, so what it defines is unknown
  bool images_known = true;
  bool traffic_known = true;
};

/// Reports references to what does not exist, times beyond the horizon, and a scenario too large to run.
void check_references(const ScenarioParts& parts, const InputLimits& limits, Diagnostics& diagnostics);

}  // namespace tandem::scenario
