#include "core/judge/identity.hpp"

namespace tandem::judge {

namespace {

std::string qualified(const std::string& namespace_, const std::string& name) {
  return namespace_.empty() || namespace_ == "default" ? name : namespace_ + "/" + name;
}

}  // namespace

std::string identity_of(const DeploymentLife& deployment) { return qualified(deployment.namespace_, deployment.name); }

Identities::Identities(const RunHistory& history) {
  for (const DeploymentLife& deployment : history.deployments) {
    if (!deployment.uid.empty()) by_uid_[deployment.uid] = identity_of(deployment);
  }
  for (const ReplicaSetLife& set : history.replica_sets) {
    if (!set.uid.empty()) by_uid_[set.uid] = of(set);
  }
}

std::string Identities::of(const ReplicaSetLife& replica_set) const {
  const auto owner = by_uid_.find(replica_set.owner_uid);
  if (replica_set.owner_uid.empty() || owner == by_uid_.end()) return qualified(replica_set.namespace_, replica_set.name);
  return owner->second + "#" + std::to_string(replica_set.ordinal);
}

std::string Identities::group_of(const PodLife& pod) const {
  const auto owner = by_uid_.find(pod.owner_uid);
  if (pod.owner_uid.empty() || owner == by_uid_.end()) return qualified(pod.namespace_, pod.name);
  return owner->second;
}

std::string Identities::of(const PodLife& pod) const {
  const bool owned = !pod.owner_uid.empty() && by_uid_.contains(pod.owner_uid);
  return owned ? group_of(pod) + "." + std::to_string(pod.ordinal) : group_of(pod);
}

}  // namespace tandem::judge
