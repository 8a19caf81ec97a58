// Budget (design §4): a least_conn pick over 100 servers costs at most twice a bare search for the minimum.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "core/balance/registry.hpp"

namespace {

using namespace tandem;
using namespace tandem::balance;

constexpr std::size_t kPeers = 100;

/// Requests in flight per peer before every pick: far apart enough that there is one least peer most of the time.
std::vector<std::int64_t> loads() {
  RandomStream random(1, "balance_bench");
  std::vector<std::int64_t> conns;
  for (std::size_t i = 0; i < kPeers; ++i) conns.push_back(1 + static_cast<std::int64_t>(random.below(50)));
  return conns;
}

void least_conn_pick(benchmark::State& state) {
  const auto policy = make_policy("nginx", "least_conn", RandomStream(1, "balance_bench")).value();
  policy->set_peers(std::vector<Peer>(kPeers));
  const std::vector<std::int64_t> conns = loads();
  for (std::uint32_t i = 0; i < kPeers; ++i) {
    for (std::int64_t n = 0; n < conns[i]; ++n) policy->on_start({i, 1});
  }
  for (auto _ : state) {
    TriedPeers tried;
    const auto peer = policy->pick({}, tried, kTimeZero);
    policy->on_start(*peer);
    policy->on_finish(*peer, Outcome::Ok, kTimeZero);
    benchmark::DoNotOptimize(peer);
  }
}
BENCHMARK(least_conn_pick);

void bare_search(benchmark::State& state) {
  struct Server {
    std::int64_t conns, weight;
  };
  std::vector<Server> servers;
  for (const std::int64_t conns : loads()) servers.push_back({conns, 1});
  for (auto _ : state) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < servers.size(); ++i) {
      if (servers[i].conns * servers[best].weight < servers[best].conns * servers[i].weight) best = i;
    }
    ++servers[best].conns;
    benchmark::ClobberMemory();
    --servers[best].conns;
  }
}
BENCHMARK(bare_search);

void round_robin_pick(benchmark::State& state) {
  const auto policy = make_policy("nginx", "round_robin", RandomStream(1, "balance_bench")).value();
  policy->set_peers(std::vector<Peer>(kPeers));
  for (auto _ : state) {
    TriedPeers tried;
    benchmark::DoNotOptimize(policy->pick({}, tried, kTimeZero));
  }
}
BENCHMARK(round_robin_pick);

}  // namespace

BENCHMARK_MAIN();
