// The engine's event queue against a bare one: the hold model (Jones 1986): N events pending, each that fires arms one more.
// Budget of design §4: at least 70 % of a bare queue.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <queue>
#include <vector>

#include "sim/engine/engine.hpp"

namespace {

using namespace tandem;
using namespace tandem::sim;

/// Cheap increments of virtual time, the same for both: the low bits of a multiplicative generator.
struct Increments {
  std::uint64_t state = 88172645463325252ULL;
  std::int64_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::int64_t>(state & 0xfffff);
  }
};

/// What a simulation without a model would write: time and a sequence number in the standard library's heap.
void bare_queue(benchmark::State& bench) {
  struct Event {
    std::int64_t time;
    std::uint64_t sequence;
    std::uint64_t payload;
    bool operator>(const Event& other) const {
      return time != other.time ? time > other.time : sequence > other.sequence;
    }
  };
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue;
  Increments increments;
  std::uint64_t sequence = 0;
  for (std::int64_t i = 0; i < bench.range(0); ++i) queue.push({increments.next(), ++sequence, 0});
  std::uint64_t sum = 0;
  for (auto _ : bench) {
    const Event event = queue.top();
    queue.pop();
    sum += event.payload;
    queue.push({event.time + increments.next(), ++sequence, sum});
  }
  benchmark::DoNotOptimize(sum);
  bench.SetItemsProcessed(bench.iterations());
}

struct Holder final : EventHandler {
  void fire(std::uint32_t kind, std::uint64_t payload) override {
    sum += payload;
    engine->schedule(engine->now() + nanoseconds(increments.next()), EventClass::Network, kind, *this, kind, sum);
  }
  Engine* engine = nullptr;
  Increments increments;
  std::uint64_t sum = 0;
};

void typed_events(benchmark::State& bench) {
  Engine engine;
  Holder holder;
  holder.engine = &engine;
  for (std::int64_t i = 0; i < bench.range(0); ++i) {
    engine.schedule(SimTime{holder.increments.next()}, EventClass::Network, static_cast<std::uint32_t>(i), holder,
                    static_cast<std::uint32_t>(i), 0);
  }
  for (auto _ : bench) engine.step();
  benchmark::DoNotOptimize(holder.sum);
  bench.SetItemsProcessed(bench.iterations());
}

void callbacks(benchmark::State& bench) {
  Engine engine;
  Increments increments;
  std::uint64_t sum = 0;
  std::function<void()> hold = [&] {
    ++sum;
    engine.after(nanoseconds(increments.next()), EventClass::Control, 0, hold);
  };
  for (std::int64_t i = 0; i < bench.range(0); ++i) engine.after(nanoseconds(increments.next()), EventClass::Control, 0, hold);
  for (auto _ : bench) engine.step();
  benchmark::DoNotOptimize(sum);
  bench.SetItemsProcessed(bench.iterations());
}

BENCHMARK(bare_queue)->Arg(100)->Arg(10'000);
BENCHMARK(typed_events)->Arg(100)->Arg(10'000);
BENCHMARK(callbacks)->Arg(100)->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
