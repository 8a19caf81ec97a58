#include "sim/model/cluster_model.hpp"

#include <algorithm>
#include <utility>

#include "sim/engine/simgrid_network.hpp"
#include "sim/model/cluster_topology.hpp"

namespace tandem::sim {

namespace {

/// Threads the container engine of a host works with at the same time.
constexpr int kContainerEngineThreads = 64;
/// cpu.shares of a cgroup that nobody configured: node slices, balancers and the container engine stand side by side.
constexpr double kDefaultWeight = 1024;

/// The container engine is outside the nodes' slices and may use the whole machine.
CpuGroupId add_container_engine(Cpu& cpu, MachineId machine, std::int64_t milli_cores) {
  const SliceId slice = cpu.add_slice(machine, {.milli_cores = milli_cores, .weight = kDefaultWeight});
  return cpu.add_group(slice, {.weight = kDefaultWeight, .quota_us = 0, .parallel = kContainerEngineThreads, .period_origin = {}});
}

}  // namespace

ClusterModel::ClusterModel(scenario::Scenario scenario, const scenario::Calibration& calibration)
    : scenario_(std::move(scenario)),
      engine_(make_simgrid_network(topology_of(scenario_.cluster, scenario_.registry))),
      network_(scenario_.cluster, calibration.host_cores == 0) {
  const Topology topology = topology_of(scenario_.cluster, scenario_.registry);
  for (const scenario::NodeSpec& node : scenario_.cluster.nodes) hosts_.push_back(*topology.find(node.name));

  BalancerPlacement placement;
  if (calibration.host_cores > 0) {
    const std::int64_t milli_cores = std::int64_t{calibration.host_cores} * 1000;
    placement.on_host = true;
    placement.host = cpu_.add_machine(milli_cores);
    const CpuGroupId container_engine = add_container_engine(cpu_, placement.host, milli_cores);
    for (const scenario::NodeSpec& node : scenario_.cluster.nodes) {
      const std::int64_t most = std::min(node.cpu_milli, milli_cores);
      node_cpus_.push_back({cpu_.add_slice(placement.host, {.milli_cores = most, .weight = kDefaultWeight}), container_engine});
    }
  } else {
    for (const scenario::NodeSpec& node : scenario_.cluster.nodes) {
      const MachineId machine = cpu_.add_machine(node.cpu_milli);
      const CpuGroupId container_engine = add_container_engine(cpu_, machine, node.cpu_milli);
      node_cpus_.push_back({cpu_.add_slice(machine, {.milli_cores = node.cpu_milli, .weight = kDefaultWeight}), container_engine});
    }
  }

  nodes_ = std::make_unique<SimNodeRuntime>(SimNodeRuntime::Parts{.engine = engine_,
                                                                  .cpu = cpu_,
                                                                  .network = network_,
                                                                  .scenario = scenario_,
                                                                  .calibration = calibration,
                                                                  .nodes = node_cpus_,
                                                                  .hosts = hosts_,
                                                                  .registry = topology.find(kRegistryHost)});
  requests_ = std::make_unique<RequestPath>(engine_, cpu_, network_, calibration, scenario_.seed, placement);
}

ClusterModel::~ClusterModel() = default;

std::unique_ptr<SimFaultInjector> ClusterModel::make_fault_injector(cluster::ApiServer& server) {
  return std::make_unique<SimFaultInjector>(SimFaultInjector::Parts{
      .engine = engine_, .server = server, .nodes = *nodes_, .network = network_, .hosts = hosts_, .seed = scenario_.seed});
}

std::unique_ptr<Sampler> ClusterModel::make_sampler(std::function<void(const record::Sample&)> sink) {
  std::vector<Sampler::Node> nodes;
  for (std::size_t i = 0; i < node_cpus_.size(); ++i) nodes.push_back({scenario_.cluster.nodes[i].name, node_cpus_[i].slice});
  return std::make_unique<Sampler>(engine_, cpu_, *nodes_, std::move(nodes), std::move(sink));
}

bool needs_bulk_transfers(const scenario::Scenario& scenario) {
  return scenario.registry && std::any_of(scenario.images.begin(), scenario.images.end(),
                                          [](const auto& entry) { return !entry.second.preloaded && entry.second.pullable; });
}

}  // namespace tandem::sim
