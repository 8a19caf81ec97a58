#pragma once

#include <functional>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/kubelet/container_kills.hpp"
#include "core/control/kubelet/image_puller.hpp"
#include "core/control/kubelet/kubelet_options.hpp"
#include "core/control/kubelet/probe_manager.hpp"
#include "core/control/kubelet/relist.hpp"
#include "core/control/kubelet/restart_back_off.hpp"
#include "core/control/kubelet/status_manager.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control::kubelet {

/// What the pods of one kubelet share. It outlives them.
struct KubeletParts {
  Clock& clock;
  NodeRuntime& runtime;
  const KubeletOptions& options;
  AddressPool& addresses;
  StatusManager& statuses;
  ProbeManager& probes;
  ImagePuller& images;
  RestartBackOff& restarts;
  Relist& relist;
  RandomStream& retry_jitter;
  RandomStream& resync_jitter;
  SimDuration sync_loop_phase;  ///< of the sync loop's ticks
  /// type, reason, message
  std::function<void(const cluster::Pod&, const char*, const char*, std::string)> event;
  /// A container runs here now: its end will be reported by this id.
  std::function<void(const std::string& container_id)> container_runs;

  [[nodiscard]] ContainerKills::Parts for_kills(std::uint32_t entity) const { return {clock, runtime, event, entity}; }
};

}  // namespace tandem::control::kubelet
