// Every test here starts SimGrid, which allows one simulation a process: gtest_discover_tests gives each its own.
#include "sim/engine/simgrid_network.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "sim/engine/engine.hpp"

namespace tandem::sim {
namespace {

using namespace tandem::literals;

constexpr double kRegistryBandwidth = 30e6;
constexpr double kNodeBandwidth = 125e6;

/// Registry and nodes around one switch.
struct Cluster {
  explicit Cluster(int node_count) {
    const NetworkNode core = topology.add_switch("core");
    registry = topology.add_host("registry");
    topology.add_link(registry, core, {kRegistryBandwidth, 1_ms});
    for (int i = 0; i < node_count; ++i) {
      nodes.push_back(topology.add_host("worker" + std::to_string(i)));
      topology.add_link(nodes.back(), core, {kNodeBandwidth, 100_us});
    }
  }
  Topology topology;
  NetworkNode registry{};
  std::vector<NetworkNode> nodes;
};

constexpr double kRouteLatency = 1.1e-3;

double seconds_of(SimTime time) { return to_seconds(time - kTimeZero); }

/// Starts a transfer at a given moment and notes when it ends.
struct Transfers {
  explicit Transfers(const Topology& topology) : engine(make_simgrid_network(topology)) {}
  void transfer(SimTime at, NetworkNode from, NetworkNode to, std::int64_t bytes, SimTime& end) {
    engine.at(at, EventClass::Runtime, 0, [this, from, to, bytes, &end] {
      engine.transfer(from, to, bytes, [this, &end] { end = engine.now(); });
    });
  }
  Engine engine;
};

TEST(SimGridNetwork, OneFlowTakesLatencyPlusSizeOverBandwidth) {
  const Cluster cluster(1);
  Transfers run(cluster.topology);
  SimTime end;
  // A start that is no round number of anything.
  const SimTime start = kTimeZero + 123'456'789_ns;
  run.transfer(start, cluster.registry, cluster.nodes[0], 120 << 20, end);
  run.engine.run_until(kTimeZero + 100_s);
  EXPECT_NEAR(seconds_of(end), seconds_of(start) + kRouteLatency + (120 << 20) / kRegistryBandwidth, 1e-9);
  EXPECT_EQ(run.engine.now(), kTimeZero + 100_s);
}

TEST(SimGridNetwork, TwoNodesPullingFromOneRegistryGetHalfEach) {
  const Cluster cluster(2);
  Transfers run(cluster.topology);
  SimTime first;
  SimTime second;
  // The second starts while the first runs: 1 s alone, then half each until the first is done, then alone again.
  run.transfer(kTimeZero, cluster.registry, cluster.nodes[0], 60'000'000, first);
  run.transfer(kTimeZero + 1_s, cluster.registry, cluster.nodes[1], 60'000'000, second);
  run.engine.run_until(kTimeZero + 100_s);
  // Flow 1 begins to move at L, flow 2 at 1 + L. At 1 + L flow 1 has 30 MB left, at 15 MB/s that is 2 s.
  EXPECT_NEAR(seconds_of(first), 3 + kRouteLatency, 1e-9);
  // Flow 2 has moved 30 MB by then and has the link for itself: 1 s more.
  EXPECT_NEAR(seconds_of(second), 4 + kRouteLatency, 1e-9);
}

TEST(SimGridNetwork, FlowsShareMaxMin) {
  const Cluster cluster(4);
  Transfers run(cluster.topology);
  // worker0 → worker1 shares worker1's link with registry → worker1; three registry flows share 30 MB/s: 10 MB/s each.
  std::vector<SimTime> ends(4);
  run.transfer(kTimeZero, cluster.registry, cluster.nodes[1], 10'000'000, ends[0]);
  run.transfer(kTimeZero, cluster.registry, cluster.nodes[2], 10'000'000, ends[1]);
  run.transfer(kTimeZero, cluster.registry, cluster.nodes[3], 10'000'000, ends[2]);
  run.transfer(kTimeZero + 1_ms, cluster.nodes[0], cluster.nodes[1], 57'500'000, ends[3]);
  run.engine.run_until(kTimeZero + 100_s);
  EXPECT_NEAR(seconds_of(ends[0]), 1 + kRouteLatency, 1e-9);
  EXPECT_NEAR(seconds_of(ends[1]), 1 + kRouteLatency, 1e-9);
  EXPECT_NEAR(seconds_of(ends[2]), 1 + kRouteLatency, 1e-9);
  // 1.2 ms … : what the slow flow leaves, 115 MB/s: half a second.
  EXPECT_NEAR(seconds_of(ends[3]), 1e-3 + 2e-4 + 0.5, 1e-9);
}

TEST(SimGridNetwork, EventsOfOursBetweenAndAtCompletionsKeepTheirOrder) {
  const Cluster cluster(3);
  Transfers run(cluster.topology);
  std::vector<int> order;
  // Three equal flows of 30 MB end together, 3 s after they began to move.
  const SimTime together = kTimeZero + 3_s + 1'100_us;
  for (int i = 0; i < 3; ++i) {
    run.engine.at(kTimeZero, EventClass::Runtime, 0, [&, i] {
      run.engine.transfer(cluster.registry, cluster.nodes[static_cast<std::size_t>(i)], 30'000'000, [&, i] {
        EXPECT_EQ(run.engine.now(), together);
        order.push_back(i);
        // Started by a completion: goes on from this very moment.
        if (i == 0) run.engine.transfer(cluster.registry, cluster.nodes[0], 30'000'000, [&] {
          EXPECT_EQ(run.engine.now(), together + 1_s + 1'100_us);
          order.push_back(100);
        });
      });
    });
  }
  const auto note = [&](SimTime at, EventClass event_class, int mark) {
    run.engine.at(at, event_class, 0, [&order, mark] { order.push_back(mark); });
  };
  // The last microseconds before a limit are where SimGrid returns early.
  note(together - 5_us, EventClass::Control, 10);
  note(together - 1_ns, EventClass::Control, 11);
  note(together, EventClass::Hardware, 12);
  note(together, EventClass::Runtime, 13);
  note(together + 1_ns, EventClass::Hardware, 14);
  run.engine.run_until(kTimeZero + 100_s);
  EXPECT_EQ(order, (std::vector<int>{10, 11, 12, 0, 1, 2, 13, 14, 100}));
}

TEST(SimGridNetwork, StoppingAtAnyMomentDoesNotChangeTheEnd) {
  const Cluster cluster(1);
  Transfers run(cluster.topology);
  SimTime end;
  run.transfer(kTimeZero, cluster.registry, cluster.nodes[0], 3'000'000, end);
  RandomStream random(3, "stops");
  while (run.engine.now() < kTimeZero + 1_s) {
    run.engine.run_until(run.engine.now() + nanoseconds(static_cast<std::int64_t>(random.below(2'000'000))));
  }
  EXPECT_NEAR(seconds_of(end), 0.1 + kRouteLatency, 1e-9);
}

TEST(SimGridNetwork, ACutOffNodeStallsAndGoesOn) {
  const Cluster cluster(2);
  Transfers run(cluster.topology);
  SimTime cut;
  SimTime other;
  run.transfer(kTimeZero, cluster.registry, cluster.nodes[0], 30'000'000, cut);
  run.transfer(kTimeZero + 20_s, cluster.registry, cluster.nodes[1], 30'000'000, other);
  run.engine.at(kTimeZero + 500'000_us, EventClass::Timeline, 0, [&] { run.engine.set_connected(cluster.nodes[0], false); });
  run.engine.at(kTimeZero + 30_s, EventClass::Timeline, 0, [&] { run.engine.set_connected(cluster.nodes[0], true); });
  run.engine.run_until(kTimeZero + 100_s);
  EXPECT_NEAR(seconds_of(other), 21 + kRouteLatency, 1e-6);
  // What was left at the cut takes as long after it: 29.5 s later.
  EXPECT_NEAR(seconds_of(cut), 1 + kRouteLatency + 29.5, 1e-6);
}

TEST(SimGridNetwork, IsNotCreatedByARunWithoutTransfers) {
  const Cluster cluster(1);
  {
    Transfers run(cluster.topology);
    run.engine.set_connected(cluster.nodes[0], false);
    run.engine.run_until(kTimeZero + 10_s);
    EXPECT_TRUE(simgrid_is_free());
    SimTime end;
    run.transfer(kTimeZero + 10_s, cluster.registry, cluster.nodes[0], 1, end);
    run.engine.run_until(kTimeZero + 11_s);
    EXPECT_FALSE(simgrid_is_free());
  }  // and with a transfer still under way it goes down quietly
}

TEST(SimGridNetwork, LeavesTheSignalHandlersAlone) {
  const Cluster cluster(1);
  Transfers run(cluster.topology);
  signal(SIGINT, SIG_IGN);
  SimTime end;
  run.transfer(kTimeZero, cluster.registry, cluster.nodes[0], 1, end);
  run.engine.run_until(kTimeZero + 1_s);
  EXPECT_EQ(signal(SIGINT, SIG_DFL), SIG_IGN);
}

TEST(SimGridNetwork, RoutesAcrossRacksByTheTopologyItIsGiven) {
  Topology topology;
  const NetworkNode core = topology.add_switch("core");
  std::vector<NetworkNode> hosts;
  for (int rack = 0; rack < 2; ++rack) {
    const NetworkNode top = topology.add_switch("rack" + std::to_string(rack));
    topology.add_link(top, core, {50e6, 500_us});
    for (int i = 0; i < 2; ++i) {
      hosts.push_back(topology.add_host("host" + std::to_string(rack) + std::to_string(i)));
      topology.add_link(hosts.back(), top, {125e6, 100_us});
    }
  }
  EXPECT_EQ(topology.latency(hosts[0], hosts[3]), SimDuration{1'200'000});
  EXPECT_EQ(topology.latency(hosts[0], hosts[1]), SimDuration{200'000});
  EXPECT_EQ(topology.find("host11"), hosts[3]);
  EXPECT_EQ(topology.find("nowhere"), std::nullopt);
  Transfers run(topology);
  SimTime across;
  SimTime across_too;
  SimTime within;
  run.transfer(kTimeZero, hosts[0], hosts[2], 50'000'000, across);
  run.transfer(kTimeZero, hosts[1], hosts[3], 50'000'000, across_too);
  run.transfer(kTimeZero + 3_s, hosts[0], hosts[1], 125'000'000, within);
  run.engine.run_until(kTimeZero + 100_s);
  EXPECT_NEAR(seconds_of(across), 2 + 1.2e-3, 1e-9);
  EXPECT_NEAR(seconds_of(across_too), 2 + 1.2e-3, 1e-9);
  EXPECT_NEAR(seconds_of(within), 4 + 2e-4, 1e-9);
}

}  // namespace
}  // namespace tandem::sim
