// The worked examples of kubernetes-semantics §1.11, whose numbers come from the real scheduler v1.34: Example1_11A is example A.
// Those of §1.2 and §1.3 are Queue.Example1_2… and Sampling.Example1_3….

#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control::scheduler {
namespace {

using namespace testing;  // NOLINT: notation of these tests
using cluster::Labels;

const Labels kNoLabels;

cluster::PreferredSchedulingTerm prefer(std::int32_t weight, const char* key, const char* value) {
  return {weight, {{in(key, {value})}, {}}};
}

class Example1_11A : public ::testing::Test {
 protected:
  Example1_11A() {
    add_nodes(snapshot,
              {node("cp", "4", "8Gi", {}, {{"node-role.kubernetes.io/control-plane", "", "NoSchedule", {}}}),
               node("worker", "4", "8Gi", {{"disk", "ssd"}}), node("worker2", "4", "8Gi", {{"disk", "ssd"}, {"gpu", "true"}}),
               node("worker3", "4", "8Gi", {{"disk", "ssd"}, {"gpu", "true"}}, {{"dedicated", "db", "NoSchedule", {}}}),
               node("worker4", "4", "8Gi"), node("worker5", "4", "8Gi")});
  }
  cluster::Pod replica(const std::string& name) const {
    return with_spec(pod(name, "3", "1Gi"), [](cluster::PodSpec& spec) {
      spec.affinity.node_affinity.emplace();
      spec.affinity.node_affinity->preferred = {prefer(100, "gpu", "true"), prefer(50, "disk", "ssd")};
    });
  }
  Snapshot snapshot;
};

TEST_F(Example1_11A, FillsThePreferredWorkersFirstAndThenReportsWhyThePodIsPending) {
  const Decision p0 = decide(snapshot, replica("p0"));
  EXPECT_EQ(totals(p0), (Column{{"worker2", 624}, {"worker", 490}, {"worker4", 424}, {"worker5", 424}}));
  EXPECT_EQ(scores(p0, "NodeAffinity", &PluginScores::normalized),
            (Column{{"worker2", 100}, {"worker", 33}, {"worker4", 0}, {"worker5", 0}}));
  EXPECT_EQ(scores(p0, "NodeResourcesFit", &PluginScores::raw)["worker2"], 56);
  EXPECT_EQ(scores(p0, "NodeResourcesBalancedAllocation", &PluginScores::raw)["worker2"], 68);
  EXPECT_EQ(p0.node, "worker2");
  snapshot.assume(replica("p0"), p0.node);

  const Decision p1 = decide(snapshot, replica("p1"));
  EXPECT_EQ(totals(p1), (Column{{"worker", 624}, {"worker4", 424}, {"worker5", 424}}));
  EXPECT_EQ(p1.node, "worker");
  snapshot.assume(replica("p1"), p1.node);

  const Decision p2 = decide(snapshot, replica("p2"));
  EXPECT_EQ(tied(snapshot, p2), (std::vector<std::string>{"worker4", "worker5"}));
  EXPECT_EQ(totals(p2)["worker4"], 424);
  snapshot.assume(replica("p2"), p2.node);

  const Decision p3 = decide(snapshot, replica("p3"));
  EXPECT_EQ(p3.node, p2.node == "worker4" ? "worker5" : "worker4");
  EXPECT_TRUE(p3.detail->scores.empty()) << "a single feasible node is not scored";
  snapshot.assume(replica("p3"), p3.node);

  const Decision p4 = decide(snapshot, replica("p4"));
  EXPECT_EQ(p4.node, "");
  EXPECT_EQ(
      p4.message,
      "0/6 nodes are available: 1 node(s) had untolerated taint {dedicated: db}, 1 node(s) had untolerated taint "
      "{node-role.kubernetes.io/control-plane: }, 4 Insufficient cpu. no new claims to deallocate, preemption: 0/6 nodes are "
      "available: 2 Preemption is not helpful for scheduling, 4 No preemption victims found for incoming pod.");
}

TEST(Example1_11B, UnequalNodesAreScoredByWhatIsLeftAndByBalance) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("a", "4", "8Gi"), node("b", "8", "16Gi"), node("c", "2", "4Gi")});
  snapshot.set_pod(on("a", pod("holder", "1", "1Gi")));

  const Decision p0 = decide(snapshot, pod("p0", "500m", "512Mi"));
  EXPECT_EQ(scores(p0, "NodeResourcesFit", &PluginScores::raw), (Column{{"a", 71}, {"b", 94}, {"c", 81}}));
  EXPECT_EQ(scores(p0, "NodeResourcesBalancedAllocation", &PluginScores::raw), (Column{{"a", 90}, {"b", 98}, {"c", 93}}));
  EXPECT_EQ(totals(p0), (Column{{"a", 461}, {"b", 492}, {"c", 474}}));
  EXPECT_EQ(p0.node, "b");
  snapshot.assume(pod("p0", "500m", "512Mi"), "b");

  const Decision p1 = decide(snapshot, pod("p1"));
  EXPECT_EQ(scores(p1, "NodeResourcesFit", &PluginScores::raw), (Column{{"a", 78}, {"b", 93}, {"c", 95}}));
  EXPECT_EQ(totals(p1)["c"], 395);
  EXPECT_EQ(p1.node, "c");
  const auto& skipped = p1.detail->skipped_score_plugins;
  EXPECT_EQ(std::count(skipped.begin(), skipped.end(), "NodeResourcesBalancedAllocation"), 1) << "best effort balances nothing";
  snapshot.assume(pod("p1"), "c");

  const Decision p2 = decide(snapshot, pod("p2", "500m"));
  EXPECT_EQ(scores(p2, "NodeResourcesFit", &PluginScores::raw), (Column{{"a", 73}, {"b", 91}, {"c", 80}}));
  EXPECT_EQ(scores(p2, "NodeResourcesBalancedAllocation", &PluginScores::raw), (Column{{"a", 87}, {"b", 95}, {"c", 87}}));
  EXPECT_EQ(totals(p2)["b"], 486);
  snapshot.assume(pod("p2", "500m"), "b");

  const Decision p3 = decide(snapshot, pod("p3", "3", "1Gi"));
  EXPECT_EQ(totals(p3), (Column{{"a", 399}, {"b", 448}}));
  ASSERT_EQ(p3.detail->rejected.size(), 1U);
  EXPECT_EQ(p3.detail->rejected[0].node, "c");
  EXPECT_EQ(p3.detail->rejected[0].code, Code::UnschedulableAndUnresolvable) << "3 cpu never fit a node of 2";
}

