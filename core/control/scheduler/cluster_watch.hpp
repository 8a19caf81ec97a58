#pragma once
// Keeps a Snapshot current from informers, and says what changed in the words of the scheduling queue.

#include <cstdint>
#include <functional>
#include <memory>

#include "core/cluster/api_server.hpp"
#include "core/control/scheduler/cluster_event.hpp"
#include "core/control/scheduler/snapshot.hpp"

namespace tandem::control::scheduler {

/// What the scheduler does about changes that its watch reports. The Snapshot is up to date when these run.
struct WatchHandlers {
  std::function<void(const ClusterEvent&)> on_event;                      ///< something that may help rejected pods
  std::function<void(const cluster::Ptr<cluster::Pod>&)> on_pending_pod;  ///< an unbound pod appeared or changed
  std::function<void(const cluster::Ptr<cluster::Pod>&)> on_pod_left;     ///< a pod was bound, ended or deleted
};

/// Kinds that ClusterWatch has informers for.
constexpr bool watched_by_scheduler(cluster::Kind kind) {
  return kind == cluster::Kind::Node || kind == cluster::Kind::Pod || kind == cluster::Kind::Service ||
         kind == cluster::Kind::ReplicaSet || kind == cluster::Kind::Unstructured;
}

/// Informers for nodes, pods, services, and what default spreading and namespace selectors need.
class ClusterWatch {
 public:
  /// Existing objects are read in the constructor, nodes first, so the handlers run during it.
  ClusterWatch(cluster::ApiServer& server, Snapshot& snapshot, WatchHandlers handlers);
  /// Without informers: every change is handed in, in the order of commits, as when a recorded cluster is replayed.
  ClusterWatch(Snapshot& snapshot, WatchHandlers handlers);
  ~ClusterWatch();

  void node_changed(const cluster::Change<cluster::Node>& change);
  void pod_changed(const cluster::Change<cluster::Pod>& change);
  void service_changed(const cluster::Change<cluster::Service>& change);
  void replica_set_changed(const cluster::Change<cluster::ReplicaSet>& change);
  void other_changed(const cluster::Change<cluster::Unstructured>& change);

  /// resourceVersion of the newest object seen.
  [[nodiscard]] std::int64_t newest_version() const { return newest_version_; }
  /// Changes so far. All informers have one delay, so these are the first so many that were committed of these kinds.
  [[nodiscard]] std::uint64_t seen() const { return seen_; }

 private:
  struct Informers;
  void pod_occupies(const cluster::Change<cluster::Pod>& change);
  void pod_gone(const cluster::Ptr<cluster::Pod>& pod);

  template <class T>
  void count(const cluster::Change<T>& change) {
    ++seen_;
    newest_version_ = std::max(newest_version_, change.object->meta.resource_version);
  }

  Snapshot& snapshot_;
  WatchHandlers handlers_;
  std::int64_t newest_version_ = 0;
  std::uint64_t seen_ = 0;
  std::unique_ptr<Informers> informers_;
};

}  // namespace tandem::control::scheduler
