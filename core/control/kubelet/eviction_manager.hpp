#pragma once
// Node-pressure eviction (pkg/kubelet/eviction/eviction_manager.go, v1.34): looks at the node's memory every monitoring period,
// evicts one pod at a time while it is short, and shows the pressure as a condition of the node.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/control/kubelet/eviction_rank.hpp"
#include "core/control/kubelet/pod_worker.hpp"

namespace tandem::control::kubelet {

class EvictionManager {
 public:
  struct Parts {
    Clock& clock;
    NodeRuntime& runtime;
    const KubeletOptions& options;
    ServerLink& server;
    /// Pods that are not on their way out, in order of arrival.
    std::function<std::vector<PodWorker*>()> active_pods;
    /// Whether the pod has been killed and cleaned up.
    std::function<bool(const std::string& uid)> cleaned_up;
  };
  /// `phase` of its ticks and those of the node's status, in [0, 1) of their periods. Does nothing without a monitoring period
  /// and a known capacity.
  EvictionManager(Parts parts, std::vector<EvictionThreshold> thresholds, double phase);
  ~EvictionManager();
  EvictionManager(const EvictionManager&) = delete;
  EvictionManager& operator=(const EvictionManager&) = delete;

  /// Why the node takes no such pod now; nothing if it does.
  [[nodiscard]] std::optional<EndedByKubelet> refusal(const cluster::Pod& pod) const;

 private:
  /// One look at the node, while its containers are being asked.
  struct Look {
    std::map<std::string, PodUsage> usages;  ///< by pod uid
    std::size_t unanswered = 0;
  };

  void arm(SimDuration delay);
  void look();
  void asked_all();
  void act(const SignalObservations& observations);
  bool evict(PodWorker& worker, const EvictionCandidate& candidate, const EvictionThreshold& threshold,
             const SignalObservations& observations);
  void await_clean_up(const std::string& uid, SimTime deadline);
  void show_conditions();
  void write_condition(bool pressure);
  [[nodiscard]] cluster::Node node_reference() const;

  Parts parts_;
  ThresholdTracker tracker_;
  std::unique_ptr<Look> look_;
  bool pressure_shown_ = false;
  SimTime node_status_phase_;
  TimerHandle timer_;
  TimerHandle node_status_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::control::kubelet
