#pragma once

#include <cstdint>
#include <string>

#include "core/base/time.hpp"
#include "core/control/kubelet/eviction_thresholds.hpp"
#include "core/control/kubelet/pod_address_pool.hpp"
#include "core/control/kubelet/restart_rules.hpp"

namespace tandem::control {

/// Kubelet timing and identity. Sources: kubernetes-semantics §4.2, §10.1; KubeletConfiguration's defaults.
struct KubeletOptions {
  std::string node_name;
  std::uint32_t node_index = 0;  ///< breaks ties between nodes
  Ipv4Range pod_range;           ///< the node's pod CIDR
  std::string host_ip;
  std::uint64_t seed = 1;
  SimDuration pleg_period = seconds(1);         ///< relist of containers: starts and exits are seen at its ticks
  SimDuration sync_loop_period = seconds(1);    ///< retries and deadlines are looked at at its ticks
  SimDuration volume_wait = milliseconds(300);  ///< poll of WaitForAttachAndMount: every pod has a token volume
  std::int64_t memory_capacity = 0;             ///< bytes; 0: unknown, then memory plays no part (oom_score_adj, eviction)
  SimDuration eviction_monitoring_period;       ///< how often the node's memory is looked at (10 s in the kubelet); zero: never
  kubelet::EvictionConfiguration eviction = kubelet::EvictionConfiguration::kubernetes_defaults();
  SimDuration eviction_pressure_transition_period = seconds(300);
  std::int64_t eviction_max_pod_grace_seconds = 0;  ///< grace of pods evicted for a soft threshold
  kubelet::FeatureGates gates;
};

}  // namespace tandem::control
