// Preemption in a running scheduler (kubernetes-semantics §1.2, §1.10): victims, nomination, events, when the preemptor is tried
// again. Which victims it takes is compared with recordings in tests/truth and worked out by hand in worked_examples_test.cpp.

#include <nlohmann/json.hpp>

#include "tests/unit/control_scheduler/cluster_fixture.hpp"

namespace tandem::control {
namespace {

using namespace scheduler::testing;  // NOLINT: notation of these tests

cluster::Pod of_priority(const std::string& name, std::int32_t priority, const char* cpu) {
  return with_spec(pod(name, cpu, "64Mi"), [&](cluster::PodSpec& spec) { spec.priority = priority; });
}

/// Lets a terminating pod end, as its kubelet would.
void finish(Cluster& c, const std::string& name) {
  ASSERT_TRUE(c.api.remove<cluster::Pod>({"default", name}, {.grace_period_seconds = 0, .uid = {}}).has_value());
}

TEST(PreemptionInACluster, EvictsTheVictimNominatesThePodAndBindsItWhenTheVictimIsGone) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "2", "4Gi"));
  c.add(of_priority("low", 0, "2"));
  c.settle();
  c.add(of_priority("high", 100, "1"));
  c.settle();

  const auto victim = c.pod_named("low");
  ASSERT_TRUE(cluster::is_terminating(victim->meta)) << "deleted with its own grace period";
  const auto* target = cluster::find_condition(victim->status.conditions, "DisruptionTarget");
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(target->status, cluster::ConditionStatus::True);
  EXPECT_EQ(target->reason, "PreemptionByScheduler");
  EXPECT_EQ(target->message, "default-scheduler: preempting to accommodate a higher priority pod");
  EXPECT_EQ(c.events_about("low").back(),
            "Normal Preempted default-scheduler: Preempted by pod uid-high on node n1");

  const auto preemptor = c.pod_named("high");
  EXPECT_EQ(preemptor->status.nominated_node_name, "n1");
  const auto* scheduled = cluster::find_condition(preemptor->status.conditions, "PodScheduled");
  ASSERT_NE(scheduled, nullptr);
  EXPECT_EQ(scheduled->message, "0/1 nodes are available: 1 Insufficient cpu.");
  EXPECT_EQ(c.node_of("high"), "");

  c.run_until(at(700));
  finish(c, "low");
  c.settle();
  EXPECT_EQ(c.node_of("high"), "n1");
  EXPECT_TRUE(c.scheduler->snapshot().nominations().empty());
}

TEST(PreemptionInACluster, ThePreemptorWaitsAndDoesNotPreemptTwice) {
  Cluster c(cluster::DeliveryProfile::instant());
  for (const char* name : {"n1", "n2"}) c.add(node(name, "2", "4Gi"));
  for (const char* name : {"low1", "low2"}) c.add(of_priority(name, 0, "2"));
  c.settle();
  c.add(of_priority("high", 100, "2"));
  c.settle();
  const std::size_t tried = c.decisions.size();
  // Something unrelated wakes the pod: its nominated node still holds a terminating victim.
  c.add(node("n3", "2", "4Gi", {}, {{"dedicated", "db", "NoSchedule", {}}}));
  cluster::Node bigger = node("n3", "3", "4Gi", {}, {{"dedicated", "db", "NoSchedule", {}}});
  ASSERT_TRUE(c.api.patch<cluster::Node>({"", "n3"}, [&](cluster::Node& edited) { edited.status = bigger.status; }).has_value());
  c.run_until(at(12'000));
  ASSERT_GT(c.decisions.size(), tried);
  EXPECT_NE(c.decisions.back().message.find("preemption: not eligible due to a terminating pod on the nominated node."),
            std::string::npos)
      << c.decisions.back().message;
  const int leaving = static_cast<int>(cluster::is_terminating(c.pod_named("low1")->meta)) +
                      static_cast<int>(cluster::is_terminating(c.pod_named("low2")->meta));
  EXPECT_EQ(leaving, 1);
  EXPECT_NE(c.pod_named("high")->status.nominated_node_name, "") << "an ineligible attempt keeps the nomination";
}

TEST(PreemptionInACluster, ANominatedPodKeepsItsPlaceAgainstLessImportantOnes) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "2", "4Gi"));
  c.add(of_priority("low", 0, "2"));
  c.settle();
  c.add(of_priority("high", 100, "2"));
  c.settle();
  c.add(of_priority("sneaky", 50, "1"));
  finish(c, "low");
  c.settle();
  EXPECT_EQ(c.node_of("high"), "n1");
  EXPECT_EQ(c.node_of("sneaky"), "");
}

TEST(PreemptionInACluster, AMoreImportantPreemptorTakesTheNominationAwayAndTheOtherIsTriedAgain) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "2", "4Gi"));
  c.add(of_priority("low1", 0, "1"));
  c.add(of_priority("low2", 0, "1"));
  c.settle();
  c.add(of_priority("middle", 50, "1"));
  c.settle();
  ASSERT_EQ(c.pod_named("middle")->status.nominated_node_name, "n1");
  c.add(of_priority("high", 100, "2"));
  c.settle();
  EXPECT_EQ(c.pod_named("high")->status.nominated_node_name, "n1");
  EXPECT_EQ(c.pod_named("middle")->status.nominated_node_name, "") << "one victim was not terminating yet";
  EXPECT_EQ(c.scheduler->snapshot().nominations().size(), 1U);
}

