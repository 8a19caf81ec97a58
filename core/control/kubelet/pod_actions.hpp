#pragma once
// What one sync of a pod starts, kills and re-creates: the kubelet's computePodActions (v1.34) as a pure function.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/cluster/objects.hpp"
#include "core/control/kubelet/probe_results.hpp"
#include "core/control/kubelet/restart_rules.hpp"
#include "core/control/kubelet/runtime_view.hpp"
#include "core/control/kubelet/termination.hpp"

namespace tandem::control::kubelet {

/// The stored liveness or startup verdict on a container; nothing where no worker has seen it yet.
using ProbeVerdicts = std::function<std::optional<ProbeVerdict>(ProbeKind kind, const std::string& container_id)>;

struct ContainerToKill {
  std::string container_id;
  std::string name;
  std::string message;               ///< of the Killing event
  std::optional<KillReason> reason;  ///< nothing: its definition has changed
  friend bool operator==(const ContainerToKill&, const ContainerToKill&) = default;
};

struct PodActions {
  bool kill_pod = false;        ///< stop every container and the sandbox
  bool create_sandbox = false;  ///< then make a new one, with number `attempt`
  std::uint32_t attempt = 0;
  std::vector<std::size_t> init_containers_to_start;  ///< indexes in the spec, in the order of starting
  std::vector<std::size_t> containers_to_start;       ///< likewise
  std::vector<ContainerToKill> containers_to_kill;    ///< only without kill_pod; before anything is started
  friend bool operator==(const PodActions&, const PodActions&) = default;
};

PodActions pod_actions(const cluster::Pod& pod, const RuntimePod& runtime, const ProbeVerdicts& probes,
                       const FeatureGates& gates);

}  // namespace tandem::control::kubelet
