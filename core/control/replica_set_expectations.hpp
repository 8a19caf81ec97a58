#pragma once
// What a ReplicaSet's controller still waits to see of its own creations and deletions (kubernetes-semantics §3;
// pkg/controller/controller_utils.go UIDTrackingControllerExpectations). Until then, or for five minutes, it does not act
// again: its pod cache would make it create or delete twice.

#include <cstdint>
#include <map>
#include <set>

#include "core/base/time.hpp"
#include "core/cluster/api_server.hpp"

namespace tandem::control {

class ReplicaSetExpectations {
 public:
  /// After this long unfulfilled expectations no longer count.
  static constexpr SimDuration kTimeout = seconds(300);

  void expect_creations(const cluster::ObjectKey& replica_set, std::int32_t count, SimTime now);
  void expect_deletions(const cluster::ObjectKey& replica_set, std::set<cluster::ObjectKey> pods, SimTime now);
  void creation_observed(const cluster::ObjectKey& replica_set);
  /// Counts once per expected pod, however often its end is seen (mark, then removal).
  void deletion_observed(const cluster::ObjectKey& replica_set, const cluster::ObjectKey& pod);
  void forget(const cluster::ObjectKey& replica_set);

  /// True if nothing is outstanding, nothing was ever expected, or the time is over.
  [[nodiscard]] bool satisfied(const cluster::ObjectKey& replica_set, SimTime now) const;

 private:
  struct Outstanding {
    std::int32_t creations = 0;  ///< can go below zero: pods seen that were not expected
    std::set<cluster::ObjectKey> deletions;
    SimTime since;
  };
  std::map<cluster::ObjectKey, Outstanding> outstanding_;
};

}  // namespace tandem::control
