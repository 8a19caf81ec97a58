#pragma once
// Nodes as slices of the engine's machine: a control group per node with the node's CPU and memory, into which the engine
// puts the containers of the node's pods (design §7). Needs root on the engine's machine and the engine's cgroupfs driver.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/scenario/scenario.hpp"
#include "real/docker/engine_api.hpp"

namespace tandem::docker {

/// CPU time that a control group and everything in it has used, and for how long it was throttled, since it was made.
struct CpuUsage {
  SimDuration used;
  SimDuration throttled;
};

class NodeSlices {
 public:
  /// Empty if slices can be made here; else why not, in words for the field report.
  static std::string refusal(const EngineInfo& engine, bool local_engine);

  /// Without slices: parents are empty, containers land in the engine's own group.
  NodeSlices() = default;
  /// Makes the groups of every node and one for balancers and load generator. Errors: EngineCapability.
  static Result<NodeSlices> create(const EngineInfo& engine, const std::string& run_id, const std::vector<scenario::NodeSpec>& nodes);
  ~NodeSlices();
  NodeSlices(NodeSlices&& other) noexcept;
  NodeSlices& operator=(NodeSlices&& other) noexcept;

  /// HostConfig.CgroupParent for pods of the node.
  [[nodiscard]] std::string parent_of(const std::string& node_name) const;
  /// For everything that is not a pod.
  [[nodiscard]] std::string infrastructure_parent() const;
  [[nodiscard]] bool active() const { return !run_id_.empty(); }

  /// Of a group by its path below the hierarchy's root, such as parent_of(node) + "/" + container id. Nothing if unreadable.
  static std::optional<CpuUsage> cpu_usage(const std::string& group);

  /// The group of a process for CPU accounting, as cpu_usage() takes it; empty if /proc does not show it.
  static std::string group_of(std::int64_t pid);

  /// Lets a process in a container of infrastructure_parent() run before every ordinary task of the machine (SCHED_FIFO), as a load
  /// generator must that keeps absolute deadlines on the CPUs it loads. Says no where the kernel does; the process is then as before.
  [[nodiscard]] bool make_real_time(std::int64_t pid) const;

  /// Removes the groups of a run after its containers are gone. Returns those that are still there.
  static std::vector<std::string> remove_leftovers(const std::string& run_id);

 private:
  std::string run_id_;
};

}  // namespace tandem::docker
