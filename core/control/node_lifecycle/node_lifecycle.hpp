#pragma once
// The node lifecycle controller: heartbeats and grace, conditions Unknown, taints from conditions, and NoExecute taints at a
// rate that depends on the state of the node's zone.
// Sources: kubernetes-semantics §4.7; pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.34).
//
// Its owner calls monitor() every kNodeMonitorPeriod after the end of the last pass, taint_no_execute() every kTaintPeriod and
// taint_no_schedule() for each node that was written.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/cluster/objects.hpp"
#include "core/control/controller_event.hpp"
#include "core/control/node_lifecycle/rate_limited_queue.hpp"

namespace tandem::control {

inline constexpr SimDuration kNodeMonitorPeriod = seconds(5);     ///< --node-monitor-period
inline constexpr SimDuration kTaintPeriod = milliseconds(100);    ///< NodeEvictionPeriod
inline constexpr std::size_t kNodeUpdateWorkers = 8;              ///< nodeUpdateWorkerSize
inline constexpr std::string_view kNotReadyTaint = "node.kubernetes.io/not-ready";
inline constexpr std::string_view kUnreachableTaint = "node.kubernetes.io/unreachable";
inline constexpr std::string_view kExcludeDisruptionLabel = "node.kubernetes.io/exclude-disruption";

struct NodeLifecycleConfig {
  SimDuration monitor_grace = seconds(50);  ///< --node-monitor-grace-period
  SimDuration startup_grace = seconds(60);  ///< --node-startup-grace-period
  float eviction_rate = 0.1F;               ///< --node-eviction-rate, nodes per second and zone
  float secondary_eviction_rate = 0.01F;    ///< --secondary-node-eviction-rate
  std::size_t large_cluster_size = 50;      ///< --large-cluster-size-threshold: a zone of more nodes keeps the secondary rate
  float unhealthy_zone_threshold = 0.55F;   ///< --unhealthy-zone-threshold
  /// How long a worker of monitor() waits for a write of a node's status. Every pass becomes longer by it.
  SimDuration status_write_time{};
};

struct NodeCondition {
  std::string type{};
  cluster::ConditionStatus status = cluster::ConditionStatus::Unknown;
  std::string reason{};
  std::string message{};
  SimTime last_heartbeat{};
  SimTime last_transition{};
  friend bool operator==(const NodeCondition&, const NodeCondition&) = default;
};

/// What the controller sees of a node and its lease.
struct NodeView {
  std::string name{};
  std::string zone{};  ///< region and zone as one key; empty: the common zone
  SimTime created{};
  bool unschedulable = false;
  bool excluded_from_disruption = false;  ///< has the label kExcludeDisruptionLabel
  std::vector<cluster::Taint> taints{};
  std::vector<NodeCondition> conditions{};
  std::optional<SimTime> lease_renewed{};  ///< renewTime; empty: no lease

  [[nodiscard]] const NodeCondition* condition(std::string_view type) const;
};

[[nodiscard]] bool has_taint(const std::vector<cluster::Taint>& taints, std::string_view key, std::string_view effect);

/// `taints` with those of the same key and effect replaced or added at the end, and then without `remove`.
std::vector<cluster::Taint> swap_taints(std::vector<cluster::Taint> taints, const std::vector<cluster::Taint>& add,
                                        const std::vector<cluster::Taint>& remove);

/// How the controller acts on the world.
class NodeLifecycleActions {
 public:
  virtual ~NodeLifecycleActions() = default;
  virtual void write_conditions(const std::string& node, const std::vector<NodeCondition>& conditions) = 0;
  /// Adds and removes on what the node has now, as swap_taints().
  virtual void change_taints(const std::string& node, const std::vector<cluster::Taint>& add, const std::vector<cluster::Taint>& remove) = 0;
  /// Every pod of the node that has a condition Ready other than False: False, with pod_not_ready_event() for that pod.
  virtual void mark_pods_not_ready(const std::string& node) = 0;
  virtual void node_event(const std::string& node, ControllerEvent event) = 0;
};

/// The event for a pod whose node is not ready.
ControllerEvent pod_not_ready_event();

enum class ZoneState : std::uint8_t { Initial, Normal, PartialDisruption, FullDisruption };

class NodeLifecycleController {
 public:
  explicit NodeLifecycleController(NodeLifecycleConfig config = {}) : config_(config) {}

  /// One look at all nodes, which are taken by kNodeUpdateWorkers in their order. Answers when the pass ends.
  SimTime monitor(const std::vector<NodeView>& nodes, SimTime start, NodeLifecycleActions& actions);

  /// Gives NoExecute taints to nodes that wait for one. `nodes`: as they are now. `rank`: see RateLimitedQueue.
  void taint_no_execute(const std::vector<NodeView>& nodes, SimTime now, NodeLifecycleActions& actions,
                        const RateLimitedQueue::Rank& rank = {});

  /// Makes the NoSchedule taints follow the conditions and spec.unschedulable.
  static void taint_no_schedule(const NodeView& node, NodeLifecycleActions& actions);

  /// Whether a pod that was just bound to the node must be marked not ready.
  [[nodiscard]] bool known_not_ready(const std::string& node) const;

  /// State from the statuses Ready of a zone's nodes; a node without that condition counts as not ready.
  [[nodiscard]] ZoneState zone_state(const std::vector<bool>& ready) const;

 private:
  struct Health {
    SimTime probed;
    std::optional<NodeCondition> ready;
    std::optional<SimTime> lease;
  };
  struct Observation {
    std::optional<cluster::ConditionStatus> before;  ///< Unknown for a node that never posted
    bool written = false;
  };

  void register_nodes(const std::vector<NodeView>& nodes, NodeLifecycleActions& actions);
  Observation update_health(NodeView& node, SimTime now, NodeLifecycleActions& actions);
  void observe_heartbeat(Health& health, const NodeView& node, SimTime now, bool fresh) const;
  void queue_for_taint(const NodeView& node, SimTime now, NodeLifecycleActions& actions);
  bool mark_reachable(const NodeView& node, NodeLifecycleActions& actions);
  void handle_disruption(const std::map<std::string, std::vector<bool>>& ready, const std::vector<NodeView>& nodes, SimTime now,
                         NodeLifecycleActions& actions);
  void set_limiter(const std::string& zone, std::size_t size, ZoneState state, SimTime now);

  NodeLifecycleConfig config_;
  std::set<std::string> known_;
  std::map<std::string, Health> health_;
  std::map<std::string, RateLimitedQueue> tainters_;  ///< by zone
  std::map<std::string, ZoneState> zones_;
};

}  // namespace tandem::control
