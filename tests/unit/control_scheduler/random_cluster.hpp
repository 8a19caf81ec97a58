#pragma once
// A small cluster at random with a scheduler at work in it: nodes and pods come, change and go; after every decision the oracle is
// asked whether it was right.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/base/random.hpp"
#include "core/control/scheduler/scheduler.hpp"
#include "tests/unit/control_scheduler/oracle.hpp"

namespace tandem::control {

/// What kind of cluster it is.
struct RandomClusterKind {
  std::uint64_t seed = 0;
  bool spreading = false;    ///< hard spread constraints occur
  bool affinity = false;     ///< affinity and anti-affinity between pods occur
  bool lagging = false;      ///< watches, writes and cycles take time, so the scheduler works on old news
  bool checked = false;      ///< every decision once more from scratch
  std::size_t nodes = 0;     ///< to begin with; 0: one to six
  std::size_t steps = 30;
  int percentage = 0;
};

class RandomCluster {
 public:
  explicit RandomCluster(RandomClusterKind kind);
  ~RandomCluster();
  RandomCluster(const RandomCluster&) = delete;
  RandomCluster& operator=(const RandomCluster&) = delete;

  /// Runs to quiescence. What went wrong first, or nothing.
  std::string run();

  [[nodiscard]] std::size_t bindings() const { return bindings_; }
  [[nodiscard]] std::size_t failures() const { return failures_; }
  [[nodiscard]] std::size_t preemptions() const { return preemptions_; }
  [[nodiscard]] std::size_t still_pending() const { return still_pending_; }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  template <class T>
  const T& any_of(const std::vector<T>& values) { return values[below(values.size())]; }

  // What there is (random_cluster_objects.cpp).
  cluster::Node random_node(const std::string& name);
  cluster::Pod random_template();
  void add_requests(cluster::PodSpec& spec);
  void add_node_choice(cluster::PodSpec& spec);
  void add_ports(cluster::PodSpec& spec);
  void add_spreading(cluster::PodSpec& spec);
  void add_affinity(cluster::PodSpec& spec);
  cluster::PodAffinityTerm random_term();

  // What happens (random_cluster.cpp).
  void step();
  void add_pods();
  void change_a_node();
  void change_a_pod();
  void end_a_pod();
  void set_budget();
  void let_victims_go(std::uint64_t one_of);
  void settle();

  // What must hold.
  void decided(const record::SchedulingDecision& decision);
  void pod_committed(const cluster::Change<cluster::Pod>& change);
  void check_victims();
  void check_nodes();
  void check_pending(bool after_sweeps);
  void problem(std::string text);

  RandomClusterKind kind_;
  RandomStream random_;
  FakeClock clock_;
  cluster::ApiServer api_;
  std::vector<cluster::Pod> templates_;
  std::set<std::string> shrunk_;  ///< nodes that lost room, or came back smaller, below their pods
  int pods_made_ = 0;
  int nodes_made_ = 0;
  std::string problem_;
  std::size_t bindings_ = 0;
  std::size_t failures_ = 0;
  std::size_t preemptions_ = 0;
  std::size_t still_pending_ = 0;

  /// The last failed attempt, as long as its victims are being marked.
  struct Preemptor {
    cluster::Ptr<cluster::Pod> pod;
    oracle::World world;
    std::vector<cluster::Ptr<cluster::Pod>> victims;
  };
  std::optional<Preemptor> preemptor_;
  cluster::Subscription observer_;
  std::optional<Scheduler> scheduler_;
};

}  // namespace tandem::control
