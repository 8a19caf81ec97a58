// Node lifecycle and taint eviction by the numbers of kubernetes-semantics §4.7, beyond the recorded timelines.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/control/node_lifecycle/node_lifecycle.hpp"
#include "core/control/node_lifecycle/taint_eviction.hpp"

namespace tandem::control {
namespace {

using cluster::ConditionStatus;

/// Nodes whose kubelets renew their lease every 10 s until they crash, looked at every 5 s.
class NodesWorld final : public NodeLifecycleActions {
 public:
  NodeView& add(const std::string& name, const std::string& zone = "") {
    NodeView& node = nodes[name];
    node.name = name;
    node.zone = zone;
    node.conditions = {{.type = "Ready", .status = ConditionStatus::True}};
    return node;
  }
  /// Runs up to and including `until`. `crashed`: time of the crash by node; renewals at `phase` + 10 s · n.
  void run(std::int64_t until, const std::map<std::string, std::int64_t>& crashed, std::int64_t phase = 2) {
    for (; now_ms <= until * 1000; now_ms += 100) {
      if ((now_ms - phase * 1000) % 10'000 == 0) {
        for (auto& [name, node] : nodes) {
          const auto crash = crashed.find(name);
          if (crash == crashed.end() || now_ms < crash->second * 1000) node.lease_renewed = now();
        }
      }
      if (now_ms % 5'000 == 0) controller.monitor(views(), now(), *this);
      for (auto& [name, node] : nodes) NodeLifecycleController::taint_no_schedule(node, *this);
      controller.taint_no_execute(views(), now(), *this);
    }
  }
  [[nodiscard]] SimTime now() const { return kTimeZero + milliseconds(now_ms); }
  [[nodiscard]] std::vector<NodeView> views() const {
    std::vector<NodeView> all;
    for (const auto& [name, node] : nodes) all.push_back(node);
    return all;
  }
  [[nodiscard]] std::size_t no_execute() const {
    std::size_t count = 0;
    for (const auto& [name, node] : nodes) count += has_taint(node.taints, kUnreachableTaint, "NoExecute") ? 1 : 0;
    return count;
  }

  void write_conditions(const std::string& node, const std::vector<NodeCondition>& conditions) override {
    nodes.at(node).conditions = conditions;
    unknown_at[node] = now_ms / 1000;
  }
  void change_taints(const std::string& node, const std::vector<cluster::Taint>& add, const std::vector<cluster::Taint>& remove) override {
    nodes.at(node).taints = swap_taints(nodes.at(node).taints, add, remove);
    if (!add.empty() && add.front().effect == "NoExecute") no_execute_at.push_back(now_ms / 1000);
  }
  void mark_pods_not_ready(const std::string& node) override { marked.push_back(node); }
  void node_event(const std::string& node, ControllerEvent event) override { events.push_back(node + " " + event.reason + ": " + event.message); }

  NodeLifecycleController controller;
  std::map<std::string, NodeView> nodes;
  std::map<std::string, std::int64_t> unknown_at;
  std::vector<std::int64_t> no_execute_at;
  std::vector<std::string> marked;
  std::vector<std::string> events;
  std::int64_t now_ms = 0;
};

TEST(NodeLifecycle, CrashToNotReadyTakesFortyToSixtySeconds) {
  std::set<std::int64_t> delays;
  for (std::int64_t phase = 0; phase < 10; ++phase) {
    for (std::int64_t crash = 101; crash <= 110; ++crash) {
      NodesWorld world;
      world.add("a");
      world.add("b");
      world.run(200, {{"a", crash}}, phase);
      delays.insert(world.unknown_at.at("a") - crash);
    }
  }
  EXPECT_GE(*delays.begin(), 40);
  EXPECT_LE(*delays.rbegin(), 60);
  EXPECT_GT(*delays.rbegin() - *delays.begin(), 10) << "the phases must matter";
}

TEST(NodeLifecycle, OnePassSetsConditionTextEventAndPods) {
  NodesWorld world;
  world.add("a").conditions.push_back({.type = "NetworkUnavailable", .status = ConditionStatus::False, .reason = "RouteCreated"});
  world.add("b");
  world.run(100, {{"a", 3}});
  const NodeView& node = world.nodes.at("a");
  EXPECT_EQ(node.condition("Ready")->reason, "NodeStatusUnknown");
  EXPECT_EQ(node.condition("Ready")->message, "Kubelet stopped posting node status.");
  EXPECT_EQ(node.condition("MemoryPressure")->reason, "NodeStatusNeverUpdated");
  EXPECT_EQ(node.condition("NetworkUnavailable")->status, ConditionStatus::False) << "belongs to the control plane";
  EXPECT_EQ(world.marked, std::vector<std::string>{"a"});
  EXPECT_EQ(world.events.back(), "a NodeNotReady: Node a status is now: NodeNotReady");
  EXPECT_TRUE(has_taint(node.taints, kUnreachableTaint, "NoSchedule"));
  EXPECT_TRUE(has_taint(node.taints, kUnreachableTaint, "NoExecute"));
}

TEST(NodeLifecycle, FirstTaintAtOnceThenOneEveryTenSeconds) {
  NodesWorld world;
  std::map<std::string, std::int64_t> crashed;
  for (int i = 0; i < 12; ++i) {
    const std::string name = "n" + std::to_string(10 + i);
    world.add(name);
    if (i < 4) crashed[name] = 3;  // 4 of 12: the zone stays normal
  }
  world.run(120, crashed);
  EXPECT_EQ(world.no_execute_at, (std::vector<std::int64_t>{60, 70, 80, 90}));
}

TEST(NodeLifecycle, ZoneStatesNeedMoreThanTwoAndTheThreshold) {
  const NodeLifecycleController controller;
  const auto state = [&](std::size_t dead, std::size_t all) {
    std::vector<bool> ready(all, true);
    std::fill_n(ready.begin(), dead, false);
    return controller.zone_state(ready);
  };
  EXPECT_EQ(state(2, 3), ZoneState::Normal);
  EXPECT_EQ(state(3, 5), ZoneState::PartialDisruption);
  EXPECT_EQ(state(32, 60), ZoneState::Normal);
  EXPECT_EQ(state(33, 60), ZoneState::PartialDisruption);
  EXPECT_EQ(state(1, 1), ZoneState::FullDisruption);
  EXPECT_EQ(state(0, 0), ZoneState::Normal);
}

TEST(NodeLifecycle, PartlyDisruptedZonesGoSlowOrStop) {
  for (const std::size_t size : {std::size_t{50}, std::size_t{51}}) {
    NodesWorld world;
    std::map<std::string, std::int64_t> crashed;
    for (std::size_t i = 0; i < size; ++i) {
      const std::string name = "n" + std::to_string(100 + i);
      world.add(name);
      if (i < 40) crashed[name] = 3;
    }
    world.run(300, crashed);
    // All were found dead in one pass, whose end already sets the rate. 51 nodes: one at once (the limiter is full), at 160 s, 260 s.
    EXPECT_EQ(world.no_execute(), size == 50 ? 0U : 3U) << size;
  }
}

TEST(NodeLifecycle, NoEvictionWhenEveryNodeIsSilent) {
  NodesWorld world;
  world.add("a", "east");
  world.add("b", "west");
  world.run(200, {{"a", 3}, {"b", 3}});
  EXPECT_EQ(world.no_execute(), 0U);
  EXPECT_TRUE(has_taint(world.nodes.at("a").taints, kUnreachableTaint, "NoSchedule"));
}

TEST(NodeLifecycle, ADeadZoneAmongOthersKeepsTheNormalRate) {
  NodesWorld world;
  for (const char* name : {"a1", "a2", "a3"}) world.add(name, "a");
  world.add("b1", "b");
  world.run(100, {{"a1", 3}, {"a2", 3}, {"a3", 3}});
  EXPECT_EQ(world.no_execute_at, (std::vector<std::int64_t>{60, 70, 80}));
}

TEST(TokenBucket, AcceptsAtTheTicksOfTheGoLimiter) {
  // Ticks of 100 ms at which golang.org/x/time/rate v0.9.0 (burst 1, limit float64(float32)) accepted, from a run of it.
  const std::vector<std::pair<float, std::vector<int>>> recorded{
      {0.1F, {0, 100, 200, 300, 400, 500, 600, 700}}, {0.01F, {0, 1001, 2002, 3003, 4004, 5005, 6006, 7007}},
      {0.3F, {0, 34, 68, 102, 136, 170, 204, 238}},   {0.7F, {0, 15, 30, 45, 60, 75, 90, 105}},
      {1.0F, {0, 10, 20, 30, 40, 50, 60, 70}},        {3.0F, {0, 4, 8, 12, 16, 20, 24, 28}},
      {7.0F, {0, 2, 4, 6, 8, 10, 12, 14}}};
  for (const auto& [rate, ticks] : recorded) {
    TokenBucket bucket(rate);
    std::vector<int> accepted;
    for (int tick = 0; accepted.size() < ticks.size(); ++tick) {
      if (bucket.try_accept(kTimeZero + milliseconds(100) + kTaintPeriod * tick)) accepted.push_back(tick);
    }
    EXPECT_EQ(accepted, ticks) << rate;
  }
  TokenBucket never(0.0F);
  EXPECT_FALSE(never.try_accept(kTimeZero + seconds(1000)));
}

TEST(RateLimitedQueue, ASwappedLimiterStartsEmptyIfTheOldOneWas) {
  std::vector<std::string> done;
  const auto take = [&](const std::string& value) { return done.push_back(value), true; };
  RateLimitedQueue queue(0.1F);
  queue.add("a", kTimeZero);
  queue.add("b", kTimeZero);
  queue.process(kTimeZero, take);
  EXPECT_EQ(done, std::vector<std::string>{"a"});
  queue.swap_limiter(1.0F / 100, kTimeZero + seconds(1));
  queue.process(kTimeZero + seconds(99), take);
  EXPECT_EQ(done.size(), 1U);
  queue.process(kTimeZero + seconds(102), take);
  EXPECT_EQ(done.size(), 2U);
  EXPECT_FALSE(queue.add("a", kTimeZero + seconds(102))) << "known until it is removed";
  EXPECT_TRUE(queue.remove("a"));
  EXPECT_TRUE(queue.add("a", kTimeZero + seconds(102)));
}

TEST(RateLimitedQueue, AnAttemptThatFailsIsMadeAgain) {
  int attempts = 0;
  RateLimitedQueue queue(1000.0F);
  queue.add("a", kTimeZero);
  const auto second_time = [&](const std::string&) { return ++attempts == 2; };
  for (int ms = 0; ms <= 100; ms += 10) queue.process(kTimeZero + milliseconds(ms), second_time);
  EXPECT_EQ(attempts, 2);
}

class Evictions final : public TaintEvictionActions {
 public:
  void evict(const cluster::ObjectKey& pod) override { evicted.push_back(pod.name); }
  void pod_event(const cluster::ObjectKey&, ControllerEvent event) override { messages.push_back(event.message); }
  std::vector<std::string> evicted;
  std::vector<std::string> messages;
};

cluster::Toleration tolerate(const std::string& key, std::optional<std::int64_t> time) {
  cluster::Toleration toleration{.key = key, .op = "Exists"};
  toleration.toleration_seconds = time;
  return toleration;
}
const cluster::Taint kA{.key = "a", .effect = "NoExecute"};
const cluster::Taint kB{.key = "b", .effect = "NoExecute"};

TEST(TaintEviction, FirstMatchOfATaintAndSmallestOfSeveralTaints) {
  EXPECT_EQ(toleration_time({kA}, {}), SimDuration{});
  EXPECT_EQ(toleration_time({kA}, {tolerate("a", 100), tolerate("", 30)}), seconds(100));
  EXPECT_EQ(toleration_time({kA, kB}, {tolerate("a", 100), tolerate("", 30)}), seconds(30));
  EXPECT_EQ(toleration_time({kA}, {tolerate("a", -5)}), SimDuration{});
  EXPECT_EQ(toleration_time({kA}, {tolerate("a", std::nullopt)}), std::nullopt);
  EXPECT_EQ(toleration_time({kA, kB}, {tolerate("a", 100)}), SimDuration{});
}

TEST(TaintEviction, TheClockStartsWithTheFirstTaint) {
  Evictions world;
  TaintEvictionController controller;
  const TaintedPod pod{{"default", "p"}, "n", {tolerate("", 300)}};
  controller.node_changed("n", {kA}, {pod}, kTimeZero, world);
  controller.node_changed("n", {kB}, {pod}, kTimeZero + seconds(100), world);
  EXPECT_EQ(controller.next(), kTimeZero + seconds(300));
  controller.fire(kTimeZero + seconds(299), world);
  EXPECT_TRUE(world.evicted.empty());
  controller.fire(kTimeZero + seconds(300), world);
  EXPECT_EQ(world.evicted, std::vector<std::string>{"p"});
  EXPECT_EQ(world.messages.back(), "Marking for deletion Pod default/p");
}

TEST(TaintEviction, ATaintRemovedInTimeCancels) {
  Evictions world;
  TaintEvictionController controller;
  const TaintedPod pod{{"default", "p"}, "n", {tolerate("a", 300)}};
  controller.node_changed("n", {kA}, {pod}, kTimeZero, world);
  controller.node_changed("n", {}, {pod}, kTimeZero + seconds(10), world);
  EXPECT_EQ(controller.next(), kTimeNever);
  EXPECT_EQ(world.messages, std::vector<std::string>{"Cancelling deletion of Pod default/p"});
  controller.pod_changed({{"default", "late"}, "n", {}}, kTimeZero + seconds(20), world);
  EXPECT_TRUE(world.evicted.empty()) << "the node has no taint any more";
}

TEST(TaintEviction, PodsThatComeToATaintedNodeAreJudgedToo) {
  Evictions world;
  TaintEvictionController controller;
  controller.node_changed("n", {kA}, {}, kTimeZero, world);
  controller.pod_changed({{"default", "late"}, "n", {}}, kTimeZero + seconds(5), world);
  EXPECT_EQ(world.evicted, std::vector<std::string>{"late"});
}

}  // namespace
}  // namespace tandem::control
