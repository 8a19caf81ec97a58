#pragma once
// Replay: the recorded moments at which pods became Ready and disappeared are fed to a fresh pair of controllers; what sizes
// do they give the ReplicaSets? Equal sequences mean that the recorded run was decided as our controllers decide, whoever
// wrote the recording (kind-rollouts/README.md rule 1).

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/time.hpp"
#include "core/cluster/api_server.hpp"

namespace tandem::control {

/// A pod of the recording, named by the order of creation: ReplicaSets count from 1, so do the pods of each.
struct ReplayPodId {
  int replica_set = 0;
  int pod = 0;
  friend auto operator<=>(const ReplayPodId&, const ReplayPodId&) = default;
};

struct ReadinessChange {
  SimTime at;
  bool ready = false;
};

/// What the recording says about a pod. Controllers decide about creation and deletion; everything else comes from here.
struct ReplayPod {
  ReplayPodId id;
  std::string node_name{};                   ///< empty: a node of its own
  std::optional<SimTime> bound_at{};         ///< absent: when it first becomes ready
  std::vector<ReadinessChange> readiness{};  ///< in order of time
  std::optional<SimTime> failed_at{};        ///< phase Failed
  std::optional<SimTime> deleted_at{};       ///< marked for deletion, by whomever
  std::optional<SimTime> gone_at{};          ///< the object was removed
};

struct CreateDeployment {
  cluster::Deployment deployment;
};
struct EditDeployment {
  std::function<void(cluster::Deployment&)> edit;  ///< template, replicas, paused, … in one update
};
struct UndoDeployment {
  std::int64_t to_revision = 0;  ///< 0: the previous one
};
struct DeletePod {
  ReplayPodId id;
};
struct ReplayAction {
  SimTime at;
  std::variant<CreateDeployment, EditDeployment, UndoDeployment, DeletePod> what;
};

/// One Deployment's part of a recording. Times are those of the commits; they may be negative (before the recording began).
struct ReplayInput {
  cluster::DeliveryProfile profile;  ///< how fast the recorded control plane was
  std::uint64_t seed = 0;
  std::vector<ReplayAction> actions;  ///< the first one creates the Deployment
  std::vector<ReplayPod> pods;
  SimDuration settle = seconds(10);  ///< how long the controllers run on after the last recorded moment
};

/// A change of spec.replicas; from -1: created with that size; to -1: deleted.
struct SizeChange {
  int replica_set = 0;
  std::int32_t from = 0;
  std::int32_t to = 0;
  SimTime at;
  /// The time is not part of what must agree.
  friend bool operator==(const SizeChange& a, const SizeChange& b) {
    return a.replica_set == b.replica_set && a.from == b.from && a.to == b.to;
  }
};

struct ReplayResult {
  std::vector<SizeChange> sizes;    ///< in order of commits
  std::map<int, int> pods_created;  ///< by ReplicaSet
};

/// Errors: ValueConflict when the actions are not in order of time or do not begin with the creation; errors of the API
/// server for an action it refuses.
Result<ReplayResult> replay(const ReplayInput& input);

/// Changes of one ReplicaSet in one direction that follow each other directly count as one: watches may show them as one, and a
/// controller may cut them differently (controllers/README.md). A creation (from -1) is joined with the growth that follows it
/// directly, a deletion (to -1) with nothing.
std::vector<SizeChange> join_directions(const std::vector<SizeChange>& sizes);

/// "[2,-1,1] [1,4,3] …" for messages.
std::string to_string(const std::vector<SizeChange>& sizes);

}  // namespace tandem::control
