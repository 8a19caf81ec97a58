#pragma once
// Taint eviction: deletes pods that do not tolerate the NoExecute taints of their node, at once or after tolerationSeconds.
// Sources: kubernetes-semantics §4.7; pkg/controller/tainteviction/{taint_eviction,timed_workers}.go (v1.34).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/cluster/objects.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/controller_event.hpp"

namespace tandem::control {

/// The condition DisruptionTarget of a pod that is evicted.
inline constexpr const char* kTaintEvictionReason = "DeletionByTaintManager";
inline constexpr const char* kTaintEvictionMessage = "Taint manager: deleting due to NoExecute taint";

/// How long the taints let a pod stay: nothing = for ever, 0 = not at all. Of the tolerations that match a taint the
/// first in the list counts, and of several taints the smallest time; 0 and less is 0; a taint without a toleration is 0.
std::optional<SimDuration> toleration_time(const std::vector<cluster::Taint>& taints, const std::vector<cluster::Toleration>& tolerations);

struct TaintedPod {
  cluster::ObjectKey key;
  std::string node;
  std::vector<cluster::Toleration> tolerations;
};

class TaintEvictionActions {
 public:
  virtual ~TaintEvictionActions() = default;
  /// Sets the condition DisruptionTarget and deletes the pod with its own grace period; does nothing if it is gone.
  virtual void evict(const cluster::ObjectKey& pod) = 0;
  virtual void pod_event(const cluster::ObjectKey& pod, ControllerEvent event) = 0;
};

class TaintEvictionController {
 public:
  /// The node's taints changed. `pods`: all pods bound to it.
  void node_changed(const std::string& node, const std::vector<cluster::Taint>& taints, const std::vector<TaintedPod>& pods, SimTime now,
                    TaintEvictionActions& actions);
  /// Evictions that are under way go on.
  void node_deleted(const std::string& node) { tainted_.erase(node); }
  /// A pod is new, was bound, or has other tolerations.
  void pod_changed(const TaintedPod& pod, SimTime now, TaintEvictionActions& actions);
  void pod_deleted(const cluster::ObjectKey& pod, TaintEvictionActions& actions) { cancel(pod, actions); }

  /// When the next eviction is due, or kTimeNever.
  [[nodiscard]] SimTime next() const;
  /// Evicts what is due, earliest first, at the same moment in order of the key.
  void fire(SimTime now, TaintEvictionActions& actions);

 private:
  struct Work {
    SimTime created;
    SimTime due;
  };
  void process(const TaintedPod& pod, const std::vector<cluster::Taint>& taints, SimTime now, TaintEvictionActions& actions);
  void cancel(const cluster::ObjectKey& pod, TaintEvictionActions& actions);
  static void evict(const cluster::ObjectKey& pod, TaintEvictionActions& actions);

  std::map<std::string, std::vector<cluster::Taint>> tainted_;  ///< NoExecute taints by node
  std::map<cluster::ObjectKey, Work> work_;
};

}  // namespace tandem::control
