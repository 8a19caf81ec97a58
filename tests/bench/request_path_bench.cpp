// Requests a second through the whole model: nginx least_conn over four replicas on a shared host, with a calibration's
// overheads. The 1-hour, 1,000 requests/s variant of the demo needs 3.6 million of them in less than 10 s with recording.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/model/cluster_model.hpp"

namespace {

using namespace tandem;
using namespace tandem::sim;

void requests(benchmark::State& bench) {
  scenario::Scenario scenario;
  scenario.seed = 42;
  for (int i = 0; i < 3; ++i) {
    scenario::NodeSpec node;
    node.name = "worker" + std::to_string(i);
    scenario.cluster.nodes.push_back(node);
  }
  scenario::ImageSpec& image = scenario.images["web"];
  scenario::RouteSpec route;
  route.pattern = "/";
  route.cpu = microseconds(1500);
  route.exponential = true;
  image.routes.push_back(route);
  scenario::TrafficSpec traffic;
  traffic.name = "users";
  traffic.service = "web";
  traffic.rate = 1000;
  traffic.until = seconds(1'000'000);
  scenario.traffic.push_back(traffic);
  scenario::Calibration calibration;
  calibration.host_cores = static_cast<int>(bench.range(0));

  ClusterModel model(scenario, calibration);
  balance::BalancerSpec balancer;
  balancer.policy = "least_conn";
  model.requests().start("default/web", balancer, nullptr);
  std::vector<balance::Backend> backends;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "web-7d9f8b6c5d-abc" + std::to_string(i);
    const control::PodIdentity pod{name, "default", name, "worker" + std::to_string(i % 3), "10.244.0." + std::to_string(i)};
    model.nodes().create_sandbox(pod, [&model, pod](const Status&) {
      control::ContainerRequest request;
      request.pod = pod;
      request.container_name = "app";
      request.image = "web";
      request.cpu_request_milli = 100;
      model.nodes().start_container(request, [](const Result<control::ContainerStarted>&) {});
    });
    backends.push_back({pod.name, pod.ip, 8080, 1});
  }
  model.requests().set_backends("default/web", backends, nullptr);
  model.engine().run_until(kTimeZero + seconds(5));
  std::uint64_t recorded = 0;
  const Status started = model.requests().start(scenario, [&](const record::RequestRecord& record) { recorded += record.status; });
  for (auto _ : bench) {
    const std::uint64_t sent = model.requests().totals().sent;
    while (model.requests().totals().sent == sent) model.engine().step();
  }
  benchmark::DoNotOptimize(recorded);
  bench.SetItemsProcessed(bench.iterations());
  bench.counters["events"] = benchmark::Counter(static_cast<double>(model.engine().events_fired()), benchmark::Counter::kAvgIterations);
}

BENCHMARK(requests)->Arg(2)->Arg(4)->Arg(0);

}  // namespace

BENCHMARK_MAIN();
