#pragma once
// One sync of the daemon set controller: pods where they belong, none elsewhere, outdated ones replaced within the budget.
// It writes through a seam, in the order of the real controller.
// Sources: kubernetes-semantics §7.4; pkg/controller/daemon/{daemon_controller,update}.go (v1.34).

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/cluster/api_server.hpp"
#include "core/cluster/apps.hpp"
#include "core/control/controller_event.hpp"
#include "core/control/daemon_set/daemon_placement.hpp"

namespace tandem::control {

using DaemonPod = cluster::Ptr<cluster::Pod>;

/// Pods created or deleted by one sync at most (BurstReplicas).
inline constexpr std::size_t kDaemonBurst = 250;
/// A pod with minReadySeconds is looked at again this much after it should be available ("a second to avoid milliseconds skew").
inline constexpr SimDuration kDaemonAvailabilitySlack = seconds(1);

/// How a sync acts on the world.
class DaemonSetActions {
 public:
  virtual ~DaemonSetActions() = default;
  virtual void create_pod(const std::string& node, cluster::Pod pod) = 0;
  virtual void delete_pod(const DaemonPod& pod) = 0;
  /// Gives the revision a name and stores it.
  virtual cluster::ControllerRevision create_revision(cluster::ControllerRevision revision) = 0;
  virtual cluster::ControllerRevision renumber_revision(const cluster::ControllerRevision& revision, std::int64_t number) = 0;
  virtual void delete_revision(const cluster::ControllerRevision& revision) = 0;
  virtual void write_status(const cluster::DaemonSetStatus& status) = 0;
  virtual void event(ControllerEvent event) = 0;
  virtual void sync_after(SimDuration delay) = 0;
  /// The pods of the set as the cache has them now: the steps of a sync read it anew.
  [[nodiscard]] virtual std::vector<DaemonPod> pods() const = 0;
};

/// Back-off of replacing failed pods, by node: 1 s doubled each time up to 15 min, forgotten after twice that.
/// Source: client-go util/flowcontrol/backoff.go.
class FailedPodBackoff {
 public:
  /// Whether the delay since the last replacement still runs.
  [[nodiscard]] bool holds(const std::string& node, SimTime now) const;
  [[nodiscard]] SimDuration delay(const std::string& node) const;
  void next(const std::string& node, SimTime now);

 private:
  struct Entry {
    SimDuration delay;
    SimTime updated;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

struct DaemonSetView {
  cluster::DaemonSet set;
  /// Where several nodes are equally good candidates for the next replacement, those that come first are chosen.
  std::vector<cluster::Ptr<cluster::Node>> nodes;
  std::vector<cluster::ControllerRevision> revisions;
};

void sync_daemon_set(DaemonSetView view, FailedPodBackoff& backoff, SimTime now, DaemonSetActions& actions);

/// Whether a change of the node concerns the set: a pod is missing there, or one must not stay. Other changes start no sync.
[[nodiscard]] bool node_change_matters(const cluster::DaemonSet& set, const cluster::Node& node, const std::vector<DaemonPod>& pods);

}  // namespace tandem::control