cluster::Pod replica_of_web(const std::string& name) {
  cluster::Pod made = pod(name, "100m", "128Mi", {{"app", "web"}, {"pod-template-hash", "abc"}});
  made.meta.owner_references.push_back({"apps/v1", "ReplicaSet", "web-abc", "uid-rs", true, true});
  return made;
}

void own_web(Snapshot& snapshot) {
  snapshot.set_owner_selector("ReplicaSet", {"default", "web-abc"}, {{{"app", "web"}, {"pod-template-hash", "abc"}}, {}});
}

TEST(Example1_11C, DefaultSpreadingWeighsHostsAndZones) {
  Snapshot snapshot;
  const char* const zone = "topology.kubernetes.io/zone";
  add_nodes(snapshot, {node("n1", "8", "16Gi", {{zone, "z1"}}), node("n2", "8", "16Gi", {{zone, "z1"}}),
                       node("n3", "8", "16Gi", {{zone, "z2"}})});
  own_web(snapshot);
  snapshot.set_pod(on("n1", replica_of_web("r0")));

  const Decision first = decide(snapshot, replica_of_web("r1"));
  EXPECT_EQ(scores(first, "PodTopologySpread", &PluginScores::raw), (Column{{"n1", 9}, {"n2", 7}, {"n3", 6}}));
  EXPECT_EQ(scores(first, "PodTopologySpread", &PluginScores::weighted), (Column{{"n1", 132}, {"n2", 176}, {"n3", 200}}));
  EXPECT_EQ(totals(first), (Column{{"n1", 628}, {"n2", 673}, {"n3", 697}}));
  EXPECT_EQ(first.node, "n3");
  snapshot.assume(replica_of_web("r1"), "n3");

  const Decision second = decide(snapshot, replica_of_web("r2"));
  EXPECT_EQ(scores(second, "PodTopologySpread", &PluginScores::weighted), (Column{{"n1", 154}, {"n2", 200}, {"n3", 154}}));
  EXPECT_EQ(second.node, "n2");
  snapshot.assume(replica_of_web("r2"), "n2");

  const Decision third = decide(snapshot, replica_of_web("r3"));
  EXPECT_EQ(scores(third, "PodTopologySpread", &PluginScores::weighted), (Column{{"n1", 180}, {"n2", 180}, {"n3", 200}}));
  EXPECT_EQ(third.node, "n3");
}

