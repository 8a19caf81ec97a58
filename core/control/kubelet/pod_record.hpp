#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/control/kubelet/container_kills.hpp"
#include "core/control/kubelet/container_status.hpp"
#include "core/control/kubelet/pod_runtime.hpp"

namespace tandem::control::kubelet {

/// What the kubelet holds of one pod, for whatever works on it.
struct PodRecord {
  cluster::Ptr<cluster::Pod> pod;
  std::string ip;            ///< while the pod has an address
  std::uint32_t number = 0;  ///< order of arrival
  std::uint32_t entity = 0;  ///< of its timers
  PodRuntime runtime;
  std::map<std::string, StartFailure, std::less<>> start_failures;  ///< by container name: why its last start failed
  std::unique_ptr<ContainerKills> kills;                            ///< containers being stopped, if any

  [[nodiscard]] const std::string& uid() const { return pod->meta.uid; }
  /// As the runtime is told of it.
  [[nodiscard]] PodIdentity identity() const {
    return {pod->meta.uid, pod->meta.namespace_, pod->meta.name, pod->node_name, ip};
  }
  /// The containers that run, as targets of a kill.
  [[nodiscard]] std::vector<ContainerKills::Target> running() const;
  /// The container with this id as a target; nothing if it does not run.
  [[nodiscard]] std::vector<ContainerKills::Target> running(const std::string& container_id) const;
};

}  // namespace tandem::control::kubelet
