#pragma once
// The scheduler's picture of the cluster: nodes with the pods that occupy them, and what spreading and affinity look up.
// Kept current by events (informers, assume and forget); cycles are serial, so it needs no copy per cycle.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/control/scheduler/columns.hpp"
#include "core/control/scheduler/disruption_budget.hpp"
#include "core/control/scheduler/node_info.hpp"
#include "core/control/scheduler/node_tree.hpp"

namespace tandem::control::scheduler {

/// An image as the nodes report it. Size is that of the first node that reported it, as in kube-scheduler.
struct ImageState {
  std::int64_t size_bytes = 0;
  std::int64_t nodes = 0;  ///< how many nodes have it
};

/// Not copyable, one thread. Look-ups that are const fill caches.
class Snapshot {
 public:
  Snapshot() = default;
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // ---- changes

  void set_node(cluster::Ptr<cluster::Node> node);
  void remove_node(const std::string& name);
  /// Puts a pod on the node that its nodeName says, or replaces what is known of it. Requires a nodeName.
  void set_pod(cluster::Ptr<cluster::Pod> pod);
  /// Places a copy of an unbound pod on a node before the API server knows: its requests count at once.
  void assume(const cluster::Pod& pod, const std::string& node_name);
  /// Forgets a pod (deleted, finished, or its binding failed); nothing happens if it is not known.
  void remove_pod(const cluster::ObjectKey& pod);

  /// Reserves room on a node for a pending pod that preempted others there, in place of an earlier nomination of the pod. Others
  /// are filtered as if it were on the node already, if it is not less important than they.
  void nominate(cluster::Ptr<cluster::Pod> pod, const std::string& node_name);
  /// Ends a pod's nomination; nothing happens if it has none.
  void withdraw_nomination(const std::string& pod_uid);

  void set_disruption_budget(DisruptionBudget budget);
  void remove_disruption_budget(const cluster::ObjectKey& budget);
  void set_service(cluster::Ptr<cluster::Service> service);
  void remove_service(const cluster::ObjectKey& service);
  /// The selector of a workload that default spreading looks up by a pod's owner reference: kind is "ReplicaSet",
  /// "StatefulSet" or "ReplicationController".
  void set_owner_selector(const std::string& kind, const cluster::ObjectKey& owner, cluster::LabelSelector selector);
  void remove_owner(const std::string& kind, const cluster::ObjectKey& owner);
  void set_namespace(const std::string& name, Shared<cluster::Labels> labels);
  void remove_namespace(const std::string& name);

  // ---- questions

  /// Works out once more from the objects what is kept current change by change; CHECKs that it is the same. For checked runs.
  void check() const;

  /// Nodes that exist, in the order in which they are visited.
  [[nodiscard]] const std::vector<NodeIndex>& order() const { return tree_.order(); }
  [[nodiscard]] const NodeInfo& node(NodeIndex index) const { return *nodes_[index]; }
  /// Where an existing node stands in order().
  [[nodiscard]] std::size_t position_of(NodeIndex node) const { return tree_.position_of(node); }
  /// Grows whenever order() may have changed.
  [[nodiscard]] std::uint64_t order_version() const { return tree_.version(); }
  /// Number of the last change of any node that can alter a verdict or a score; NodeInfo::generation is that of its own last one.
  [[nodiscard]] std::uint64_t last_generation() const { return last_generation_; }
  /// Calls `visit(NodeIndex)` for every change after number `generation`, in order; a node may come several times, and one that is
  /// gone too. False, without a call, if that is too long ago to be known.
  template <class Visit>
  bool changed_since(std::uint64_t generation, Visit&& visit) const {
    if (last_generation_ - generation > kRememberedChanges) return false;
    for (std::uint64_t i = generation + 1; i <= last_generation_; ++i) visit(changes_[i % kRememberedChanges]);
    return true;
  }
  /// Null if no such node exists.
  [[nodiscard]] const NodeInfo* find_node(const std::string& name) const;
  /// Size of arrays indexed by NodeIndex.
  [[nodiscard]] std::size_t node_slots() const { return nodes_.size(); }
  /// A pod that occupies a node, until the next change; null if it is not known.
  [[nodiscard]] const PodOnNode* find_pod(const cluster::ObjectKey& pod) const;

  /// Where a pod is nominated, by uid; null if nowhere.
  [[nodiscard]] const std::string* nominated_node(const std::string& pod_uid) const;
  /// Pod uid → node name.
  [[nodiscard]] const std::map<std::string, std::string>& nominations() const { return nominations_; }

  /// The class of a pod, made at its first appearance.
  [[nodiscard]] PodClassPtr class_of(const cluster::Pod& pod) const;

  [[nodiscard]] const TopologyColumn& topology(const std::string& key) const;
  /// Matching, non-terminating pods per node. An empty selector counts every pod; callers treat it themselves.
  /// The reference holds until some 250 other selectors have been asked for.
  [[nodiscard]] const PodCountColumn& matching_pods(const std::string& namespace_name,
                                                    const cluster::LabelSelector& selector) const;

