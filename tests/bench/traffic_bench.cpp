// Budget: less than 60 ns a request, since a run of an hour at 1,000 requests/s draws 3.6 million of them.

#include <benchmark/benchmark.h>

#include "core/traffic/stream.hpp"

namespace {

using namespace tandem;
using namespace tandem::traffic;

void requests_of(benchmark::State& state, ArrivalProcessKind kind) {
  RequestStream stream({"users", kind, 1000.0, kTimeZero, kTimeNever}, 42);
  PlannedRequest request;
  for (auto _ : state) {
    benchmark::DoNotOptimize(stream.next(request));
    benchmark::DoNotOptimize(request);
  }
}
BENCHMARK_CAPTURE(requests_of, poisson, ArrivalProcessKind::Poisson);
BENCHMARK_CAPTURE(requests_of, constant, ArrivalProcessKind::Constant);

}  // namespace

BENCHMARK_MAIN();
