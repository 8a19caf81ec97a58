// What a commit costs with three informers: the API server must not be what limits a roll-out of 150,000 pods.

#include <benchmark/benchmark.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/cluster/json.hpp"

namespace {

using namespace tandem;
using namespace tandem::cluster;

DeliveryProfile delayed() {
  DeliveryProfile profile = DeliveryProfile::instant();
  profile.watch_delay = milliseconds(2);
  return profile;
}

Pod pod_number(int number, const Shared<PodSpec>& spec, const OwnerReference& owner) {
  Pod pod;
  pod.meta.name = "web-5d4f7c9b8d-" + std::to_string(number);
  pod.meta.namespace_ = "default";
  pod.meta.owner_references = {owner};
  pod.spec = spec;
  return pod;
}

Shared<PodSpec> typical_spec() {
  PodSpec spec;
  Container container;
  container.name = "app";
  container.image = "registry.example/web:1.0.0";
  container.ports.push_back({.name = "http", .container_port = 8080});
  container.resources.requests = {{"cpu", Quantity::of_milli(100)}, {"memory", Quantity::of_value(128 << 20)}};
  container.readiness_probe = Probe{};
  spec.containers.push_back(std::move(container));
  return spec;
}

/// A life of eight versions: created, bound, six status changes. Items are commits.
void pod_lives(benchmark::State& state) {
  const int pods = static_cast<int>(state.range(0));
  const Shared<PodSpec> spec = typical_spec();
  const OwnerReference owner{.api_version = "apps/v1", .kind = "ReplicaSet", .name = "web", .uid = "owner", .controller = true};
  for (auto _ : state) {
    FakeClock clock;
    ApiServer server(clock, delayed(), 42);
    std::vector<std::unique_ptr<Informer<Pod>>> informers;
    for (int i = 0; i < 3; ++i) informers.push_back(std::make_unique<Informer<Pod>>(server, milliseconds(2)));
    std::vector<ObjectKey> keys;
    for (int i = 0; i < pods; ++i) keys.push_back(key_of((*server.create(pod_number(i, spec, owner)))->meta));
    clock.run_until(clock.now() + seconds(1));
    for (const ObjectKey& key : keys) benchmark::DoNotOptimize(server.bind(key, "", "worker-" + std::to_string(key.name.back())));
    clock.run_until(clock.now() + seconds(1));
    for (int change = 0; change < 6; ++change) {
      for (const ObjectKey& key : keys) {
        benchmark::DoNotOptimize(server.patch<Pod>(key, [&](Pod& pod) { pod.status.message = std::to_string(change); }));
      }
      clock.run_until(clock.now() + seconds(1));
    }
  }
  state.SetItemsProcessed(state.iterations() * pods * 8);
}
BENCHMARK(pod_lives)->Arg(1000)->Arg(150000)->Unit(benchmark::kMillisecond);

void pod_to_json(benchmark::State& state) {
  FakeClock clock;
  ApiServer server(clock, DeliveryProfile::instant(), 42);
  const auto pod = *server.create(pod_number(1, typical_spec(), {.kind = "ReplicaSet", .name = "web", .uid = "owner"}));
  for (auto _ : state) benchmark::DoNotOptimize(to_json(*pod, TimeFormat::Nanoseconds));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(pod_to_json);

}  // namespace

BENCHMARK_MAIN();
