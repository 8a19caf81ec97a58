#pragma once
// Which ReplicaSet belongs to which version of a Deployment: template equality and hash, names, revision annotations, undo.
// Sources: kubernetes-semantics §2.2, §2.6; pkg/controller/deployment/util, kubectl polymorphichelpers/rollback.go.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/cluster/api_server.hpp"

namespace tandem::control {

inline constexpr std::string_view kRevisionAnnotation = "deployment.kubernetes.io/revision";
inline constexpr std::string_view kRevisionHistoryAnnotation = "deployment.kubernetes.io/revision-history";
inline constexpr std::string_view kDesiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas";
inline constexpr std::string_view kMaxReplicasAnnotation = "deployment.kubernetes.io/max-replicas";
inline constexpr std::string_view kPodTemplateHashLabel = "pod-template-hash";

/// Equal but for the pod-template-hash label.
bool same_template(const cluster::PodTemplate& a, const cluster::PodTemplate& b);

/// 32-bit FNV-1a over the template's Kubernetes JSON with sorted keys, without the hash label, followed by the collision count
/// (8 bytes, little-endian) if there is one; decimal digits 0…9 written as 4 5 6 7 8 9 b c d f. Kubernetes hashes a dump of its
/// own Go object instead, so our hashes differ from a real cluster's (kubernetes-semantics §2.6).
std::string template_hash(const cluster::PodTemplate& pod_template, std::optional<std::int32_t> collision_count);

/// Deployment name + "-" + hash, the name cut so that both fit into 253 bytes.
std::string replica_set_name(std::string_view deployment_name, std::string_view hash);

/// Order "oldest first" of Kubernetes: creation in whole seconds, then name.
bool created_before(const cluster::ReplicaSet& a, const cluster::ReplicaSet& b);

/// Annotation as a number; empty when absent or not a decimal number.
std::optional<std::int64_t> number_annotation(const cluster::ObjectMeta& meta, std::string_view name);
/// Revision of a ReplicaSet or Deployment; 0 when it has none.
std::int64_t revision_of(const cluster::ObjectMeta& meta);
/// Highest revision; 0 for none.
std::int64_t max_revision(std::span<const cluster::ReplicaSet* const> replica_sets);

/// Copies the Deployment's own annotations (not the bookkeeping ones) and raises the revision to at least `revision`, moving a
/// smaller one to the history. Returns whether anything changed.
bool set_new_replica_set_annotations(const cluster::Deployment& deployment, std::int64_t revision,
                                     cluster::ReplicaSet& replica_set);
/// Writes desired-replicas and max-replicas; returns whether either changed.
bool set_replicas_annotations(const cluster::DeploymentSpec& spec, cluster::ReplicaSet& replica_set);

/// What `kubectl rollout undo` would patch.
struct Undo {
  std::int64_t revision = 0;  ///< the revision gone back to
  bool unchanged = false;     ///< the template already matches: kubectl skips the patch
  cluster::PodTemplate pod_template;
  cluster::Labels annotations;  ///< of the Deployment afterwards
};

/// `to_revision` 0: the one before the latest. `replica_sets`: all of the Deployment's. Errors: UsageNotFound (no such
/// revision), ValueConflict (paused), with kubectl's texts.
Result<Undo> plan_undo(const cluster::Deployment& deployment, std::span<const cluster::ReplicaSet* const> replica_sets,
                       std::int64_t to_revision);

/// plan_undo on the state of the API server, then the patch. Returns the Deployment afterwards.
Result<cluster::Ptr<cluster::Deployment>> undo(cluster::ApiServer& server, const cluster::ObjectKey& deployment,
                                               std::int64_t to_revision = 0);

}  // namespace tandem::control
