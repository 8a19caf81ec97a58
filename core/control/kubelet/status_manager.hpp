#pragma once
// Keeps the last status of every pod of the node and brings it to the API server (pkg/kubelet/status/status_manager.go, v1.34).

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/kubelet/server_link.hpp"

namespace tandem::control::kubelet {

class StatusManager {
 public:
  /// While a pod could still run containers the API server is not told of its end: phase, reason and message there stay.
  enum class Standing : std::uint8_t { CouldRunContainers, Stopped };

  StatusManager(Clock& clock, ServerLink& server) : clock_(clock), server_(server) {}
  ~StatusManager() { *alive_ = false; }
  StatusManager(const StatusManager&) = delete;
  StatusManager& operator=(const StatusManager&) = delete;

  /// The last status set, or nullptr.
  [[nodiscard]] const cluster::PodStatus* find(const std::string& pod_uid) const;

  /// Transition times and the start time carry over from the status before; an equal status is not sent again, unless its
  /// standing tells the API server more.
  void set(const cluster::Ptr<cluster::Pod>& pod, cluster::PodStatus status, Standing standing);

  /// The pod has ended and been cleaned up: containers that got no end are given one, the phase becomes terminal
  /// (TerminatePod), and if the pod was to be deleted, its object goes. `gone` runs when it is no more.
  void terminate(const cluster::Ptr<cluster::Pod>& pod, std::function<void()> gone);

  /// Edits the stored status in place, by what a probe found; conditions Ready and ContainersReady follow. Sends it if `edit`
  /// says that it changed anything.
  void update(const cluster::Ptr<cluster::Pod>& pod, const std::function<bool(cluster::PodStatus&)>& edit, Standing standing);

  void forget(const std::string& pod_uid) { records_.erase(pod_uid); }

 private:
  struct Record {
    cluster::PodStatus status;
    std::optional<Standing> sent;  ///< standing with which `status` was sent last; nothing: not yet
  };

  void store(const cluster::Ptr<cluster::Pod>& pod, Record& record, cluster::PodStatus status, Standing standing);
  void send(const cluster::Pod& pod, const cluster::PodStatus& status, Standing standing);

  Clock& clock_;
  ServerLink& server_;
  std::map<std::string, Record> records_;  ///< by pod uid
  /// Answers may outlive the manager.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// What the API server is to hold: `ours` with the conditions of others from `theirs`, and the end of a pod held back while it
/// could still run containers (mergePodStatus).
cluster::PodStatus merge_status(const cluster::PodStatus& theirs, const cluster::PodStatus& ours,
                                StatusManager::Standing standing, SimTime now);

}  // namespace tandem::control::kubelet