TEST(PreemptionInACluster, APodThatMayNotPreemptSaysSo) {
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "2", "4Gi"));
  c.add(of_priority("low", 0, "2"));
  c.settle();
  c.add(with_spec(of_priority("polite", 100, "1"), [](cluster::PodSpec& spec) { spec.preemption_policy = "Never"; }));
  c.settle();
  EXPECT_EQ(c.decisions.back().message,
            "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to "
            "preemptionPolicy=Never.");
  EXPECT_FALSE(cluster::is_terminating(c.pod_named("low")->meta));
}

TEST(PreemptionInACluster, SparesWhatABudgetProtectsIfItCan) {
  Cluster c(cluster::DeliveryProfile::instant());
  for (const char* name : {"n1", "n2"}) c.add(node(name, "2", "4Gi"));
  cluster::Pod guarded = of_priority("guarded", 0, "2");
  guarded.meta.labels = cluster::Labels{{"app", "db"}};
  c.add(guarded);
  c.settle();
  c.add(of_priority("free", 10, "2"));
  c.settle();
  cluster::Unstructured budget;
  budget.api_version = "policy/v1";
  budget.kind = "PodDisruptionBudget";
  budget.meta.name = "db";
  budget.meta.namespace_ = "default";
  budget.rest.fields = std::make_shared<const nlohmann::json>(
      nlohmann::json::parse(R"({"spec": {"selector": {"matchLabels": {"app": "db"}}}, "status": {"disruptionsAllowed": 0}})"));
  ASSERT_TRUE(c.api.create(budget).has_value());
  c.add(of_priority("high", 100, "1"));
  c.settle();
  EXPECT_TRUE(cluster::is_terminating(c.pod_named("free")->meta)) << "although it is more important";
  EXPECT_FALSE(cluster::is_terminating(c.pod_named("guarded")->meta));
}

TEST(PreemptionInACluster, TakesTimeAndTokensLikeOtherCallsAndHoldsThePodBackMeanwhile) {
  cluster::DeliveryProfile profile = cluster::DeliveryProfile::instant();
  profile.write_latency = milliseconds(5);
  profile.scheduling_cost = milliseconds(1);
  Cluster c(profile);
  c.add(node("n1", "2", "4Gi"));
  for (const char* name : {"low1", "low2"}) c.add(of_priority(name, 0, "1"));
  c.run_until(at(50));
  ASSERT_EQ(c.node_of("low2"), "n1");
  c.add(of_priority("high", 100, "2"));
  c.run_until(at(51));  // the cycle is over; the first victim's condition is written at 56, its deletion at 61 ms
  EXPECT_NE(c.scheduler->snapshot().nominated_node("uid-high"), nullptr) << "known to the scheduler before the API server";
  EXPECT_EQ(c.pod_named("high")->status.nominated_node_name, "");
  c.run_until(at(60));
  EXPECT_EQ(c.pod_named("high")->status.nominated_node_name, "n1");
  EXPECT_FALSE(cluster::is_terminating(c.pod_named("low1")->meta));
  c.run_until(at(61));
  EXPECT_TRUE(cluster::is_terminating(c.pod_named("low1")->meta));
  EXPECT_FALSE(cluster::is_terminating(c.pod_named("low2")->meta)) << "the last victim comes after the others";
  finish(c, "low1");
  c.run_until(at(62));
  EXPECT_EQ(c.decisions.size(), 3U) << "one victim is gone, but the preemption is still under way";
  c.run_until(at(71));
  EXPECT_TRUE(cluster::is_terminating(c.pod_named("low2")->meta));
  finish(c, "low2");
  c.run_until(at(100));
  EXPECT_EQ(c.node_of("high"), "n1");
}

TEST(PreemptionInACluster, APreemptorRejectedOnlyByOthersAntiAffinityIsNotWokenWhenTheyGo) {
  // kubernetes-semantics §1.2: it stays Pending, nominated, until some other event or the sweep of the pool.
  Cluster c(cluster::DeliveryProfile::instant());
  c.add(node("n1", "2", "4Gi"));
  c.add(with_spec(of_priority("hermit", 0, "100m"), [](cluster::PodSpec& spec) {
    cluster::PodAffinityTerm alone;
    alone.topology_key = "kubernetes.io/hostname";
    alone.label_selector = cluster::LabelSelector{};
    spec.affinity.pod_anti_affinity.emplace();
    spec.affinity.pod_anti_affinity->required = {alone};
  }));
  c.settle();
  c.add(of_priority("high", 100, "100m"));
  c.settle();
  ASSERT_EQ(c.pod_named("high")->status.nominated_node_name, "n1");
  finish(c, "hermit");
  c.run_until(at(15'000));
  EXPECT_EQ(c.node_of("high"), "");
  c.run_until(at(331'000));
  EXPECT_EQ(c.node_of("high"), "n1");
}

}  // namespace
}  // namespace tandem::control
