// How fast recordings are written and opened. A request is a row of 14 columns.

#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/record/recording.hpp"
#include "core/record/writer.hpp"

namespace {

using namespace tandem;

std::string scratch_folder() { return (std::filesystem::temp_directory_path() / ("tandem-bench-" + std::to_string(::getpid()))).string(); }

record::RequestRecord request(std::uint64_t index) {
  record::RequestRecord record;
  record.index = index;
  record.intended = SimTime{static_cast<std::int64_t>(index) * 1'000'000};
  record.sent = record.intended + microseconds(10);
  record.end = record.intended + microseconds(2'000 + static_cast<std::int64_t>(index % 997));
  record.queued = microseconds(3);
  record.service = microseconds(1'900);
  record.cpu = microseconds(1'800);
  record.throttled = nanoseconds(0);
  record.status = 200;
  record.connection = index + 1;
  return record;
}

void write_requests(std::uint64_t count, std::uint64_t stored_max, std::uint64_t expected) {
  record::WriterOptions options;
  options.traffic = {{"users", {}, expected}};
  options.stored_requests_max = stored_max;
  auto writer = record::Writer::create(scratch_folder(), options, true);
  const std::string replicas[] = {"web-7d4b9c6f5d-x2k8p", "web-7d4b9c6f5d-abcde", "web-7d4b9c6f5d-fghij", "web-7d4b9c6f5d-klmno"};
  for (std::uint64_t i = 0; i < count; ++i) {
    record::RequestRecord record = request(i);
    record.replica = replicas[i % 4];
    (*writer)->request(record);
  }
  benchmark::DoNotOptimize((*writer)->finish(SimTime{static_cast<std::int64_t>(count) * 1'000'000}, {}));
}

/// The variant of one hour at 1,000 requests a second: one in 32 is stored, totals are exact.
void write_an_hour_sampled(benchmark::State& state) {
  for (auto _ : state) write_requests(3'600'000, 200'000, 3'600'000);
  state.SetItemsProcessed(state.iterations() * 3'600'000);
}
BENCHMARK(write_an_hour_sampled)->Unit(benchmark::kMillisecond)->Iterations(3);

void write_every_request(benchmark::State& state) {
  for (auto _ : state) write_requests(2'000'000, UINT64_MAX, 0);
  state.SetItemsProcessed(state.iterations() * 2'000'000);
}
BENCHMARK(write_every_request)->Unit(benchmark::kMillisecond)->Iterations(3);

/// Bar: 10 million events in under 2 s from the page cache.
void open_ten_million(benchmark::State& state) {
  write_requests(10'000'000, UINT64_MAX, 0);
  for (auto _ : state) {
    auto recording = record::Recording::open(scratch_folder());
    if (!recording || recording->requests().index.size() != 10'000'000) state.SkipWithError("the recording did not open whole");
  }
  state.SetItemsProcessed(state.iterations() * 10'000'000);
}
BENCHMARK(open_ten_million)->Unit(benchmark::kMillisecond)->Iterations(3);

void recompute_digest_of_ten_million(benchmark::State& state) {
  for (auto _ : state) {
    auto recording = record::Recording::open(scratch_folder());
    benchmark::DoNotOptimize(recording->digest());
  }
  std::filesystem::remove_all(scratch_folder());
}
BENCHMARK(recompute_digest_of_ten_million)->Unit(benchmark::kMillisecond)->Iterations(1);

/// Status changes of pods: what a controller-heavy run writes.
void write_object_changes(benchmark::State& state) {
  constexpr int kPods = 1'000;
  constexpr int kChanges = 6;
  for (auto _ : state) {
    auto writer = record::Writer::create(scratch_folder(), {}, true);
    cluster::PodSpec spec;
    spec.containers.resize(1);
    spec.containers[0].name = "app";
    spec.containers[0].image = "web:1.0.0";
    const Shared<cluster::PodSpec> shared_spec(spec);
    const Shared<cluster::Labels> labels(cluster::Labels{{"app", "web"}, {"pod-template-hash", "7d4b9c6f5d"}});
    for (int change = 0; change < kChanges; ++change) {
      for (int i = 0; i < kPods; ++i) {
        cluster::Pod pod;
        pod.meta.name = "web-7d4b9c6f5d-" + std::to_string(i);
        pod.meta.namespace_ = "default";
        pod.meta.uid = "uid-" + std::to_string(i);
        pod.meta.resource_version = change * kPods + i;
        pod.meta.labels = labels;
        pod.spec = shared_spec;
        pod.status.phase = change < 3 ? cluster::PodPhase::Pending : cluster::PodPhase::Running;
        pod.status.pod_ip = "10.244.1." + std::to_string(change);
        (*writer)->object_changed(SimTime{change}, change == 0 ? cluster::ChangeType::Added : cluster::ChangeType::Modified, pod);
      }
    }
    benchmark::DoNotOptimize((*writer)->finish(SimTime{kChanges}, {}));
  }
  state.SetItemsProcessed(state.iterations() * kPods * kChanges);
  std::filesystem::remove_all(scratch_folder());
}
BENCHMARK(write_object_changes)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace

BENCHMARK_MAIN();
