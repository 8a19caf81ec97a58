#pragma once
// Rollouts, availability and ReplicaSet sizes of Deployments, read off a run's history.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/judge/run_history.hpp"

namespace tandem::judge {

/// One change of a Deployment's pod template (or its creation) and what followed.
struct Rollout {
  const DeploymentLife* deployment = nullptr;
  std::uint32_t number = 0;              ///< 0: the creation; then 1, 2, … in order of template changes
  SimTime start;                         ///< the timeline action that asked for it; else the commit of the change
  bool from_action = false;              ///< start is an action's mark
  Instant committed;                     ///< the template change itself
  std::optional<SimTime> complete;       ///< every replica updated and available, none left over (and seen by the controller)
  std::optional<SimTime> last_old_gone;  ///< last pod of another template gone; absent if there was none
  std::optional<SimTime> end;            ///< when both have happened, unless superseded by the next change
  bool superseded = false;

  [[nodiscard]] std::optional<SimDuration> duration() const {
    return end ? std::optional(*end - start) : std::nullopt;
  }
};
/// In order of their changes. The result points into `history`.
std::vector<Rollout> rollouts_of(const DeploymentLife& deployment, const RunHistory& history);

/// A ReplicaSet got another size (spec.replicas); from -1: it was created, to -1: it was deleted (as control::SizeChange, with the
/// moment's place in the order of commits). `replica_set` is its ordinal under its Deployment.
struct SizeChange {
  Instant at;
  std::uint32_t replica_set = 0;
  std::int32_t from = -1;
  std::int32_t to = -1;
  friend bool operator==(const SizeChange&, const SizeChange&) = default;
};
/// Every size change of the Deployment's ReplicaSets in commit order.
std::vector<SizeChange> size_changes(const DeploymentLife& deployment, const RunHistory& history);
/// A rollout's sizes as people say them: "old 4; new 1; old 3; new 2; …": the sizes when it began, then its changes. With more than
/// one old ReplicaSet alive they are told apart as "old(1)", "old(2)".
std::string sizes_text(const Rollout& rollout, const RunHistory& history);

/// How far a Deployment was from what it asked for, from the first moment it had all of it to the end of the run.
struct Availability {
  std::optional<SimTime> first_full;     ///< absent: never; then everything counts from time zero
  double missing_replica_seconds = 0;    ///< integral of desired minus available
  SimDuration below_desired;             ///< total time
  SimDuration longest_below_desired;
  SimDuration below_minimum;             ///< below desired minus maxUnavailable
  SimDuration longest_below_minimum;
  std::int32_t lowest_available = 0;
};
Availability availability_of(const DeploymentLife& deployment, const RunHistory& history);

}  // namespace tandem::judge
