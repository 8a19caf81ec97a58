#pragma once
// The pod lifecycle on one node: what a kubelet does between a pod being bound and its object being gone
// (kubernetes-semantics §4). It sees only a clock, the API server and a NodeRuntime, so it runs unchanged above the
// simulation's nodes and above slices of a Docker engine.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/kubelet/eviction_manager.hpp"
#include "core/control/kubelet/kubelet_options.hpp"
#include "core/control/kubelet/pod_worker.hpp"
#include "core/control/kubelet/server_link.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control {

class Kubelet {
 public:
  /// `container_runs(id)` is told of every container that starts here, so that its end can be brought here.
  Kubelet(
      Clock& clock, cluster::ApiServer& server, NodeRuntime& runtime, KubeletOptions options,
      std::function<void(const std::string&)> container_runs = [](const std::string&) {});
  ~Kubelet();
  Kubelet(const Kubelet&) = delete;
  Kubelet& operator=(const Kubelet&) = delete;

  /// The node's watch delivered a pod that is (or was) bound here.
  void pod_changed(const cluster::Change<cluster::Pod>& change);
  void container_exited(const ContainerExited& exit);
  /// Whether the node reaches the API server; it does at first. While it does not, no change of a pod arrives and nothing is
  /// written; containers and probes go on. Afterwards everything missed is made up for, in order.
  void set_connected(bool connected);

  /// Pods that run here, or may; a pod that has ended counts no more, even while its object is there.
  [[nodiscard]] std::size_t pod_count() const;

 private:
  kubelet::PodWorker* find(const std::string& uid);
  void add(const cluster::Ptr<cluster::Pod>& pod);
  void forget(const std::string& uid);
  void deliver(const cluster::Change<cluster::Pod>& change);
  void visit(std::uint32_t pod_number);
  kubelet::ImagePuller::EventSink event_sink();
  kubelet::EvictionManager::Parts for_evictions();

  KubeletOptions options_;
  kubelet::ServerLink server_;
  AddressPool addresses_;
  RandomStream retry_jitter_;
  RandomStream resync_jitter_;
  kubelet::StatusManager statuses_;
  kubelet::RestartBackOff restarts_;
  kubelet::ImagePuller images_;
  kubelet::ProbeManager probes_;
  kubelet::Relist relist_;
  kubelet::KubeletParts parts_;
  std::map<std::string, std::unique_ptr<kubelet::PodWorker>> workers_;  ///< by pod uid
  std::map<std::uint32_t, kubelet::PodWorker*> by_number_;
  kubelet::EvictionManager evictions_;
  std::uint32_t pods_seen_ = 0;
  std::vector<cluster::Change<cluster::Pod>> missed_;  ///< what the watch will bring when it goes on
};

}  // namespace tandem::control
