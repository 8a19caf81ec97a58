#include "core/control/replica_set_expectations.hpp"

#include <utility>

namespace tandem::control {

using cluster::ObjectKey;

void ReplicaSetExpectations::expect_creations(const ObjectKey& replica_set, std::int32_t count, SimTime now) {
  outstanding_[replica_set] = {count, {}, now};
}

void ReplicaSetExpectations::expect_deletions(const ObjectKey& replica_set, std::set<ObjectKey> pods, SimTime now) {
  outstanding_[replica_set] = {0, std::move(pods), now};
}

void ReplicaSetExpectations::creation_observed(const ObjectKey& replica_set) {
  const auto found = outstanding_.find(replica_set);
  if (found != outstanding_.end()) --found->second.creations;
}

void ReplicaSetExpectations::deletion_observed(const ObjectKey& replica_set, const ObjectKey& pod) {
  const auto found = outstanding_.find(replica_set);
  if (found != outstanding_.end()) found->second.deletions.erase(pod);
}

void ReplicaSetExpectations::forget(const ObjectKey& replica_set) { outstanding_.erase(replica_set); }

bool ReplicaSetExpectations::satisfied(const ObjectKey& replica_set, SimTime now) const {
  const auto found = outstanding_.find(replica_set);
  if (found == outstanding_.end()) return true;
  const Outstanding& waiting = found->second;
  return (waiting.creations <= 0 && waiting.deletions.empty()) || now - waiting.since > kTimeout;
}

}  // namespace tandem::control
