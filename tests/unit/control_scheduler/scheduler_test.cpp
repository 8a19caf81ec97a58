// The scheduler as a component: queue, cycles in time, binding, events, conditions.

#include "tests/unit/control_scheduler/cluster_fixture.hpp"

namespace tandem::control {
namespace {

using namespace scheduler::testing;  // NOLINT: notation of these tests

TEST(SchedulerComponent, BindsAPodWithoutTimePassingOnAnInstantControlPlane) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "4", "8Gi"));
  c.add(pod("web", "1", "1Gi"));
  c.settle();
  EXPECT_EQ(c.node_of("web"), "n1");
  EXPECT_EQ(c.clock.now(), kTimeZero);
  EXPECT_EQ(c.events_about("web"),
            std::vector<std::string>{"Normal Scheduled default-scheduler: Successfully assigned default/web to n1"});
  const auto* condition = cluster::find_condition(c.pod_named("web")->status.conditions, "PodScheduled");
  ASSERT_NE(condition, nullptr);
  EXPECT_EQ(condition->status, cluster::ConditionStatus::True);
}

TEST(SchedulerComponent, TellsWhyAPodIsPendingInEventConditionAndDecision) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "1", "8Gi"));
  c.add(pod("web", "2", "1Gi"));
  c.settle();
  const std::string message =
      "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 "
      "Preemption is "
      "not helpful for scheduling.";
  EXPECT_EQ(c.events_about("web"), std::vector<std::string>{"Warning FailedScheduling default-scheduler: " + message});
  const auto* condition = cluster::find_condition(c.pod_named("web")->status.conditions, "PodScheduled");
  ASSERT_NE(condition, nullptr);
  EXPECT_EQ(condition->status, cluster::ConditionStatus::False);
  EXPECT_EQ(condition->reason, "Unschedulable");
  EXPECT_EQ(condition->message, message);
  ASSERT_EQ(c.decisions.size(), 1U);
  EXPECT_EQ(c.decisions[0].message, message);
  EXPECT_EQ(c.decisions[0].pod, "default/web");
  EXPECT_EQ(c.decisions[0].evaluated, 1U);
  EXPECT_GT(c.decisions[0].input_version, 0);
}

TEST(SchedulerComponent, RecordsEveryTieInNodeOrder) {
  Cluster c(cluster::DeliveryProfile::instant());
  for (const char* name : {"n1", "n2", "n3"}) c.add(node(name, "4", "8Gi"));
  c.add(pod("web", "1", "1Gi"));
  c.settle();
  ASSERT_EQ(c.decisions.size(), 1U);
  EXPECT_EQ(c.decisions[0].ties, (std::vector<std::string>{"n1", "n2", "n3"}));
  EXPECT_EQ(c.decisions[0].node, c.node_of("web"));
  EXPECT_EQ(c.decisions[0].feasible, 3U);
}

TEST(SchedulerComponent, SchedulesAPendingPodAsSoonAsAnotherLeaves) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "1", "8Gi"));
  c.add(pod("first", "1", "1Gi"));
  c.add(pod("second", "1", "1Gi"));
  c.settle();
  EXPECT_EQ(c.node_of("second"), "");
  c.run_until(at(200));
  ASSERT_TRUE(c.api.remove<cluster::Pod>({"default", "first"}, {.grace_period_seconds = 0, .uid = {}}).has_value());
  c.settle();
  EXPECT_EQ(c.node_of("second"), "n1") << "an idle scheduler does not wait for the back-off";
  EXPECT_EQ(c.decisions.back().attempt, 2U);
}

