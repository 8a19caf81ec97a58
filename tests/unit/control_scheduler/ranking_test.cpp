// The ranking of a class (class_ranking.hpp): the same answers as a walk over all nodes.

#include "core/base/random.hpp"
#include "core/control/scheduler/tournament.hpp"
#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control::scheduler {
namespace {

using namespace testing;  // NOLINT: notation of these tests

TEST(ATournament, SaysWhatAWalkOverAllPositionsSays) {
  RandomStream random(5, "tournament-test");
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}, std::size_t{100}}) {
    Tournament tournament;
    tournament.reset(size);
    std::vector<std::optional<std::int64_t>> totals(size);
    for (int step = 0; step < 400; ++step) {
      const std::size_t position = random.below(size);
      if (random.below(3) == 0) {
        totals[position].reset();
        tournament.set_out(position);
      } else {
        totals[position] = static_cast<std::int64_t>(random.below(5)) - 2;
        tournament.set(position, *totals[position]);
      }
      const std::size_t begin = random.below(size);
      const std::size_t end = begin + 1 + random.below(size - begin);
      std::vector<std::size_t> in;
      std::vector<std::size_t> best;
      for (std::size_t i = begin; i < end; ++i) {
        if (!totals[i]) continue;
        in.push_back(i);
        if (!best.empty() && *totals[i] < *totals[best.front()]) continue;
        if (!best.empty() && *totals[i] > *totals[best.front()]) best.clear();
        best.push_back(i);
      }
      const Tournament::Standing standing = tournament.among(begin, end);
      ASSERT_EQ(standing.in, in.size());
      for (std::uint32_t n = 0; n < in.size(); ++n) ASSERT_EQ(tournament.nth_in(begin, end, n), in[n]);
      if (in.empty()) continue;
      ASSERT_EQ(standing.best, *totals[best.front()]);
      ASSERT_EQ(standing.ties, best.size());
      for (std::uint32_t n = 0; n < best.size(); ++n) ASSERT_EQ(tournament.nth_best(begin, end, standing.best, n), best[n]);
    }
  }
}

/// Pods of one class one after the other, each decision checked from scratch, until no node is left. Returns where they went.
std::vector<std::string> fill(Snapshot& snapshot, const cluster::Pod& model, int percentage) {
  SchedulingAlgorithm algorithm(snapshot, default_plugins(), percentage, 1, /*check_every=*/1);
  std::vector<std::string> nodes;
  while (true) {
    cluster::Pod next = model;
    next.meta.name = model.meta.name + "-" + std::to_string(nodes.size());
    next.meta.uid = "uid-" + next.meta.name;
    const Decision decision = algorithm.schedule_one(next);
    if (decision.node.empty()) return nodes;
    snapshot.assume(next, decision.node);
    nodes.push_back(decision.node);
  }
}

TEST(ARanking, MeasuresScoresAgainstTheNodesThatAreLeft) {
  // "first" has room for one pod and 100 points for being preferred; once it is full, "second" is what 100 points stand for.
  Snapshot snapshot;
  for (const auto& [name, disk, cpu] : {std::tuple{"first", "nvme", "10"}, {"second", "ssd", "4"}, {"third", "hdd", "8"}}) {
    add_nodes(snapshot, {node(name, cpu, "64Gi", {{"disk", disk}})});
  }
  const cluster::Pod model = with_spec(pod("web", "1", "64Mi"), [](cluster::PodSpec& spec) {
    spec.affinity.node_affinity.emplace();
    spec.affinity.node_affinity->preferred = {{100, {{in("disk", {"nvme"})}, {}}}, {40, {{in("disk", {"ssd"})}, {}}}};
  });
  const std::vector<std::string> nodes = fill(snapshot, model, 0);
  ASSERT_EQ(nodes.size(), 22U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(nodes[i], "first") << i;
  for (std::size_t i = 10; i < 14; ++i) EXPECT_EQ(nodes[i], "second") << i;
}

TEST(ARanking, AgreesWithAWalkWhereNodesAreSampled) {
  for (const int percentage : {0, 50, 100}) {
    RandomStream random(7, "ranking-test");
    Snapshot snapshot;
    for (int i = 0; i < 230; ++i) {
      cluster::Node each = node("n" + std::to_string(i), random.below(2) == 0 ? "1" : "2", "4Gi", {{"zone", random.below(3) == 0 ? "a" : "b"}});
      each.spec.unschedulable = random.below(9) == 0;
      for (const char* key : {"spot", "old"}) {
        if (random.below(8) == 0) each.spec.taints.push_back({key, "", "PreferNoSchedule", {}, {}});
      }
      add_nodes(snapshot, {each});
    }
    EXPECT_GT(fill(snapshot, pod("web", "500m", "64Mi"), percentage).size(), 400U) << percentage;
  }
}

}  // namespace
}  // namespace tandem::control::scheduler
