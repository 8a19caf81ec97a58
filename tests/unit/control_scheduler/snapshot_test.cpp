// Node order, running sums and the columns that plugins count over.

#include "core/base/random.hpp"
#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control::scheduler {
namespace {

using namespace testing;  // NOLINT: notation of these tests

constexpr const char* kZone = "topology.kubernetes.io/zone";

std::string order_of(const Snapshot& snapshot) {
  std::string text;
  for (const NodeIndex index : snapshot.order()) text += (text.empty() ? "" : " ") + snapshot.node(index).name;
  return text;
}

TEST(NodeOrder, TakesZonesByTurns) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("a1", "1", "1Gi", {{kZone, "a"}}), node("a2", "1", "1Gi", {{kZone, "a"}}),
                       node("a3", "1", "1Gi", {{kZone, "a"}}), node("b1", "1", "1Gi", {{kZone, "b"}}), node("none", "1", "1Gi"),
                       node("b2", "1", "1Gi", {{kZone, "b"}})});
  EXPECT_EQ(order_of(snapshot), "a1 b1 none a2 b2 a3");
}

TEST(NodeOrder, PutsANodeThatCameBackAtTheEndOfItsZone) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("n1", "1", "1Gi"), node("n2", "1", "1Gi"), node("n3", "1", "1Gi")});
  snapshot.remove_node("n1");
  EXPECT_EQ(order_of(snapshot), "n2 n3");
  add_nodes(snapshot, {node("n1", "1", "1Gi")});
  EXPECT_EQ(order_of(snapshot), "n2 n3 n1");
}

TEST(NodeOrder, FollowsANodeToItsNewZone) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("n1", "1", "1Gi", {{kZone, "a"}}), node("n2", "1", "1Gi", {{kZone, "a"}}),
                       node("n3", "1", "1Gi", {{kZone, "b"}})});
  EXPECT_EQ(order_of(snapshot), "n1 n3 n2");
  add_nodes(snapshot, {node("n1", "1", "1Gi", {{kZone, "b"}})});
  EXPECT_EQ(order_of(snapshot), "n2 n3 n1");
}

TEST(Sampling, Example1_3ExaminesAsManyNodesAsTheReferenceListsForAdaptivePercentages) {
  const std::vector<std::pair<std::size_t, std::size_t>> expected{{50, 50},    {99, 99},    {100, 100},  {125, 100},
                                                                  {250, 120},  {500, 230},  {1000, 420}, {2500, 750},
                                                                  {5000, 500}, {5625, 281}, {6000, 300}, {10000, 500}};
  for (const auto& [nodes, wanted] : expected) EXPECT_EQ(feasible_nodes_to_find(nodes, 0), wanted) << nodes << " nodes";
  EXPECT_EQ(feasible_nodes_to_find(1000, 100), 1000U);
  EXPECT_EQ(feasible_nodes_to_find(1000, 1), 100U);
}

TEST(Sampling, StopsWhenEnoughNodesAreFeasibleAndGoesOnFromThereNextTime) {
  Snapshot snapshot;
  for (int i = 0; i < 500; ++i) add_nodes(snapshot, {node("n" + std::to_string(1000 + i), "4", "8Gi")});
  SchedulingAlgorithm algorithm(snapshot, default_plugins(), 0, 1);
  const Decision first = algorithm.schedule_one(pod("p1", "1", "1Gi"), Detail::Full);
  EXPECT_EQ(first.evaluated, 230U);
  EXPECT_EQ(first.detail->feasible.front(), "n1000");
  EXPECT_EQ(algorithm.next_start(), 230U);
  const Decision second = algorithm.schedule_one(pod("p2", "1", "1Gi"), Detail::Full);
  EXPECT_EQ(second.detail->feasible.front(), "n1230");
  const Decision third = algorithm.schedule_one(pod("p3", "1", "1Gi"), Detail::Full);
  EXPECT_EQ(third.detail->feasible.front(), "n1460");
  EXPECT_EQ(third.detail->feasible.back(), "n1189") << "the search wraps around";
}

