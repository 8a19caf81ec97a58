#pragma once
// All parts of a simulated cluster below the control plane, put together from a scenario and a calibration.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/cluster/api_server.hpp"
#include "core/record/events.hpp"
#include "core/scenario/scenario.hpp"
#include "sim/engine/engine.hpp"
#include "sim/model/cpu.hpp"
#include "sim/model/faults.hpp"
#include "sim/model/node_runtime.hpp"
#include "sim/model/pod_network.hpp"
#include "sim/model/request_path.hpp"
#include "sim/model/sampler.hpp"

namespace tandem::sim {

/// Owns engine, CPUs, network, node runtime and request path. Neither copied nor moved: its parts know each other.
class ClusterModel {
 public:
  /// Both are copied; nothing outside needs to outlive the model.
  ClusterModel(scenario::Scenario scenario, const scenario::Calibration& calibration);
  ~ClusterModel();
  ClusterModel(const ClusterModel&) = delete;
  ClusterModel& operator=(const ClusterModel&) = delete;

  [[nodiscard]] Engine& engine() { return engine_; }                  ///< the run's Clock
  [[nodiscard]] SimNodeRuntime& nodes() { return *nodes_; }           ///< NodeRuntime
  [[nodiscard]] RequestPath& requests() { return *requests_; }        ///< TrafficDriver and BalancerRuntime
  [[nodiscard]] Cpu& cpu() { return cpu_; }
  [[nodiscard]] PodNetwork& network() { return network_; }

  /// The fault injector of this model; it deletes pods through `server`, which must outlive it.
  [[nodiscard]] std::unique_ptr<SimFaultInjector> make_fault_injector(cluster::ApiServer& server);
  /// Samples from now on until the returned object goes.
  [[nodiscard]] std::unique_ptr<Sampler> make_sampler(std::function<void(const record::Sample&)> sink);

 private:
  scenario::Scenario scenario_;
  Engine engine_;
  Cpu cpu_{engine_};
  PodNetwork network_;
  std::vector<NetworkNode> hosts_;
  std::vector<NodeCpu> node_cpus_;
  std::unique_ptr<SimNodeRuntime> nodes_;
  std::unique_ptr<RequestPath> requests_;
};

/// True if the scenario needs bulk transfers, of which SimGrid allows one simulation a process (simgrid_is_free()).
[[nodiscard]] bool needs_bulk_transfers(const scenario::Scenario& scenario);

}  // namespace tandem::sim
