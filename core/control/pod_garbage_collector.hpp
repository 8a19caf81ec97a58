#pragma once
// Removes pods whose node no longer exists: the pod garbage collector of kube-controller-manager, as far as orphans go
// (pkg/controller/podgc/gc_controller.go, v1.34: gcOrphaned).

#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"

namespace tandem::control {

/// podgc's gcCheckPeriod.
inline constexpr SimDuration kPodCollectionPeriod = seconds(20);
/// podgc's quarantineTime: how long a node must have been missing before its pods go.
inline constexpr SimDuration kMissingNodeQuarantine = seconds(40);

/// Looks every 20 s, counted from start(), while there is anything to look at: a pod bound to a node that is unknown, be it gone or
/// never seen. Such a node is quarantined for 40 s from the first look that misses it; if the API server still does not know it
/// then, its pods become Failed with the condition DisruptionTarget and are deleted without grace. While pods of the node remain,
/// the look that deletes also begins the next quarantine (gcOrphaned fills nodeQueue before it drains it).
class PodGarbageCollector {
 public:
  /// `watch_delay`: that of the controller manager's informers, whose caches it shares.
  PodGarbageCollector(Clock& clock, cluster::ApiServer& server, SimDuration watch_delay);
  ~PodGarbageCollector();
  PodGarbageCollector(const PodGarbageCollector&) = delete;
  PodGarbageCollector& operator=(const PodGarbageCollector&) = delete;

  /// The looks are counted from now on. Without it: from the construction.
  void start() { started_ = clock_.now(); }

 private:
  void arm();
  [[nodiscard]] bool is_orphan(const cluster::Pod& pod) const;
  std::set<std::string> take_due(std::int64_t look);
  /// `look`: its number, from the start.
  void collect(std::int64_t look);
  void fail_and_delete(const cluster::Pod& pod);

  Clock& clock_;
  cluster::ApiServer& server_;
  SimTime started_;
  cluster::Informer<cluster::Node> nodes_;
  cluster::Informer<cluster::Pod> pods_;
  cluster::ApiClient client_;
  /// Missing node → the look at which its quarantine is over. Looks are counted, not times: upstream's loop begins each look a period
  /// after the last one ended, so that the second look after the one that missed a node is never a moment too early.
  std::map<std::string, std::int64_t> quarantined_;
  TimerHandle next_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::control