TEST(Sums, AnAssumedPodCountsAtOnceAndOnlyOnceWhenConfirmed) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("n", "4", "8Gi")});
  snapshot.assume(pod("p", "1", "1Gi"), "n");
  EXPECT_EQ(snapshot.find_node("n")->load.requested.milli_cpu, 1000);
  snapshot.set_pod(on("n", pod("p", "1", "1Gi")));
  EXPECT_EQ(snapshot.find_node("n")->load.requested.milli_cpu, 1000);
  EXPECT_EQ(snapshot.find_node("n")->pods.size(), 1U);
  snapshot.remove_pod({"default", "p"});
  EXPECT_EQ(snapshot.find_node("n")->load.requested, Resources{});
}

TEST(Sums, PodsOfANodeThatIsNotThereYetCountOnceItIs) {
  Snapshot snapshot;
  snapshot.set_pod(on("n", pod("p", "1", "1Gi")));
  EXPECT_EQ(snapshot.find_node("n"), nullptr);
  EXPECT_TRUE(snapshot.order().empty());
  add_nodes(snapshot, {node("n", "4", "8Gi")});
  EXPECT_EQ(snapshot.find_node("n")->load.requested.milli_cpu, 1000);
}

TEST(Sums, StayRightOverAnyHistory) {
  RandomStream random(7, "snapshot-test");
  Snapshot snapshot;
  const std::vector<std::string> names{"n0", "n1", "n2", "n3"};
  std::map<std::string, cluster::Pod> placed;
  const cluster::LabelSelector web{{{"app", "web"}}, {}};
  for (int step = 0; step < 2000; ++step) {
    const std::string& target = names[random.below(names.size())];
    const std::string pod_name = "p" + std::to_string(random.below(30));
    switch (random.below(5)) {
      case 0:
        add_nodes(snapshot, {node(target, "4", "8Gi", {{"zone", random.below(2) != 0U ? "a" : "b"}})});
        break;
      case 1:
        snapshot.remove_node(target);
        break;
      case 2:
        snapshot.remove_pod({"default", pod_name});
        placed.erase(pod_name);
        break;
      default: {
        cluster::Pod made = pod(pod_name, "100m", "64Mi", {{"app", random.below(2) != 0U ? "web" : "db"}});
        made.node_name = target;
        if (random.below(4) == 0) made.meta.deletion_timestamp = kTimeZero;
        snapshot.set_pod(std::make_shared<cluster::Pod>(made));
        placed[pod_name] = made;
      }
    }
    for (const std::string& name : names) {
      std::int64_t cpu = 0;
      std::int32_t matching = 0;
      for (const auto& [key, each] : placed) {
        if (each.node_name != name) continue;
        cpu += 100;
        if (!cluster::is_terminating(each.meta) && each.meta.labels->at("app") == "web") ++matching;
      }
      const NodeInfo* info = snapshot.find_node(name);
      if (info == nullptr) continue;
      ASSERT_EQ(info->load.requested.milli_cpu, cpu) << "step " << step;
      ASSERT_EQ(snapshot.matching_pods("default", web).count(info->index), matching) << "step " << step;
      ASSERT_NE(snapshot.topology("zone").value(info->index), 0U);
    }
  }
}

TEST(PodClasses, AreSharedByPodsOfOneTemplate) {
  Snapshot snapshot;
  const cluster::Pod first = pod("p1", "1", "1Gi");
  cluster::Pod second = first;
  second.meta.name = "p2";
  EXPECT_EQ(snapshot.class_of(first), snapshot.class_of(second));
  second.meta.labels = cluster::Labels{{"app", "other"}};
  EXPECT_NE(snapshot.class_of(first), snapshot.class_of(second));
}

TEST(ImageNames, GetTheTagLatestUnlessTheyHaveATagOrDigest) {
  EXPECT_EQ(normalized_image_name("nginx"), "nginx:latest");
  EXPECT_EQ(normalized_image_name("nginx:1"), "nginx:1");
  EXPECT_EQ(normalized_image_name("localhost:5000/nginx"), "localhost:5000/nginx:latest");
  EXPECT_EQ(normalized_image_name("nginx@sha256:00"), "nginx@sha256:00");
}

}  // namespace
}  // namespace tandem::control::scheduler