TEST(Example1_11C, WithoutZonesHostsAloneAreSpread) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("n1", "8", "16Gi"), node("n2", "8", "16Gi"), node("n3", "8", "16Gi")});
  own_web(snapshot);
  const Decision first = decide(snapshot, replica_of_web("r0"));
  EXPECT_EQ(scores(first, "PodTopologySpread", &PluginScores::raw), (Column{{"n1", 2}, {"n2", 2}, {"n3", 2}}));
  EXPECT_EQ(scores(first, "PodTopologySpread", &PluginScores::normalized), (Column{{"n1", 100}, {"n2", 100}, {"n3", 100}}));
  snapshot.assume(replica_of_web("r0"), "n1");
  const Decision second = decide(snapshot, replica_of_web("r1"));
  EXPECT_EQ(scores(second, "PodTopologySpread", &PluginScores::raw)["n1"], 4);
  EXPECT_EQ(scores(second, "PodTopologySpread", &PluginScores::weighted), (Column{{"n1", 100}, {"n2", 200}, {"n3", 200}}));
}

TEST(Example1_11D, PreferNoScheduleTaintsCostPointsInProportion) {
  const auto soft = [](const char* key) { return cluster::Taint{key, "", "PreferNoSchedule", {}}; };
  Snapshot snapshot;
  add_nodes(snapshot, {node("none", "4", "8Gi"), node("one", "4", "8Gi", {}, {soft("a")}),
                       node("three", "4", "8Gi", {}, {soft("a"), soft("b"), soft("c")})});
  const Decision decision = decide(snapshot, pod("p"));
  EXPECT_EQ(scores(decision, "TaintToleration", &PluginScores::raw), (Column{{"none", 0}, {"one", 1}, {"three", 3}}));
  EXPECT_EQ(scores(decision, "TaintToleration", &PluginScores::weighted), (Column{{"none", 300}, {"one", 201}, {"three", 0}}));
}

TEST(Example1_11E, PreferredPodAffinityStretchesTheRangeOfItsSums) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("a", "4", "8Gi"), node("b", "4", "8Gi"), node("c", "4", "8Gi")});
  snapshot.set_pod(on("a", pod("friend", "100m", "64Mi", {{"app", "cache"}})));
  snapshot.set_pod(on("b", pod("rival", "100m", "64Mi", {{"app", "batch"}})));
  const auto term = [](const char* app) {
    cluster::PodAffinityTerm made;
    made.label_selector = cluster::LabelSelector{{{"app", app}}, {}};
    made.topology_key = "kubernetes.io/hostname";
    return made;
  };
  const cluster::Pod incoming = with_spec(pod("p"), [&](cluster::PodSpec& spec) {
    spec.affinity.pod_affinity.emplace();
    spec.affinity.pod_affinity->preferred = {{80, term("cache")}};
    spec.affinity.pod_anti_affinity.emplace();
    spec.affinity.pod_anti_affinity->preferred = {{20, term("batch")}};
  });
  const Decision decision = decide(snapshot, incoming);
  EXPECT_EQ(scores(decision, "InterPodAffinity", &PluginScores::raw), (Column{{"a", 80}, {"b", -20}, {"c", 0}}));
  EXPECT_EQ(scores(decision, "InterPodAffinity", &PluginScores::normalized), (Column{{"a", 100}, {"b", 0}, {"c", 20}}));
  EXPECT_EQ(scores(decision, "InterPodAffinity", &PluginScores::weighted), (Column{{"a", 200}, {"b", 0}, {"c", 40}}));
}

TEST(Example1_11F, AnImageOfFiveHundredMebibytesOnHalfTheNodesIsWorthTwentyThreePoints) {
  Snapshot snapshot;
  for (const char* name : {"n1", "n2", "n3", "n4"}) {
    cluster::Node made = node(name, "4", "8Gi");
    if (name[1] <= '2') made.status.images.push_back({{"registry.example/app:1"}, 500LL * 1024 * 1024});
    snapshot.set_node(std::make_shared<cluster::Node>(made));
  }
  const Decision decision = decide(snapshot, pod("p"));
  EXPECT_EQ(scores(decision, "ImageLocality", &PluginScores::raw), (Column{{"n1", 23}, {"n2", 23}, {"n3", 0}, {"n4", 0}}));
}

