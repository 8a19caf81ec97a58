#pragma once
// How full a cluster is, and how much of what is free nobody can use: requests against allocatable over a run, as the scheduler counts
// them (docs/scheduling.md). Measured use is another matter.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/int128.hpp"
#include "core/judge/over_time.hpp"
#include "core/judge/run_history.hpp"

namespace tandem::judge {

/// The workers of a run at one moment, moved on through the run. Workers are the nodes without the label
/// node-role.kubernetes.io/control-plane, or all nodes if every one has it.
class ClusterUtilisation {
 public:
  /// A worker. Amounts by resource, in the order of resources(): cpu in thousandths of a core, others in whole units.
  struct Node {
    std::string name;
    bool exists = false;
    std::vector<std::int64_t> allocatable;
    std::vector<std::int64_t> requested;  ///< by pods that are on it and have not ended
    std::int64_t pods_allowed = 0;
    std::int64_t pods = 0;
  };

  /// Begins before everything: no node exists yet. `history` outlives this.
  explicit ClusterUtilisation(const RunHistory& history);

  /// "cpu", "memory", then every other resource that a worker has, by name.
  [[nodiscard]] const std::vector<std::string>& resources() const { return resources_; }
  /// Number of a resource; resources().size() if no worker has it.
  [[nodiscard]] std::size_t resource(std::string_view name) const;
  /// Moments at which anything changes, ascending, each once.
  [[nodiscard]] const std::vector<SimTime>& moments() const { return moments_; }
  /// Moves on: everything up to and with `time` has happened. Never goes back.
  void advance(SimTime time);

  /// Numbers (into nodes()) of the workers that the last advance changed, ascending, each once.
  [[nodiscard]] const std::vector<std::size_t>& changed() const { return changed_; }

  /// In order of first appearance.
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] std::int64_t node_count() const { return node_count_; }
  /// Workers with at least one pod that has not ended.
  [[nodiscard]] std::int64_t nodes_in_use() const { return in_use_; }
  [[nodiscard]] std::int64_t pods() const { return pods_; }
  /// Requested share of what all workers have: 0…1; 0 if they have nothing of it.
  [[nodiscard]] double utilisation(std::size_t resource) const;
  /// The same of one worker; 0 if it does not exist.
  [[nodiscard]] double utilisation(std::size_t resource, const Node& node) const;
  /// Share of the free amount that lies where a pod of the workload would not fit: F_N(M) / free, with
  ///   F_n(M) = Σ_m p_m · (free amount of n, if a pod of class m does not fit on n; else 0),
  /// over the classes m of all pods that the run created and that ask for the resource, p_m their shares. Weng et al., "Beware of
  /// Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023, §3; here for
  /// resources that are not shared out in parts, and only over classes that ask for them. Fits: every request is at most what is
  /// free, and a pod more is allowed. 0 if nothing is free or nobody asks.
  [[nodiscard]] double fragmentation(std::size_t resource) const;
  /// How many more pods of a class (into RunHistory::pod_classes) fit now, were they all that came.
  [[nodiscard]] std::int64_t room_for(std::size_t pod_class) const;

 private:
  struct Change {
    Instant at;
    std::size_t node = 0;
    enum class What : std::uint8_t { NodeAppears, NodeGoes, PodTakes, PodLeaves } what = What::NodeAppears;
    std::size_t pod_class = 0;
  };
  using Amounts = std::vector<std::int64_t>;

  void read_nodes(const RunHistory& history);
  void read_pods(const RunHistory& history);
  void apply(const Change& change);
  /// Adds what `node` contributes to the sums, or takes it away (sign -1).
  void count(const Node& node, int sign);
  [[nodiscard]] bool fits(const Amounts& requests, const Node& node) const;
  [[nodiscard]] Amounts amounts_of(const cluster::ResourceList& list) const;

  std::vector<std::string> resources_;
  std::vector<Amounts> class_requests_;
  std::vector<std::uint64_t> class_pods_;
  std::vector<std::uint64_t> askers_;      ///< by resource: pods of the run that ask for it
  std::vector<Node> nodes_;
  std::vector<Change> changes_;
  std::vector<SimTime> moments_;
  std::size_t next_ = 0;
  std::vector<std::size_t> changed_;

  // Sums over the workers that exist.
  Amounts allocatable_, requested_;
  std::vector<Int128> fragments_;          ///< Σ F_n(M), times askers_
  std::int64_t node_count_ = 0, in_use_ = 0, pods_ = 0;
};

/// The figures of the whole cluster from the start to the end of a run; vectors by resource.
struct ClusterFigures {
  std::vector<std::string> resources;
  OverTime pods;
  OverTime nodes_in_use;
  std::vector<OverTime> utilisation;
  std::vector<OverTime> fragmentation;
};
ClusterFigures figures_over_run(const RunHistory& history);

}  // namespace tandem::judge
