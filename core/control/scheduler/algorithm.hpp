#pragma once
// One scheduling cycle: filter, score, choose (kubernetes-semantics §1.1). No clock, no API server: a pod and a Snapshot in,
// a Decision out.

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/random.hpp"
#include "core/control/scheduler/class_results.hpp"
#include "core/control/scheduler/decision.hpp"
#include "core/control/scheduler/profile.hpp"

namespace tandem::control::scheduler {

/// How much of a Decision is filled in: the production path needs no columns.
enum class Detail : std::uint8_t { Outcome, Full };

/// How many feasible nodes end the search: all of fewer than 100 nodes, else max(100, N·p/100), with p = 0 meaning
/// max(5, 50 − N/125) (§1.3).
std::size_t feasible_nodes_to_find(std::size_t nodes, int percentage);

/// The checked mode: how many decisions pass until one is worked out once more from scratch and compared; 0 is never, 1 always.
using CheckEvery = std::uint32_t;

/// Schedules against one Snapshot. Between cycles it keeps only where the next search starts and what identical pods share;
/// neither changes a verdict or a score.
class SchedulingAlgorithm {
 public:
  /// `plugins` come from configure(). Ties are drawn from CounterStream(seed, "scheduler-tie", stable_hash("namespace/name")),
  /// draw 0: the choice depends on the pod's name and the candidates, not on what was scheduled before.
  SchedulingAlgorithm(const Snapshot& snapshot, std::vector<ConfiguredPlugin> plugins, int percentage_of_nodes_to_score,
                      std::uint64_t seed, CheckEvery check_every = 0);
  SchedulingAlgorithm(const SchedulingAlgorithm&) = delete;
  SchedulingAlgorithm& operator=(const SchedulingAlgorithm&) = delete;

  Decision schedule_one(const cluster::Pod& pod, Detail detail = Detail::Outcome);

  /// Whether a pod that the plugin at `position` rejected is worth another try after the event.
  [[nodiscard]] bool worth_retrying(std::size_t position, const cluster::Pod& pod, const ClusterEvent& event) const;

  [[nodiscard]] std::span<const ConfiguredPlugin> plugins() const { return plugins_; }
  /// Position in Snapshot::order() from which the next cycle looks.
  [[nodiscard]] std::size_t next_start() const { return next_start_; }
  /// Profiles of one scheduler search on where the last one stopped.
  void search_from(std::size_t start) { next_start_ = start; }
  /// For replays: the node of the last pod that this profile placed.
  void set_last_chosen(std::string node) { last_chosen_ = std::move(node); }

 private:
  struct Rejection {
    NodeIndex node = 0;
    Verdict verdict;
  };
  struct Cycle;

  /// `by_ranking`: answers from the class's ranking where that is possible.
  Decision decide(const cluster::Pod& pod, const PodClass& pod_class, ClassResults& results, Detail detail, bool by_ranking);
  bool decide_by_ranking(Cycle& cycle);
  [[nodiscard]] bool only_local_plugins_speak(const Cycle& cycle) const;
  /// What a decision can depend on besides the cluster.
  struct Memory {
    std::size_t next_start = 0;
    std::string last_chosen;
    friend bool operator==(const Memory&, const Memory&) = default;
  };
  /// The decision and all that is shared, against the same worked out from scratch; CHECKs that they agree.
  void check(const cluster::Pod& pod, const Decision& made, const Memory& before);
  void check_ranking(const DecisionDetail& scratch, const ClassRanking& ranking) const;
  void pre_filter(Cycle& cycle);
  bool nominated_node_passes(Cycle& cycle);
  Verdict filter(Cycle& cycle, const NodeInfo& node);
  void find_feasible(Cycle& cycle);
  void note_rejecting_plugins(Decision& decision) const;
  void choose_by_score(Cycle& cycle);
  bool add_scores(Cycle& cycle, std::size_t position);
  void post_filter(Cycle& cycle);
  std::string run_post_filters(Cycle& cycle);
  [[nodiscard]] Reasons reasons_of(const Cycle& cycle, const Rejection& rejection) const;
  void fill_filter_detail(Cycle& cycle);
  /// Names the pod in random streams.
  [[nodiscard]] static std::uint64_t entity_of(const cluster::Pod& pod) {
    return stable_hash(pod.meta.namespace_ + "/" + pod.meta.name);
  }
  /// Which of `ties` nodes is taken, counted in the order visited.
  [[nodiscard]] std::uint32_t draw(const cluster::Pod& pod, std::size_t ties) const;

  const Snapshot& snapshot_;
  std::vector<ConfiguredPlugin> plugins_;
  int percentage_ = 0;
  std::uint64_t seed_ = 0;
  std::size_t next_start_ = 0;
  std::string last_chosen_;
  ClassResultsCache results_;
  CheckEvery check_every_ = 0;
  bool is_repeatable_ = true;  ///< every plugin is
  std::uint64_t decisions_ = 0;
  bool answered_by_ranking_ = false;  ///< the last decision

  // Scratch space of a cycle, kept to save allocations.
  CycleFilters filters_;
  std::vector<PluginStatePtr> filter_states_;
  std::vector<NodeIndex> feasible_;
  std::vector<Rejection> rejections_;
  std::vector<std::int64_t> column_;
  std::vector<std::int64_t> totals_;
  std::vector<NodeIndex> ties_;
};

/// The same for a single question, without memory: what explain asks. Requires a valid profile.
Decision schedule_one(const cluster::Pod& pod, const Snapshot& snapshot, const Profile& profile, std::uint64_t seed,
                      Detail detail = Detail::Full);

}  // namespace tandem::control::scheduler
