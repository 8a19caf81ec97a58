#pragma once
// Status and conditions of a Deployment, and when to look again for progress.
// Sources: kubernetes-semantics §2.6; pkg/controller/deployment/{sync,progress}.go.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::control {

inline constexpr std::string_view kConditionAvailable = "Available";
inline constexpr std::string_view kConditionProgressing = "Progressing";
inline constexpr std::string_view kConditionReplicaFailure = "ReplicaFailure";

inline constexpr std::string_view kReasonMinimumAvailable = "MinimumReplicasAvailable";
inline constexpr std::string_view kReasonMinimumUnavailable = "MinimumReplicasUnavailable";
inline constexpr std::string_view kReasonReplicaSetUpdated = "ReplicaSetUpdated";
inline constexpr std::string_view kReasonNewReplicaSetCreated = "NewReplicaSetCreated";
inline constexpr std::string_view kReasonFoundNewReplicaSet = "FoundNewReplicaSet";
inline constexpr std::string_view kReasonNewReplicaSetAvailable = "NewReplicaSetAvailable";
inline constexpr std::string_view kReasonReplicaSetCreateError = "ReplicaSetCreateError";
inline constexpr std::string_view kReasonDeadlineExceeded = "ProgressDeadlineExceeded";
inline constexpr std::string_view kReasonPaused = "DeploymentPaused";
inline constexpr std::string_view kReasonResumed = "DeploymentResumed";

/// A condition that begins now; times are cut to whole seconds as the API server stores them.
cluster::Condition deployment_condition(std::string_view type, cluster::ConditionStatus status, std::string_view reason,
                                        std::string message, SimTime now);
/// Replaces the condition of that type and moves it to the end. Nothing happens if status and reason are the same; the
/// transition time stays if the status is the same.
void set_condition(std::vector<cluster::Condition>& conditions, cluster::Condition condition);
void remove_condition(std::vector<cluster::Condition>& conditions, std::string_view type);

/// False for the largest int32, by which Kubernetes says "no deadline".
bool has_progress_deadline(const cluster::DeploymentSpec& spec);
/// Everything updated, available and observed, nothing old left.
bool is_complete(const cluster::Deployment& deployment, const cluster::DeploymentStatus& status);

/// Counters and the Available condition from the ReplicaSets' status; other conditions are carried over.
/// `new_replica_set` may be null; `all` includes it.
cluster::DeploymentStatus calculate_status(const cluster::Deployment& deployment,
                                           std::span<const cluster::ReplicaSet* const> all,
                                           const cluster::ReplicaSet* new_replica_set, SimTime now);
/// calculate_status, then Progressing (complete, progressing, timed out) and ReplicaFailure.
cluster::DeploymentStatus calculate_rollout_status(const cluster::Deployment& deployment,
                                                   std::span<const cluster::ReplicaSet* const> all,
                                                   const cluster::ReplicaSet* new_replica_set, SimTime now);

/// When a Deployment whose status did not change must be looked at again for its deadline.
struct ProgressCheck {
  bool needed = false;
  bool rate_limited = false;  ///< less than a second is left: at the pace of the retry limiter
  SimDuration after;          ///< else after this long (the rest of the deadline + 1 s)
};
ProgressCheck next_progress_check(const cluster::Deployment& deployment, const cluster::DeploymentStatus& status, SimTime now);

}  // namespace tandem::control