  /// Null if no node ever had the image.
  [[nodiscard]] const ImageId* find_image(std::string_view normalized_name) const;
  [[nodiscard]] const ImageState& image(ImageId id) const { return images_[id]; }
  /// Grows when the number of nodes or the images on any node change.
  [[nodiscard]] std::uint64_t images_version() const { return images_version_; }

  /// How many pods on nodes have podAffinity or podAntiAffinity, and required podAntiAffinity.
  [[nodiscard]] std::uint32_t pods_with_affinity() const { return pods_with_affinity_; }
  [[nodiscard]] std::uint32_t pods_with_required_anti_affinity() const { return pods_with_required_anti_affinity_; }

  [[nodiscard]] const std::map<cluster::ObjectKey, DisruptionBudget>& disruption_budgets() const { return budgets_; }
  /// Grows with every change of disruption_budgets().
  [[nodiscard]] std::uint64_t budgets_version() const { return budgets_version_; }
  /// Services of a namespace, sorted by name.
  [[nodiscard]] std::vector<const cluster::Service*> services(const std::string& namespace_name) const;
  /// Null if no such owner is known.
  [[nodiscard]] const cluster::LabelSelector* owner_selector(const std::string& kind, const cluster::ObjectKey& owner) const;
  [[nodiscard]] const std::map<std::string, Shared<cluster::Labels>>& namespaces() const { return namespaces_; }

 private:
  /// As many as a node list of Kubernetes' largest clusters: more changes than that are worked out anew anyway.
  static constexpr std::size_t kRememberedChanges = 8192;

  struct CachedCounts {
    PodCountColumn column;
    std::uint64_t last_used = 0;
  };

  NodeInfo& slot_for(const std::string& name);
  void release_if_empty(NodeInfo& info);
  void touch(NodeInfo& info) {
    info.generation = ++last_generation_;
    info.revision = ++last_revision_;
    changes_[last_generation_ % kRememberedChanges] = info.index;
  }
  void count(NodeIndex node, const PodOnNode& pod, std::int32_t sign);
  void take_off(NodeInfo& info, std::size_t position);
  void set_images(NodeInfo& info, const std::vector<cluster::ContainerImage>& images);

  std::vector<std::unique_ptr<NodeInfo>> nodes_;
  std::vector<NodeIndex> free_slots_;
  std::unordered_map<std::string, NodeIndex> index_by_name_;    // look-up only
  /// Looks a key "namespace/name" up without putting it together.
  struct PodName {
    std::string_view namespace_;
    std::string_view name;
  };
  struct PodNameHash {
    using is_transparent = void;
    std::size_t operator()(const PodName& pod) const;
    std::size_t operator()(const std::string& key) const;
  };
  struct PodNameEqual {
    using is_transparent = void;
    bool operator()(const std::string& a, const std::string& b) const { return a == b; }
    bool operator()(const std::string& key, const PodName& pod) const;
    bool operator()(const PodName& pod, const std::string& key) const { return (*this)(key, pod); }
  };
  std::unordered_map<std::string, NodeIndex, PodNameHash, PodNameEqual> node_by_pod_;  // look-up only
  NodeTree tree_;
  std::uint64_t last_generation_ = 0;
  std::uint64_t last_revision_ = 0;
  std::vector<NodeIndex> changes_ = std::vector<NodeIndex>(kRememberedChanges, 0);  ///< the last ones, by number modulo length
  std::uint32_t pods_with_affinity_ = 0;
  std::uint32_t pods_with_required_anti_affinity_ = 0;

  std::map<std::string, ImageId, std::less<>> image_ids_;
  std::vector<ImageState> images_;
  std::uint64_t images_version_ = 0;

  std::map<std::string, std::string> nominations_;  ///< pod uid → node name; the pods are in NodeInfo::nominated
  std::map<cluster::ObjectKey, DisruptionBudget> budgets_;
  std::uint64_t budgets_version_ = 0;
  std::map<cluster::ObjectKey, cluster::Ptr<cluster::Service>> services_;
  std::map<std::pair<std::string, cluster::ObjectKey>, cluster::LabelSelector> owners_;
  std::map<std::string, Shared<cluster::Labels>> namespaces_;

  // Caches. Classes are found by the address of their specification, which the class itself keeps alive.
  mutable std::unordered_map<const cluster::PodSpec*, std::vector<std::weak_ptr<const PodClass>>> classes_;
  mutable std::size_t classes_at_last_purge_ = 0;
  mutable std::uint32_t next_class_id_ = 0;
  mutable std::map<std::string, TopologyColumn> topologies_;
  mutable std::map<std::string, CachedCounts> counts_;
  mutable std::uint64_t uses_of_counts_ = 0;
};

/// Whether the scheduler sees no difference: labels, cordon, taints, allocatable, images.
bool same_for_scheduling(const cluster::Node& a, const cluster::Node& b);

/// "nginx" → "nginx:latest"; names with a tag or digest stay. Source: imagelocality normalizedImageName.
std::string normalized_image_name(const std::string& name);

}  // namespace tandem::control::scheduler
