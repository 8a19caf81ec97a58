#pragma once
// Logical names: what an object is, not what it happens to be called. Random pod and ReplicaSet names differ between two runs of
// one scenario; owner and ordinal do not.

#include <cstdint>
#include <map>
#include <string>

#include "core/judge/run_history.hpp"

namespace tandem::judge {

/// "web", or "shop/web" outside the default namespace.
std::string identity_of(const DeploymentLife& deployment);

class Identities {
 public:
  explicit Identities(const RunHistory& history);
  /// "web#2": the second ReplicaSet of Deployment web; a ReplicaSet without a Deployment keeps its name.
  [[nodiscard]] std::string of(const ReplicaSetLife& replica_set) const;
  /// "web#2.3": the third pod of that ReplicaSet; a pod without an owner keeps its name.
  [[nodiscard]] std::string of(const PodLife& pod) const;
  /// What `pod` is one of: its ReplicaSet's identity, or its own name.
  [[nodiscard]] std::string group_of(const PodLife& pod) const;

 private:
  std::map<std::string, std::string> by_uid_;  // Deployments and ReplicaSets
};

}  // namespace tandem::judge
