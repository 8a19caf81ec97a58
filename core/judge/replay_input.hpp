#pragma once
// A recording as input of control::replay: what people did to a Deployment and what became of its pods, without what the
// controllers decided.

#include <string>
#include <vector>

#include "core/control/replay.hpp"
#include "core/judge/run_history.hpp"
#include "core/record/recording.hpp"

namespace tandem::judge {

/// Actions: the creation, every later change of the specification, and deletions of pods that the ReplicaSet controller did not
/// ask for (the ReplicaSet had no pod too many at that moment). `profile` is the delivery profile of the recorded run. The replay
/// ends when the recording does.
control::ReplayInput replay_input_of(const DeploymentLife& deployment, const record::Recording& recording, const RunHistory& history,
                                     cluster::DeliveryProfile profile);

struct ReplayComparison {
  std::string deployment;
  std::vector<control::SizeChange> recorded;
  std::vector<control::SizeChange> replayed;
  bool same = false;         ///< equal, change by change
  bool same_joined = false;  ///< equal once changes in one direction are joined (control::join_directions)
};

/// Every Deployment of the recording through a fresh controller. Errors: those of control::replay.
Result<std::vector<ReplayComparison>> replay_and_compare(const record::Recording& recording, const RunHistory& history,
                                                         const cluster::DeliveryProfile& profile);

}  // namespace tandem::judge
