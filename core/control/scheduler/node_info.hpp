#pragma once
// What the scheduler believes about one node: the object and running sums over its pods, kept current pod by pod.

#include <cstdint>
#include <string>
#include <vector>

#include "core/cluster/api_server.hpp"
#include "core/control/scheduler/pod_class.hpp"

namespace tandem::control::scheduler {

/// Dense number of a node in its Snapshot; stays the same while the node or a pod on it is known, then may be given to another.
using NodeIndex = std::uint32_t;
/// Dense number of an image name in its Snapshot.
using ImageId = std::uint32_t;

using PodClassPtr = std::shared_ptr<const PodClass>;

/// A pod that occupies a node, assumed or bound.
struct PodOnNode {
  cluster::Ptr<cluster::Pod> pod;
  PodClassPtr pod_class;
};

/// What the pods on a node take up together: all that filters and node-local scores ask of them.
struct NodeLoad {
  Resources requested;            ///< actual requests
  std::int64_t non_zero_cpu = 0;  ///< the same with the 100m / 200 MiB defaults
  std::int64_t non_zero_memory = 0;
  std::int64_t pod_count = 0;
  std::vector<HostPort> used_ports;  ///< a set, as in kube-scheduler: where two pods hold one port, the first to go frees it

  void add(const PodClass& pod);
  void remove(const PodClass& pod);
  void take_ports(const PodClass& pod);
};

struct NodeInfo {
  NodeIndex index = 0;
  std::string name;
  cluster::Ptr<cluster::Node> node;  ///< null while only pods that name the node are known
  Resources allocatable;
  std::int64_t allowed_pods = 0;
  NodeLoad load;                ///< of `pods`
  std::vector<PodOnNode> pods;  ///< in kube-scheduler's order: one that leaves or changes gives its place to the last
  std::vector<PodOnNode> nominated;  ///< pending pods that preemption made room for here
  std::vector<ImageId> images;       ///< sorted
  std::uint32_t pods_with_affinity = 0;
  std::uint32_t pods_with_required_anti_affinity = 0;
  std::uint64_t revision = 0;    ///< grows with every change of the node or of a pod on it; nominations do not count
  std::uint64_t generation = 0;  ///< grows with every change that can alter a verdict or a score; nominations do not count

  [[nodiscard]] const cluster::Labels& labels() const { return *node->meta.labels; }

  /// Adds to the running sums. Does not touch the generation.
  void add_pod(PodOnNode pod);
  /// Takes the pod at `position` in `pods` out of the running sums.
  void remove_pod(std::size_t position);
  /// The pod at `position`, whose class stays the same, as it is now. It moves to the end.
  void replace_pod(std::size_t position, cluster::Ptr<cluster::Pod> pod);
  /// Position in `pods`, or pods.size().
  [[nodiscard]] std::size_t position_of(const cluster::ObjectKey& pod) const;

  /// The node to try things out on: the same to every filter, without the lists of pods.
  [[nodiscard]] NodeInfo trial() const;
};

}  // namespace tandem::control::scheduler