TEST(Example1_11G, AHardConstraintLeavesOnlyTheEmptierZone) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("a1", "4", "8Gi", {{"zone", "a"}}), node("a2", "4", "8Gi", {{"zone", "a"}}),
                       node("b1", "4", "8Gi", {{"zone", "b"}}), node("keyless", "4", "8Gi")});
  const Labels web{{"app", "web"}};
  snapshot.set_pod(on("a1", pod("x1", "1", "1Gi", web)));
  snapshot.set_pod(on("a2", pod("x2", "1", "1Gi", web)));
  snapshot.set_pod(on("b1", pod("x3", "1", "1Gi", web)));
  const cluster::Pod incoming = with_spec(pod("p", "1", "1Gi", web), [&](cluster::PodSpec& spec) {
    cluster::TopologySpreadConstraint constraint;
    constraint.topology_key = "zone";
    constraint.when_unsatisfiable = "DoNotSchedule";
    constraint.label_selector = cluster::LabelSelector{web, {}};
    spec.topology_spread_constraints = {constraint};
  });
  const Decision decision = decide(snapshot, incoming);
  EXPECT_EQ(decision.node, "b1");
  ASSERT_EQ(decision.detail->rejected.size(), 3U);
  const std::string text = "node(s) didn't match pod topology spread constraints";
  EXPECT_EQ(decision.detail->rejected[0], (NodeRejection{"a1", "PodTopologySpread", Code::Unschedulable, {text}}));
  EXPECT_EQ(decision.detail->rejected[1], (NodeRejection{"a2", "PodTopologySpread", Code::Unschedulable, {text}}));
  EXPECT_EQ(decision.detail->rejected[2],
            (NodeRejection{
                "keyless", "PodTopologySpread", Code::UnschedulableAndUnresolvable, {text + " (missing required label)"}}));
}

class Example1_11H : public ::testing::Test {
 protected:
  Example1_11H() {
    add_nodes(snapshot, {node("n1", "2", "8Gi"), node("n2", "2", "8Gi"), node("n3", "2", "8Gi")});
    place("n1", "a", 100, "1", 0);
    place("n1", "b", 200, "1", 0);
    place("n2", "c", 150, "2", 0);
    place("n3", "d", 100, "1", 0);
    place("n3", "e", 100, "1", 60);  // the youngest of the three of priority 100
  }
  void place(const char* on_node, const char* name, std::int32_t priority, const char* cpu, std::int64_t started) {
    auto placed = on(on_node, of_priority(name, priority, cpu));
    placed->status.start_time = kTimeZero + seconds(started);
    snapshot.set_pod(placed);
  }
  static cluster::Pod of_priority(const char* name, std::int32_t priority, const char* cpu) {
    return with_spec(pod(name, cpu, "64Mi"), [&](cluster::PodSpec& spec) { spec.priority = priority; });
  }
  static std::vector<std::string> victims(const Decision& decision) {
    std::vector<std::string> names;
    for (const PodOnNode& victim : decision.preemption->candidates[*decision.preemption->chosen].victims) {
      names.push_back(victim.pod->meta.name);
    }
    return names;
  }
  Snapshot snapshot;
};

TEST_F(Example1_11H, TheNodeWhoseMostImportantVictimIsLeastImportantIsTaken) {
  const Decision decision = decide(snapshot, of_priority("preemptor", 1000, "1500m"));
  EXPECT_EQ(decision.nominated_node, "n3");
  EXPECT_EQ(victims(decision), (std::vector<std::string>{"d", "e"}));
  EXPECT_EQ(decision.preemption->candidates.size(), 3U);
  EXPECT_EQ(decision.message, "0/3 nodes are available: 3 Insufficient cpu.") << "no preemption part when it nominates a node";
}

TEST_F(Example1_11H, AmongEqualVictimsTheOneThatStartedLastGoes) {
  const Decision decision = decide(snapshot, of_priority("preemptor", 1000, "1"));
  EXPECT_EQ(decision.nominated_node, "n3");
  EXPECT_EQ(victims(decision), (std::vector<std::string>{"e"}));
  EXPECT_EQ(decision.preemption->ties.size(), 1U);
}

TEST(Example1_11I, ReasonsOfAllNodesAreCountedAndSortedAsTexts) {
  Snapshot snapshot;
  cluster::Node crowded = node("crowded", "8", "16Gi");
  crowded.status.allocatable = resources({{"cpu", "8"}, {"memory", "16Gi"}, {"pods", "0"}});
  cluster::Node cordoned = node("cordoned", "8", "16Gi");
  cordoned.spec.unschedulable = true;
  add_nodes(snapshot, {node("cp", "8", "16Gi", {}, {{"node-role.kubernetes.io/control-plane", "", "NoSchedule", {}}}),
                       node("lost", "8", "16Gi", {}, {{"node.kubernetes.io/unreachable", "", "NoExecute", {}}}), cordoned,
                       crowded, node("small", "1", "1Gi"), node("slow", "1", "16Gi")});
  const Decision decision = decide(snapshot, pod("p", "2", "4Gi"));
  const std::string expected =
      "0/6 nodes are available: 1 Insufficient memory, 1 Too many pods, 1 node(s) had untolerated taint "
      "{node-role.kubernetes.io/control-plane: }, 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 1 "
      "node(s) were "
      "unschedulable, 2 Insufficient cpu. ";
  EXPECT_EQ(decision.message.substr(0, expected.size()), expected);
}

}  // namespace
}  // namespace tandem::control::scheduler
