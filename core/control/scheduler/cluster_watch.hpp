#pragma once
// Keeps a Snapshot current from informers, and says what changed in the words of the scheduling queue.

#include <cstdint>
#include <functional>

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

/// Informers for nodes, pods, services, and what default spreading and namespace selectors need.
class ClusterWatch {
 public:
  /// Existing objects are read in the constructor, nodes first, so the handlers run during it.
  ClusterWatch(cluster::ApiServer& server, Snapshot& snapshot, WatchHandlers handlers);

  /// resourceVersion of the newest object seen.
  [[nodiscard]] std::int64_t newest_version() const { return newest_version_; }

 private:
  void node_changed(const cluster::Change<cluster::Node>& change);
  void pod_changed(const cluster::Change<cluster::Pod>& change);
  void pod_occupies(const cluster::Change<cluster::Pod>& change);
  void pod_gone(const cluster::Ptr<cluster::Pod>& pod);
  void service_changed(const cluster::Change<cluster::Service>& change);
  void replica_set_changed(const cluster::Change<cluster::ReplicaSet>& change);
  void other_changed(const cluster::Change<cluster::Unstructured>& change);

  template <class T>
  void seen(const cluster::Change<T>& change) {
    newest_version_ = std::max(newest_version_, change.object->meta.resource_version);
  }

  Snapshot& snapshot_;
  WatchHandlers handlers_;
  std::int64_t newest_version_ = 0;
  cluster::Informer<cluster::Node> nodes_;
  cluster::Informer<cluster::Service> services_;
  cluster::Informer<cluster::ReplicaSet> replica_sets_;
  cluster::Informer<cluster::Unstructured> others_;
  cluster::Informer<cluster::Pod> pods_;
};

}  // namespace tandem::control::scheduler
