// Pods scheduled per second at 5,000 nodes (design §4 asks for 100,000 in the end). The bare loop does the same number of
// additions over an array of the sampled nodes' scores, which is the least any scheduler with exact scores must do.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "core/control/scheduler/algorithm.hpp"

namespace {

using namespace tandem;                      // NOLINT: a benchmark program
using namespace tandem::control::scheduler;  // NOLINT

constexpr int kNodes = 5000;
constexpr std::size_t kSampledNodes = 500;  ///< what the adaptive percentage examines of 5,000
constexpr int kScorePlugins = 4;            ///< that take part for a plain pod

Quantity quantity(std::string_view text) { return Quantity::parse(text).value(); }

void add_nodes(Snapshot& snapshot) {
  for (int i = 0; i < kNodes; ++i) {
    cluster::Node node;
    node.meta.name = "node-" + std::to_string(i);
    node.meta.labels = cluster::Labels{{"kubernetes.io/hostname", node.meta.name},
                                       {"topology.kubernetes.io/zone", "zone-" + std::to_string(i % 3)}};
    node.status.allocatable = {{"cpu", quantity("64")}, {"memory", quantity("256Gi")}, {"pods", quantity("110")}};
    snapshot.set_node(std::make_shared<cluster::Node>(std::move(node)));
  }
}

cluster::Pod plain_pod() {
  cluster::Pod pod;
  pod.meta.namespace_ = "default";
  pod.meta.labels = cluster::Labels{{"app", "web"}};
  cluster::PodSpec spec;
  cluster::Container container;
  container.name = "app";
  container.image = "registry.example/app:1";
  container.resources.requests = {{"cpu", quantity("100m")}, {"memory", quantity("128Mi")}};
  spec.containers.push_back(container);
  pod.spec = std::move(spec);
  return pod;
}

/// A pod owned by a ReplicaSet: default spreading takes part.
cluster::Pod replica() {
  cluster::Pod pod = plain_pod();
  pod.meta.owner_references.push_back({"apps/v1", "ReplicaSet", "web-1", "uid-web-1", true, true});
  return pod;
}

std::unique_ptr<SchedulingAlgorithm> make_algorithm(const Snapshot& snapshot) {
  return std::make_unique<SchedulingAlgorithm>(snapshot, std::move(configure(default_profile()).value()), 0, 1);
}

void schedule(benchmark::State& state, cluster::Pod pod) {
  Snapshot snapshot;
  add_nodes(snapshot);
  snapshot.set_owner_selector("ReplicaSet", {"default", "web-1"}, {{{"app", "web"}}, {}});
  const auto algorithm = make_algorithm(snapshot);
  std::int64_t number = 0;
  for (auto _ : state) {
    pod.meta.name = "web-" + std::to_string(number++);
    const Decision decision = algorithm->schedule_one(pod);
    if (decision.node.empty()) {
      state.SkipWithError("the cluster is full");
      break;
    }
    snapshot.assume(pod, decision.node);
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_PlainPods(benchmark::State& state) { schedule(state, plain_pod()); }
void BM_ReplicasWithDefaultSpreading(benchmark::State& state) { schedule(state, replica()); }

/// Every pod has a specification of its own, so nothing is shared.
void BM_PodsThatShareNothing(benchmark::State& state) {
  Snapshot snapshot;
  add_nodes(snapshot);
  const auto algorithm = make_algorithm(snapshot);
  std::int64_t number = 0;
  for (auto _ : state) {
    cluster::Pod pod = plain_pod();
    pod.meta.name = "web-" + std::to_string(number++);
    const Decision decision = algorithm->schedule_one(pod);
    snapshot.assume(pod, decision.node);
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_BareLoop(benchmark::State& state) {
  std::vector<std::int64_t> scores(kNodes, 50);
  std::size_t start = 0;
  for (auto _ : state) {
    std::int64_t best = 0;
    for (std::size_t i = 0; i < kSampledNodes; ++i) {
      std::int64_t total = 0;
      for (int plugin = 0; plugin < kScorePlugins; ++plugin) total += scores[(start + i) % kNodes];
      best = std::max(best, total);
    }
    benchmark::DoNotOptimize(best);
    start = (start + kSampledNodes) % kNodes;
  }
  state.SetItemsProcessed(state.iterations());
}

// 300,000 pods fit: 60 each on 5,000 nodes.
BENCHMARK(BM_PlainPods)->Iterations(200'000);
BENCHMARK(BM_ReplicasWithDefaultSpreading)->Iterations(20'000);
BENCHMARK(BM_PodsThatShareNothing)->Iterations(5'000);
BENCHMARK(BM_BareLoop)->Iterations(200'000);

}  // namespace

BENCHMARK_MAIN();
