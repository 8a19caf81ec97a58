#pragma once
// One sync of the deployment controller as a pure function: what it would write, in order, given what its caches show.
// Sources: kubernetes-semantics §2.2–§2.6; pkg/controller/deployment/{deployment_controller,sync,rolling,recreate}.go.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/time.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/controller_runtime.hpp"

namespace tandem::control {

/// Takes over an ownerless ReplicaSet whose labels match, or lets go of one that no longer matches.
struct ClaimReplicaSet {
  Claim what = Claim::Adopt;
  cluster::ObjectKey key;
};
/// Creates the ReplicaSet of a new version. A taken name raises the Deployment's collision count instead (unless the
/// namesake is this very ReplicaSet, created by an earlier sync that the cache did not show yet).
struct CreateReplicaSet {
  cluster::ReplicaSet object;
  std::string event;  ///< ScalingReplicaSet text posted after success; empty: none
};
/// Writes size or annotations of a ReplicaSet.
struct UpdateReplicaSet {
  cluster::ReplicaSet object;
  bool chained = false;  ///< on top of an earlier write of this sync (its answer's resourceVersion), else on the version cached
  std::string event;
};
struct DeleteReplicaSet {
  cluster::ObjectKey key;
};
/// Writes status and annotations, always on the version cached: the controller never picks up the version its own earlier
/// status write of the same sync produced, so a second real change conflicts and the key is retried (as in Kubernetes).
struct UpdateDeploymentStatus {
  cluster::Deployment object;
};
using DeploymentOperation =
    std::variant<ClaimReplicaSet, CreateReplicaSet, UpdateReplicaSet, DeleteReplicaSet, UpdateDeploymentStatus, PostEvent>;

struct DeploymentPlan {
  std::vector<DeploymentOperation> operations;  ///< one after another; the first error ends the sync
  std::string error;                            ///< not empty: the sync ends with this error after its operations
  std::optional<SimDuration> requeue_after;     ///< look again later (progress deadline)
  bool requeue_rate_limited = false;            ///< look again at the retry limiter's pace
};

/// Pods with a phase other than Succeeded and Failed, terminating ones included, by the uid of their ReplicaSet. Only Recreate
/// reads it.
using RunningPods = std::map<std::string, std::int32_t, std::less<>>;

/// `candidates`: ReplicaSets of the namespace that the Deployment controls or could adopt, in any order.
DeploymentPlan plan_deployment_sync(const cluster::Deployment& deployment,
                                    std::span<const cluster::Ptr<cluster::ReplicaSet>> candidates,
                                    const RunningPods& running_pods, SimTime now);

/// The status write after CreateReplicaSet met another object of that name: collision count + 1.
UpdateDeploymentStatus plan_name_collision(const cluster::Deployment& deployment);
/// What is written and posted when creating the new ReplicaSet failed for another reason.
std::vector<DeploymentOperation> plan_create_failure(const cluster::Deployment& deployment, const cluster::ReplicaSet& wanted,
                                                     const std::string& why, SimTime now);

}  // namespace tandem::control
