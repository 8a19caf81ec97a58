// Node-pressure eviction by one kubelet: who goes, what is said, the node's condition, who is not taken meanwhile.

#include "tests/unit/kubelet/kubelet_fixture.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::ConditionStatus;
using cluster::PodPhase;
using cluster::PodSpec;

constexpr std::int64_t kMi = std::int64_t{1} << 20;

class NodePressureTest : public KubeletTest {
 protected:
  NodePressureTest() {
    cluster::Node node;
    node.meta.name = "worker";
    cluster::Condition condition;
    condition.type = "MemoryPressure";
    condition.status = ConditionStatus::False;
    node.status.conditions = {condition};
    EXPECT_TRUE(server_.create(std::move(node)).has_value());
    start_kubelet([](KubeletOptions& options) {
      options.memory_capacity = 1024 * kMi;
      options.eviction_monitoring_period = seconds(10);
    });
  }

  PodSpec spec_of(const std::string& container, const char* request) {
    PodSpec spec;
    spec.containers = {web_container(container)};
    if (*request != 0) spec.containers[0].resources.requests["memory"] = *Quantity::parse(request);
    return spec;
  }
  void uses(const std::string& container, std::int64_t mebibytes) {
    runtime_.stats_of[container].memory_bytes = mebibytes * kMi;
  }
  ConditionStatus memory_pressure() {
    return cluster::find_condition(server_.get<cluster::Node>({{}, "worker", {}})->status.conditions, "MemoryPressure")->status;
  }
};

TEST_F(NodePressureTest, EvictsThePodThatExceedsItsRequestMost) {
  create("modest", spec_of("modest", "300Mi"));
  create("greedy", spec_of("greedy", "100Mi"));
  create("careless", spec_of("careless", ""));
  uses("modest", 290);
  uses("greedy", 250);
  uses("careless", 200);
  run_until_second(40);
  EXPECT_EQ(memory_pressure(), ConditionStatus::False);
  EXPECT_EQ(get("greedy")->status.phase, PodPhase::Running) << "284 MiB are available";

  uses("greedy", 480);
  runtime_.stop_takes["greedy"] = seconds(60);
  run_until_second(75);
  EXPECT_EQ(get("greedy")->status.phase, PodPhase::Failed);
  EXPECT_EQ(get("greedy")->status.reason, "Evicted");
  EXPECT_EQ(shown_status("greedy"), "Error") << "kubectl goes by the container, which was killed";
  EXPECT_EQ(get("greedy")->status.message,
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 54Mi. Container greedy was using "
            "480Mi, request is "
            "100Mi, has larger consumption of memory. ");
  EXPECT_EQ(get("modest")->status.phase, PodPhase::Running);
  EXPECT_EQ(get("careless")->status.phase, PodPhase::Running) << "200 MiB over nothing are less than 380 MiB over 100 MiB";
  const cluster::Condition* disruption = cluster::find_condition(get("greedy")->status.conditions, "DisruptionTarget");
  ASSERT_NE(disruption, nullptr);
  EXPECT_EQ(disruption->reason, "TerminationByKubelet");
  EXPECT_EQ(event_messages("greedy", "Evicted"), std::vector<std::string>{get("greedy")->status.message});
  EXPECT_EQ(event_messages("worker", "EvictionThresholdMet"), std::vector<std::string>{"Attempting to reclaim memory"});
  EXPECT_EQ(runtime_.stops.at(0).grace, seconds(2)) << "a grace of 1 s, but never less than 2 s until SIGKILL";
}

TEST_F(NodePressureTest, APodThatEndsWellWhenEvictedHasSucceeded) {
  // So it is since 1.27: the phase goes by the exit codes, and the reason goes with the phase (kubernetes issue 118310).
  create("greedy", spec_of("greedy", "100Mi"));
  uses("greedy", 1000);
  run_until_second(30);
  EXPECT_EQ(get("greedy")->status.phase, PodPhase::Succeeded);
  EXPECT_EQ(get("greedy")->status.reason, "");
  EXPECT_EQ(shown_status("greedy"), "Completed");
  EXPECT_NE(cluster::find_condition(get("greedy")->status.conditions, "DisruptionTarget"), nullptr);
}

TEST_F(NodePressureTest, ShowsThePressureForFiveMinutesAndTakesNoPodsThatAskForNothing) {
  create("greedy", spec_of("greedy", "100Mi"));
  uses("greedy", 1000);
  const SimTime shown = first_time(kTimeZero + seconds(60), [&] { return memory_pressure() == ConditionStatus::True; });
  ASSERT_NE(shown, kTimeNever);
  run_for(seconds(30));
  EXPECT_TRUE(runtime_.containers.empty());
  EXPECT_EQ(event_messages("worker", "NodeHasInsufficientMemory"),
            std::vector<std::string>{"Node worker status is now: NodeHasInsufficientMemory"});

  create("careless", spec_of("careless", ""));
  create("modest", spec_of("modest", "100Mi"));
  PodSpec tolerant = spec_of("tolerant", "");
  cluster::Toleration toleration;
  toleration.key = "node.kubernetes.io/memory-pressure";
  toleration.op = "Exists";
  tolerant.tolerations = {toleration};
  create("tolerant", tolerant);
  run_for(seconds(5));
  EXPECT_EQ(shown_status("careless"), "Evicted");
  EXPECT_EQ(get("careless")->status.message, "Pod was rejected: The node had condition: [MemoryPressure]. ");
  EXPECT_EQ(shown_status("modest"), "Running");
  EXPECT_EQ(shown_status("tolerant"), "Running");

  const SimTime relieved = first_time(shown + seconds(400), [&] { return memory_pressure() == ConditionStatus::False; });
  EXPECT_GE(relieved - shown, seconds(280));
  EXPECT_LE(relieved - shown, seconds(340));
  create("late", spec_of("late", ""));
  run_for(seconds(5));
  EXPECT_EQ(shown_status("late"), "Running");
}

TEST_F(NodePressureTest, SparesCriticalPods) {
  PodSpec critical = spec_of("critical", "");
  critical.priority = 2'000'000'000;
  create("critical", critical);
  create("other", spec_of("other", "900Mi"));
  uses("critical", 600);
  uses("other", 400);
  run_until_second(60);
  EXPECT_EQ(get("critical")->status.phase, PodPhase::Running);
  EXPECT_EQ(event_reasons("other").back(), "Killing");
  EXPECT_EQ(event_messages("other", "Evicted").size(), 1u);
}

}  // namespace
}  // namespace tandem::control::kubelet
