// Placements, events and utilisation on a small cluster put together by hand:
//
//   control          4 cpu  (a control plane: no worker)
//   a, b  zone east  4 cpu, 8Gi
//   c     zone west  4 cpu, 8Gi, 2 GPUs
//
//   ms     1,000 small-1 on a     2,000 small-2 on b     3,000 large Pending, unschedulable
//          4,000 gpu on c         5,000 small-2 ends     6,000 large on b       9,000 node c is gone     10,000 end
//
// small: 1 cpu, 1Gi. large: 3500m, 1Gi. gpu: 1 cpu, 1 GPU.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/judge/checks.hpp"
#include "core/judge/cluster_utilisation.hpp"
#include "core/judge/utilisation_table.hpp"
#include "tests/support/recording_builder.hpp"

namespace tandem::judge {
namespace {

using ::testing::HasSubstr;
using tandem::testing::at_ms;
using tandem::testing::RecordingBuilder;

cluster::Node node(const std::string& name, const std::string& zone) {
  cluster::Node made;
  made.meta.name = name;
  made.meta.uid = "node-" + name;
  cluster::Labels labels{{"kubernetes.io/hostname", name}};
  if (zone.empty()) labels.emplace("node-role.kubernetes.io/control-plane", "");
  else labels.emplace("zone", zone);
  made.meta.labels = labels;
  made.status.allocatable = {{"cpu", *Quantity::parse("4")}, {"memory", *Quantity::parse("8Gi")}, {"pods", *Quantity::parse("110")}};
  if (name == "c") made.status.allocatable.emplace("nvidia.com/gpu", *Quantity::parse("2"));
  return made;
}

cluster::Pod pod(const std::string& name, cluster::ResourceList requests) {
  cluster::Pod made;
  made.meta.name = name;
  made.meta.namespace_ = "default";
  made.meta.uid = "pod-" + name;
  made.meta.labels = cluster::Labels{{"app", name.substr(0, name.find('-'))}};
  cluster::PodSpec spec;
  spec.containers.resize(1);
  spec.containers[0].resources.requests = std::move(requests);
  made.spec = spec;
  made.status.phase = cluster::PodPhase::Pending;
  return made;
}

cluster::ResourceList amounts(const char* cpu, const char* memory) { return {{"cpu", *Quantity::parse(cpu)}, {"memory", *Quantity::parse(memory)}}; }

cluster::Event failed_scheduling(std::int32_t count) {
  cluster::Event event;
  event.meta.name = "large.1";
  event.meta.namespace_ = "default";
  event.meta.uid = "event-1";
  event.type = "Warning";
  event.reason = "FailedScheduling";
  event.message = "0/4 nodes are available: 1 node(s) had untolerated taint {class: vip}, 3 Insufficient cpu.";
  event.involved_kind = "Pod";
  event.involved_name = "large";
  event.count = count;
  return event;
}

class SmallCluster : public ::testing::Test {
 protected:
  SmallCluster() {
    cluster::Node control = node("control", ""), a = node("a", "east"), b = node("b", "east"), c = node("c", "west");
    for (cluster::Node* each : {&control, &a, &b, &c}) builder_.put(0, *each);
    cluster::Pod small_1 = pod("small-1", amounts("1", "1Gi")), small_2 = pod("small-2", amounts("1", "1Gi"));
    cluster::Pod large = pod("large", amounts("3500m", "1Gi"));
    cluster::ResourceList with_gpu = amounts("1", "1Gi");
    with_gpu.emplace("nvidia.com/gpu", *Quantity::parse("1"));
    cluster::Pod gpu = pod("gpu", with_gpu);
    place(1'000, small_1, "a");
    place(2'000, small_2, "b");
    cluster::Condition scheduled;
    scheduled.type = "PodScheduled";
    scheduled.status = cluster::ConditionStatus::False;
    scheduled.reason = "Unschedulable";
    large.status.conditions = {scheduled};
    builder_.put(3'000, large);
    cluster::Event event = failed_scheduling(1);
    builder_.put(3'000, event);
    event.count = 2;
    builder_.put(3'500, event);
    place(4'000, gpu, "c");
    small_2.status.phase = cluster::PodPhase::Succeeded;
    builder_.put(5'000, small_2);
    large.status.conditions.clear();
    place(6'000, large, "b");
    builder_.remove(9'000, c);
    recording_.emplace(builder_.finish(10'000));
    history_ = RunHistory::of(*recording_);
  }

  void place(std::int64_t ms, cluster::Pod& placed, const std::string& name) {
    placed.node_name = name;
    builder_.put(ms, placed);
  }
  CheckResult evaluate(const std::string& kind, const std::string& expression, const std::string& from, const std::string& until, const std::string& threshold = "") const {
    scenario::CheckSpec spec;
    spec.name = expression;
    spec.kind = kind;
    spec.expression = expression;
    spec.threshold = threshold;
    spec.from = from;
    spec.until = until;
    return evaluate_checks({spec}, *recording_, history_).results[0];
  }
  Verdict always(const std::string& expression, const std::string& from, const std::string& until) const { return evaluate("always", expression, from, until).verdict; }

  RecordingBuilder builder_;
  std::optional<record::Recording> recording_;
  RunHistory history_;
};

TEST_F(SmallCluster, ChecksSeeWherePodsAre) {
  EXPECT_EQ(always("pods(app=small).on(a) == 1 and pods(app=small).on(b) == 0", "1s", "2s"), Verdict::Passed);
  EXPECT_EQ(always("pods(app=small).on(a, b) == 2 and pods(app=small).nodes == 2", "2s", "5s"), Verdict::Passed);
  EXPECT_EQ(always("pods(app=small).on(a, b) == 1 and pods(app=small).scheduled == 1", "5s", "10s"), Verdict::Passed) << "one has ended";
  EXPECT_EQ(always("pods(app=small).on(nodes(zone=east)) == 2", "2s", "5s"), Verdict::Passed);
  EXPECT_EQ(always("pods(app=small).on(nodes(zone=west)) == 0", "0s", "10s"), Verdict::Passed);
  EXPECT_EQ(always("pods(app=small).on(a) == 1", "0s", "2s"), Verdict::Failed);
  EXPECT_EQ(always("pods(app=large).unschedulable == 1 and pods(app=large).scheduled == 0", "3s", "6s"), Verdict::Passed);
  EXPECT_EQ(always("pods(app=large).unschedulable == 0", "6s", "10s"), Verdict::Passed);
  EXPECT_EQ(always("nodes(zone=east).used == 2 and nodes(zone).count == 3", "2s", "5s"), Verdict::Passed);
  EXPECT_EQ(always("nodes(zone=east).used == 1", "5s", "6s"), Verdict::Passed);
  EXPECT_EQ(always("nodes(zone).count == 2", "9s", "10s"), Verdict::Passed);
  EXPECT_EQ(always("pods(app=gpu).on(d) == 0", "0s", "10s"), Verdict::Error) << "no such node";
}

TEST_F(SmallCluster, ChecksSeeWhatEventsSaidAndHowOften) {
  const std::string whole = R"(message="0/4 nodes are available: 1 node(s) had untolerated taint {class: vip}, 3 Insufficient cpu.")";
  EXPECT_EQ(always("events(reason=FailedScheduling, " + whole + ").count == 1", "3s", "3.5s"), Verdict::Passed);
  EXPECT_EQ(always("events(reason=FailedScheduling, kind=Pod, name=large).count == 2", "3.5s", "10s"), Verdict::Passed);
  EXPECT_EQ(always("events(message~\"3 Insufficient cpu\").count == 2", "3.5s", "10s"), Verdict::Passed);
  EXPECT_EQ(always("events(message=\"3 Insufficient cpu\").count == 0", "0s", "10s"), Verdict::Passed);
  EXPECT_EQ(always("events(type!=Warning).count == 0", "0s", "10s"), Verdict::Passed);
  EXPECT_EQ(always("events/other(reason=FailedScheduling).count == 0", "0s", "10s"), Verdict::Passed);
  EXPECT_EQ(always("pods(app=large).count == 1", "events(reason=FailedScheduling).count == 2", "10s"), Verdict::Passed) << "also as a moment";
}

TEST_F(SmallCluster, UtilisationIsRequestsOfAllocatableOnWorkers) {
  ClusterUtilisation cluster(history_);
  EXPECT_EQ(cluster.resources(), (std::vector<std::string>{"cpu", "memory", "nvidia.com/gpu"}));
  cluster.advance(at_ms(500));
  EXPECT_EQ(cluster.node_count(), 3);
  EXPECT_EQ(cluster.nodes_in_use(), 0);
  cluster.advance(at_ms(4'500));
  EXPECT_EQ(cluster.nodes_in_use(), 3);
  EXPECT_EQ(cluster.pods(), 3);
  EXPECT_DOUBLE_EQ(cluster.utilisation(0), 3.0 / 12);
  EXPECT_DOUBLE_EQ(cluster.utilisation(1), 3.0 / 24);
  EXPECT_DOUBLE_EQ(cluster.utilisation(2), 1.0 / 2);
  cluster.advance(at_ms(5'500));
  EXPECT_DOUBLE_EQ(cluster.utilisation(0), 2.0 / 12) << "what has ended takes nothing";
  cluster.advance(at_ms(9'500));
  EXPECT_EQ(cluster.node_count(), 2);
  EXPECT_DOUBLE_EQ(cluster.utilisation(0), 4.5 / 8) << "without the node that is gone";
}

TEST_F(SmallCluster, FragmentationIsTheFreeAmountWhereThePodsOfTheRunDoNotFit) {
  ClusterUtilisation cluster(history_);
  cluster.advance(at_ms(500));
  // Classes: small (2 of 4 pods), large (1), gpu (1). a and b have no GPU, so that 4 + 4 of 12 free cpus are lost to the gpu pod.
  EXPECT_DOUBLE_EQ(cluster.fragmentation(0), (0.25 * 8) / 12);
  EXPECT_DOUBLE_EQ(cluster.fragmentation(2), 0) << "the one pod that asks for a GPU fits where they are";
  cluster.advance(at_ms(4'500));
  // Every worker has 3 cpus free: none takes the large pod (9), a and b do not take the gpu pod (6).
  EXPECT_DOUBLE_EQ(cluster.fragmentation(0), (0.25 * 9 + 0.25 * 6) / 9);
  EXPECT_EQ(cluster.room_for(0), 9) << "three small ones on each";
  EXPECT_EQ(cluster.room_for(1), 0);
}

TEST_F(SmallCluster, MetricsAreMeansOverTime) {
  // cpu: 0 in [0,1), 1 in [1,2), 2 in [2,4), 3 in [4,5), 2 in [5,6), 5.5 in [6,9) of 12.
  EXPECT_THAT(evaluate("metric", "resource_utilisation{resource:cpu}", "0s", "9s", "avg<1").seen, HasSubstr("24.5%"));
  EXPECT_EQ(evaluate("metric", "resource_utilisation", "4s", "5s", "value==25%").verdict, Verdict::Passed);
  EXPECT_EQ(evaluate("metric", "resource_utilisation{node:b}", "2s", "10s", "max==87.5%").verdict, Verdict::Passed);
  EXPECT_EQ(evaluate("metric", "resource_utilisation{node:b}", "2s", "10s", "min==0").verdict, Verdict::Passed) << "for a second";
  EXPECT_EQ(evaluate("metric", "nodes_in_use", "2s", "4s", "avg==2").verdict, Verdict::Passed);
  EXPECT_EQ(evaluate("metric", "nodes_in_use", "", "", "max==3").verdict, Verdict::Passed);
  EXPECT_EQ(evaluate("metric", "resource_utilisation{resource:example.com/fpga}", "", "", "max==0").verdict, Verdict::Error);
  EXPECT_EQ(evaluate("metric", "resource_utilisation{node:control}", "", "", "max==0").verdict, Verdict::Error) << "no worker";
}

TEST_F(SmallCluster, TheTableShowsItAtEvenSteps) {
  const auto table = utilisation_table(history_, seconds(5), "nvidia.com/gpu");
  ASSERT_TRUE(table);
  ASSERT_EQ(table->rows.size(), 3U) << "at 0, 5 and 10 s";
  EXPECT_DOUBLE_EQ(table->rows[1].utilisation[2], 0.5);
  EXPECT_EQ(table->rows[2].node_utilisation[2], -1) << "the node is gone";
  EXPECT_NEAR(table->figures.nodes_in_use.mean(table->ended_at), (1 * 1 + 2 * 2 + 1 * 3 + 1 * 2 + 3 * 3 + 1 * 2) / 10.0, 1e-12);
  const std::string text = utilisation_text(*table);
  EXPECT_THAT(text, HasSubstr("5s     2      2 of 3"));
  EXPECT_THAT(text, HasSubstr("##########.........."));
  EXPECT_THAT(text, HasSubstr("ROOM FOR cpu=3500m memory=1Gi"));
  const std::vector<UtilisationTable> tables{*table, *table};
  EXPECT_THAT(means_text(tables, std::vector<std::string>{"left", "right"}), ::testing::ContainsRegex("nodes in use +2.10 +2.10"));
  EXPECT_FALSE(utilisation_table(history_, seconds(5), "gpu"));
}

}  // namespace
}  // namespace tandem::judge
