// Thresholds over time, ranking and messages of node-pressure eviction.

#include <gtest/gtest.h>

#include "core/control/kubelet/eviction_rank.hpp"
#include "core/control/kubelet/qos.hpp"
#include "tests/unit/kubelet/decision_support.hpp"

namespace tandem::control::kubelet {
namespace {

constexpr std::int64_t kMi = std::int64_t{1} << 20;
constexpr std::int64_t kCapacity = 8192 * kMi;

SignalObservations memory(std::int64_t available_mi) {
  return {{EvictionSignal::MemoryAvailable, {available_mi * kMi, kCapacity}}};
}

cluster::Pod pod_requesting(const char* name, const char* request) {
  cluster::Container container = container_named("app");
  if (*request != 0) container.resources.requests["memory"] = *Quantity::parse(request);
  cluster::Pod pod = pod_of({}, {container});
  pod.meta.name = name;
  return pod;
}

TEST(EvictionThresholds, RefuseWhatTheKubeletRefuses) {
  EXPECT_TRUE(eviction_thresholds(EvictionConfiguration::kubernetes_defaults()).has_value());
  EXPECT_EQ(eviction_thresholds({{{"memory.free", "1Gi"}}, {}, {}, {}}).error().code, ErrorCode::ValueNotAllowed);
  EXPECT_EQ(eviction_thresholds({{{"memory.available", "110%"}}, {}, {}, {}}).error().code, ErrorCode::ValueOutOfRange);
  EXPECT_EQ(eviction_thresholds({{{"memory.available", "-1Gi"}}, {}, {}, {}}).error().code, ErrorCode::ValueOutOfRange);
  EXPECT_EQ(eviction_thresholds({{{"memory.available", "lots"}}, {}, {}, {}}).error().code, ErrorCode::ValueBadQuantity);
  EXPECT_EQ(eviction_thresholds({{}, {{"memory.available", "1Gi"}}, {}, {}}).error().code, ErrorCode::ValueMissing);
  EXPECT_TRUE(eviction_thresholds({{{"memory.available", "0%"}}, {}, {}, {}})->empty());
}

TEST(ThresholdTracker, ActsUntilTheMinimumReclaimIsThereAndKeepsTheConditionForFiveMinutes) {
  const auto thresholds = eviction_thresholds({{{"memory.available", "100Mi"}}, {}, {}, {{"memory.available", "50Mi"}}});
  ThresholdTracker tracker(*thresholds, seconds(300));
  tracker.observe(memory(120), kTimeZero);
  EXPECT_TRUE(tracker.actionable().empty()) << "the minimum reclaim counts only after the threshold was met";
  tracker.observe(memory(90), kTimeZero + seconds(10));
  EXPECT_EQ(tracker.actionable().size(), 1u);
  tracker.observe(memory(120), kTimeZero + seconds(20));
  EXPECT_EQ(tracker.actionable().size(), 1u);
  tracker.observe(memory(150), kTimeZero + seconds(30));
  EXPECT_TRUE(tracker.actionable().empty());
  EXPECT_EQ(tracker.node_conditions(), std::vector<std::string_view>{"MemoryPressure"});
  tracker.observe(memory(150), kTimeZero + seconds(319));
  EXPECT_EQ(tracker.node_conditions().size(), 1u);
  tracker.observe(memory(150), kTimeZero + seconds(320));
  EXPECT_TRUE(tracker.node_conditions().empty());
}

TEST(ThresholdTracker, ASoftThresholdThatRecoversStartsItsGracePeriodAnew) {
  const auto thresholds = eviction_thresholds({{}, {{"memory.available", "1Gi"}}, {{"memory.available", "1m30s"}}, {}});
  ThresholdTracker tracker(*thresholds, seconds(300));
  tracker.observe(memory(500), kTimeZero);
  tracker.observe(memory(2000), kTimeZero + seconds(60));
  tracker.observe(memory(500), kTimeZero + seconds(70));
  tracker.observe(memory(500), kTimeZero + seconds(159));
  EXPECT_TRUE(tracker.actionable().empty());
  tracker.observe(memory(500), kTimeZero + seconds(160));
  EXPECT_EQ(tracker.actionable().size(), 1u);
}

TEST(EvictionMessage, SaysWhatWasUsedAndWhatWasRequested) {
  const auto thresholds = eviction_thresholds(EvictionConfiguration::kubernetes_defaults());
  const cluster::Pod pod = pod_requesting("web-1", "64Mi");
  PodUsage usage;
  usage.memory_bytes = 512 * kMi;
  usage.containers = {{"app", 512 * kMi, 0, 0, 0, 0}};
  EXPECT_EQ(eviction_message(EvictionSignal::MemoryAvailable, {&pod, &usage}, *thresholds, memory(52)),
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. Container app was using 512Mi, "
            "request is 64Mi, "
            "has larger consumption of memory. ");
  const cluster::Pod modest = pod_requesting("web-2", "1Gi");
  EXPECT_EQ(eviction_message(EvictionSignal::MemoryAvailable, {&modest, &usage}, *thresholds, memory(52)),
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. ");
  const cluster::Pod careless = pod_requesting("web-3", "");
  usage.containers[0].memory_bytes = 1000;
  EXPECT_EQ(
      eviction_message(EvictionSignal::MemoryAvailable, {&careless, &usage}, {}, {}),
      "The node was low on resource: memory. Container app was using 1k, request is 0, has larger consumption of memory. ");
}

TEST(EvictionRank, KeepsTheOrderOfEquals) {
  const std::vector<cluster::Pod> pods = {pod_requesting("a", "1Gi"), pod_requesting("b", ""), pod_requesting("c", "1Gi")};
  PodUsage usage;
  usage.memory_bytes = 100 * kMi;
  std::vector<EvictionCandidate> candidates;
  for (const cluster::Pod& pod : pods) candidates.push_back({&pod, &usage});
  rank_for_eviction(candidates, EvictionSignal::MemoryAvailable, false);
  EXPECT_EQ(candidates[0].pod->meta.name, "b");
  EXPECT_EQ(candidates[1].pod->meta.name, "a");
  EXPECT_EQ(candidates[2].pod->meta.name, "c");
}

TEST(OomScore, SparesCriticalPodsAndSharesOutThePodLevelRequest) {
  cluster::Pod pod = pod_requesting("web-1", "1Gi");
  EXPECT_EQ(oom_score_adjust(*pod.spec, pod.spec->containers[0], kCapacity), 875);
  pod.spec.edit([](cluster::PodSpec& spec) { spec.priority_class_name = "system-node-critical"; });
  EXPECT_EQ(oom_score_adjust(*pod.spec, pod.spec->containers[0], kCapacity), 875) << "the name alone gives no priority";
  pod.spec.edit([](cluster::PodSpec& spec) { spec.priority = 2'000'001'000; });
  EXPECT_EQ(oom_score_adjust(*pod.spec, pod.spec->containers[0], kCapacity), -997);

  cluster::Pod shared = pod_of({}, {container_named("a"), container_named("b")});
  shared.spec.edit([](cluster::PodSpec& spec) {
    spec.resources = cluster::ResourceRequirements{};
    spec.resources->requests["memory"] = *Quantity::parse("2Gi");
  });
  EXPECT_EQ(oom_score_adjust(*shared.spec, shared.spec->containers[0], kCapacity), 875) << "1 GiB for each of two";
}

}  // namespace
}  // namespace tandem::control::kubelet
