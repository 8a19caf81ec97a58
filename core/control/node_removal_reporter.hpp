#pragma once
// Says which nodes have gone: of the node lifecycle controller (pkg/controller/nodelifecycle/node_lifecycle_controller.go, v1.34)
// what monitorNodeHealth does for nodes that are no more.

#include <map>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"

namespace tandem::control {

/// kube-controller-manager's --node-monitor-period.
inline constexpr SimDuration kNodeMonitorPeriod = seconds(5);

/// Looks every 5 s, counted from start(), after a node has gone; one that is still gone gets the event RemovingNode.
class NodeRemovalReporter {
 public:
  /// `watch_delay`: that of the controller manager's informers, whose caches it shares.
  NodeRemovalReporter(Clock& clock, cluster::ApiServer& server, SimDuration watch_delay);
  ~NodeRemovalReporter();
  NodeRemovalReporter(const NodeRemovalReporter&) = delete;
  NodeRemovalReporter& operator=(const NodeRemovalReporter&) = delete;

  /// The looks are counted from now on. Without it: from the construction.
  void start() { started_ = clock_.now(); }

 private:
  void arm();
  void report();

  Clock& clock_;
  SimTime started_;
  cluster::Informer<cluster::Node> nodes_;
  cluster::ApiClient client_;
  std::map<std::string, cluster::Ptr<cluster::Node>> gone_;  ///< since the last look, by name
  TimerHandle next_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::control
