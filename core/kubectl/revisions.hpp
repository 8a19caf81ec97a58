#pragma once
// The replica sets of a deployment and their revisions, as kubectl finds them (kubectl pkg/util/deployment).

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace tandem::kubectl {

/// The annotation deployment.kubernetes.io/revision; 0 without one.
struct Revision {
  std::int64_t number = 0;
  std::string error;  ///< Go's words if the annotation is not a number
};
Revision revision_of(const nlohmann::json& object);

struct DeploymentReplicaSets {
  std::vector<const nlohmann::json*> old;      ///< oldest first
  const nlohmann::json* current = nullptr;     ///< the oldest with the deployment's pod template; null if there is none
};
/// Those that the deployment's selector matches and that it controls. Pointers into `objects`.
DeploymentReplicaSets replica_sets_of(const nlohmann::json& deployment, const std::vector<nlohmann::json>& objects);

/// Pod templates that mean the same, apart from the label pod-template-hash.
bool same_template(const nlohmann::json& a, const nlohmann::json& b);

}  // namespace tandem::kubectl