TEST(SchedulerComponent, SchedulesAPendingPodWhenItsNodeIsUncordoned) {
  Cluster c(cluster::DeliveryProfile::instant());
  cluster::Node cordoned = node("n1", "4", "8Gi");
  cordoned.spec.unschedulable = true;
  c.add(cordoned);
  c.add(pod("web", "1", "1Gi"));
  c.run_until(at(5'000));
  EXPECT_EQ(c.node_of("web"), "");
  EXPECT_EQ(c.decisions.size(), 1U) << "nothing happened, so it is not tried again";
  ASSERT_TRUE(
      c.api.patch<cluster::Node>({"", "n1"}, [](cluster::Node& edited) { edited.spec.unschedulable = false; }).has_value());
  c.settle();
  EXPECT_EQ(c.node_of("web"), "n1");
}

TEST(SchedulerComponent, TriesAnUnschedulablePodAgainAfterFiveMinutes) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "1", "8Gi"));
  c.add(pod("web", "2", "1Gi"));
  c.run_until(at(329'999));
  EXPECT_EQ(c.decisions.size(), 1U);
  c.run_until(at(330'000));
  EXPECT_EQ(c.decisions.size(), 2U);
}

TEST(SchedulerComponent, BacksOffWhileThereIsNoNode) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(pod("web"));
  c.run_until(at(1'999));
  ASSERT_EQ(c.decisions.size(), 1U);
  EXPECT_EQ(c.decisions[0].message, "no nodes available to schedule pods");
  c.run_until(at(2'000));
  EXPECT_EQ(c.decisions.size(), 2U);
  c.add(node("n1", "4", "8Gi"));
  c.run_until(at(5'000));
  EXPECT_EQ(c.node_of("web"), "n1");
}

TEST(SchedulerComponent, LeavesPodsOfOtherSchedulersAlone) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "4", "8Gi"));
  c.add(with_spec(pod("other"), [](cluster::PodSpec& spec) { spec.scheduler_name = "students-scheduler"; }));
  c.run_until(at(10'000));
  EXPECT_EQ(c.node_of("other"), "");
  EXPECT_TRUE(c.decisions.empty());
}

TEST(SchedulerComponent, SchedulesByPriorityBeforeAge) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(pod("early"));
  c.add(with_spec(pod("urgent"), [](cluster::PodSpec& spec) { spec.priority = 1000; }));
  c.add(node("n1", "4", "8Gi"));
  c.settle();
  ASSERT_GE(c.decisions.size(), 2U);
  EXPECT_EQ(c.decisions[0].pod, "default/urgent");
}

TEST(SchedulerComponent, WorksThroughCyclesOneByOneAndBindsBesideThem) {
  cluster::DeliveryProfile profile = cluster::DeliveryProfile::instant();
  profile.scheduling_cost = milliseconds(2);
  profile.write_latency = milliseconds(5);
  Cluster c(profile);
  c.add(node("n1", "4", "8Gi"));
  for (const char* name : {"p1", "p2", "p3"}) c.add(pod(name, "1", "1Gi"));
  c.run_until(at(60));
  ASSERT_EQ(c.decisions.size(), 3U);
  EXPECT_EQ(c.decisions[0].time, at(2));
  EXPECT_EQ(c.decisions[1].time, at(4));
  EXPECT_EQ(c.decisions[2].time, at(6)) << "the third cycle does not wait for the first binding at 7 ms";
  for (const char* name : {"p1", "p2", "p3"}) EXPECT_EQ(c.node_of(name), "n1");
}

TEST(SchedulerComponent, CountsAnAssumedPodBeforeItsBindingIsDone) {
  cluster::DeliveryProfile profile = cluster::DeliveryProfile::kubernetes();
  Cluster c(profile);
  c.add(node("n1", "1", "8Gi"));
  c.run_until(at(10));
  c.add(pod("p1", "1", "1Gi"));
  c.add(pod("p2", "1", "1Gi"));
  c.run_until(at(100));
  EXPECT_EQ(c.node_of("p1"), "n1");
  EXPECT_EQ(c.node_of("p2"), "");
  ASSERT_EQ(c.decisions.size(), 2U);
  EXPECT_EQ(c.decisions[0].time, at(12) + microseconds(1500)) << "watch delay and one cycle after the creation";
  EXPECT_EQ(c.decisions[1].time, at(12) + microseconds(3000));
}

TEST(SchedulerComponent, BindsAHundredPodsAtOnceAndThenFiftyASecond) {
  // kubernetes-semantics §10, example B: 300 pods become schedulable at once, the last is bound after about 4 s.
  Cluster c(cluster::DeliveryProfile::kubernetes());
  for (int i = 0; i < 3; ++i) c.add(node("n" + std::to_string(i), "400", "800Gi"));
  for (int i = 0; i < 300; ++i) c.add(pod("p" + std::to_string(i), "1", "1Gi"));
  const auto bound = [&] {
    std::size_t count = 0;
    for (const auto& each : c.api.list<cluster::Pod>()) count += each->node_name.empty() ? 0 : 1;
    return count;
  };
  c.run_until(at(200));
  EXPECT_GE(bound(), 100U);
  EXPECT_LE(bound(), 110U);
  c.run_until(at(2'000));
  EXPECT_NEAR(static_cast<double>(bound()), 200, 5);
  c.run_until(at(3'900));
  EXPECT_LT(bound(), 300U);
  c.run_until(at(4'100));
  EXPECT_EQ(bound(), 300U);
}

TEST(SchedulerComponent, ForgetsAPodWhoseBindingFails) {
  cluster::DeliveryProfile profile = cluster::DeliveryProfile::instant();
  profile.write_latency = milliseconds(10);
  Cluster c(profile);
  c.add(node("n1", "1", "8Gi"));
  c.add(pod("doomed", "1", "1Gi"));
  c.run_until(at(5));
  EXPECT_EQ(c.scheduler->snapshot().find_node("n1")->load.requested.milli_cpu, 1000) << "assumed";
  ASSERT_TRUE(c.api.remove<cluster::Pod>({"default", "doomed"}).has_value());
  c.add(pod("next", "1", "1Gi"));
  c.run_until(at(50));
  EXPECT_EQ(c.node_of("next"), "n1");
  EXPECT_EQ(c.scheduler->snapshot().find_node("n1")->pods.size(), 1U);
}

TEST(SchedulerComponent, CountsTerminatingPodsUntilTheyAreGone) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "1", "8Gi"));
  c.add(pod("leaving", "1", "1Gi"));
  c.settle();
  ASSERT_TRUE(c.api.remove<cluster::Pod>({"default", "leaving"}).has_value());  // graceful: it stays on its node
  c.add(pod("next", "1", "1Gi"));
  c.settle();
  EXPECT_EQ(c.node_of("next"), "");
  ASSERT_TRUE(c.api.remove<cluster::Pod>({"default", "leaving"}, {.grace_period_seconds = 0, .uid = {}}).has_value());
  c.settle();
  EXPECT_EQ(c.node_of("next"), "n1");
}

TEST(SchedulerComponent, SpreadsReplicasOfOneReplicaSetOverTheWorkers) {
  Cluster c(cluster::DeliveryProfile::instant());
  for (const char* name : {"n1", "n2", "n3"}) c.add(node(name, "4", "8Gi"));
  cluster::ReplicaSet owner;
  owner.meta.name = "web-1";
  owner.meta.namespace_ = "default";
  owner.spec.selector = cluster::LabelSelector{{{"app", "web"}}, {}};
  const auto created = c.api.create(owner);
  ASSERT_TRUE(created.has_value());
  std::map<std::string, int> per_node;
  for (int i = 0; i < 6; ++i) {
    cluster::Pod replica = pod("web-1-" + std::to_string(i), nullptr, nullptr, {{"app", "web"}});
    replica.meta.owner_references.push_back({"apps/v1", "ReplicaSet", "web-1", (*created)->meta.uid, true, true});
    c.add(replica);
    c.settle();
    ++per_node[c.node_of(replica.meta.name)];
  }
  EXPECT_EQ(per_node, (std::map<std::string, int>{{"n1", 2}, {"n2", 2}, {"n3", 2}}));
}

TEST(SchedulerComponent, LooksOnWhereTheLastSearchStopped) {
  SchedulerOptions options;
  options.profiles.front().percentage_of_nodes_to_score = 50;
  Cluster c(cluster::DeliveryProfile::instant(), std::move(options));
  for (int i = 1000; i < 1240; ++i) c.add(node("n" + std::to_string(i), "4", "8Gi"));
  for (int i = 0; i < 3; ++i) c.add(pod("p" + std::to_string(i), "1", "1Gi"));
  c.settle();
  ASSERT_EQ(c.decisions.size(), 3U);
  for (const auto& decision : c.decisions) EXPECT_EQ(decision.evaluated, 120U);
  EXPECT_LT(c.node_of("p0"), "n1120");
  EXPECT_GE(c.node_of("p1"), "n1120") << "the first 120 nodes were looked at before";
  EXPECT_LT(c.node_of("p2"), "n1120");
}

TEST(SchedulerComponent, NamesAFewTiesAndCountsMore) {
  for (const std::uint32_t nodes : {8U, 9U, 101U}) {
    SchedulerOptions options;
    options.profiles.front().percentage_of_nodes_to_score = 100;
    Cluster c(cluster::DeliveryProfile::instant(), std::move(options));
    for (std::uint32_t i = 1000; i < 1000 + nodes; ++i) c.add(node("n" + std::to_string(i), "4", "8Gi"));
    c.add(pod("web", "1", "1Gi"));
    c.settle();
    ASSERT_EQ(c.decisions.size(), 1U);
    ASSERT_TRUE(c.decisions[0].inputs.has_value());
    EXPECT_EQ(c.decisions[0].inputs->tie_count, nodes);
    ASSERT_EQ(c.decisions[0].ties.size(), nodes == record::kNamedTiesMax ? nodes : 0U);
    if (!c.decisions[0].ties.empty()) {
      EXPECT_EQ(c.decisions[0].ties.front(), "n1000");
    }
  }
}

TEST(SchedulerComponent, GivesTheSameRunForTheSameSeed) {
  const auto placements = [](std::uint64_t seed) {
    SchedulerOptions options;
    options.seed = seed;
    Cluster c(cluster::DeliveryProfile::kubernetes(), std::move(options));
    for (int i = 0; i < 5; ++i) c.add(node("n" + std::to_string(i), "4", "8Gi"));
    for (int i = 0; i < 20; ++i) c.add(pod("p" + std::to_string(i), "100m", "64Mi"));
    c.run_until(at(2'000));
    std::string text;
    for (const auto& decision : c.decisions) text += decision.pod + "=" + decision.node + "@" + to_string(decision.time) + " ";
    return text;
  };
  EXPECT_EQ(placements(1), placements(1));
  EXPECT_NE(placements(1), placements(2));
}

}  // namespace
}  // namespace tandem::control
