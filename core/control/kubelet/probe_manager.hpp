#pragma once
// All probe workers of one kubelet and what they found (pkg/kubelet/prober/prober_manager.go, v1.34).

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/control/kubelet/probe_results.hpp"
#include "core/control/kubelet/probe_worker.hpp"

namespace tandem::control::kubelet {

/// Not copied or moved: workers know its parts.
class ProbeManager {
 public:
  struct Options {
    /// Start of the kubelet process. While it is younger than a probe's period, the probe's worker begins after a random part
    /// of the period. The default is a kubelet that has been there for long.
    SimTime process_started = cluster::kTimeUnset;
    std::uint64_t seed = 0;
    std::string node_name;  ///< names the random stream
  };

  /// `updated` is called for every change of a stored result, one by one, each in an event of its own at the moment of the
  /// change: the kubelet's sync loop reading the updates channel.
  ProbeManager(ProbeParts parts, Options options, std::function<void(const ProbeUpdate&)> updated);
  ~ProbeManager();
  ProbeManager(const ProbeManager&) = delete;
  ProbeManager& operator=(const ProbeManager&) = delete;

  /// A worker for every probe of the pod's containers and sidecars. Called at every sync; the workers of a pod stay as they are
  /// from the first call on.
  void add_pod(const cluster::Ptr<cluster::Pod>& pod);
  /// When the pod begins to terminate. Readiness goes on; so does everything of sidecars, as in the original.
  void stop_liveness_and_startup(const cluster::Pod& pod);
  /// When the pod has terminated: workers end and their results go.
  void remove_pod(const std::string& pod_uid);

  /// Sets `started` and `ready` of every container from the stored results. Kicks the readiness worker of every started container
  /// that is not ready; the kick sees what is stored when the caller is done.
  void update_pod_status(const cluster::Pod& pod, cluster::PodStatus& status);

  [[nodiscard]] std::optional<ProbeVerdict> verdict(ProbeKind kind, std::string_view container_id) const {
    return results_[static_cast<std::size_t>(kind)].get(container_id);
  }
  [[nodiscard]] std::size_t worker_count() const;

 private:
  using Workers = std::vector<std::unique_ptr<ProbeWorker>>;

  bool add_worker(Workers& workers, ProbeWorker::Target target);
  SimDuration initial_wait(SimDuration period);
  void exited(const std::string& pod_uid, const ProbeWorker& worker);
  [[nodiscard]] ProbeWorker* find(const std::string& pod_uid, std::string_view container_name, ProbeKind kind) const;
  [[nodiscard]] bool is_started(const cluster::Pod& pod, const cluster::ContainerStatus& status) const;
  void update_ready(const cluster::Pod& pod, cluster::ContainerStatus& status);
  void note(ProbeUpdate update);
  void deliver();

  ProbeParts parts_;
  Options options_;
  RandomStream draws_;
  std::function<void(const ProbeUpdate&)> updated_;
  std::deque<ProbeUpdate> pending_;  ///< one timer is under way for each
  std::array<ProbeResults, kProbeKinds> results_;
  std::map<std::string, Workers> workers_;  ///< by pod uid
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// What the sync loop does with an update before the sync that follows: writes it into the stored status (the status manager's
/// SetContainerStartup and SetContainerReadiness; conditions are left to the caller). True if that changed anything. Liveness
/// changes no status.
bool apply_update(cluster::PodStatus& stored, const ProbeUpdate& update);
/// Whether an update is followed by a sync: all but the first, good, liveness verdict of a container.
bool needs_sync(const ProbeUpdate& update);

}  // namespace tandem::control::kubelet
