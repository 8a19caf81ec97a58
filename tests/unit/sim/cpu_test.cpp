#include "sim/model/cpu.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/random.hpp"
#include "core/control/kubelet/cpu_units.hpp"
#include "sim/engine/engine.hpp"

namespace tandem::sim {
namespace {

using namespace tandem::literals;
using control::kubelet::cfs_quota;

constexpr double kMs = 1e6;

/// Notes when which piece of work ends, in milliseconds.
struct Ends final : EventHandler {
  explicit Ends(Engine& of) : engine(of) {}
  void fire(std::uint32_t /*kind*/, std::uint64_t payload) override {
    if (at.size() <= payload) at.resize(payload + 1, -1);
    at[payload] = to_milliseconds(engine.now() - kTimeZero);
  }
  Engine& engine;
  std::vector<double> at;
};

class CpuTest : public testing::Test {
 protected:
  CpuGroupId group(std::int64_t machine_milli, CpuGroupOptions options) {
    const MachineId machine = cpu.add_machine(machine_milli);
    return cpu.add_group(cpu.add_slice(machine, {.milli_cores = machine_milli, .weight = 1024}), options);
  }
  void work(CpuGroupId where, double ms, std::uint64_t number, SimTime at = kTimeZero) {
    engine.at(at, EventClass::Runtime, 0, [this, where, ms, number] { cpu.start(where, ms * kMs, ends, 0, number); });
  }
  void run() { engine.run_until(kTimeZero + 100_s); }

  Engine engine;
  Cpu cpu{engine};
  Ends ends{engine};
};

TEST_F(CpuTest, OneThreadOnOneCoreTakesItsWork) {
  const CpuGroupId container = group(1000, {.weight = 2, .quota_us = 0, .parallel = 4, .period_origin = {}});
  work(container, 7, 0);
  run();
  EXPECT_EQ(ends.at, (std::vector<double>{7}));
  EXPECT_DOUBLE_EQ(cpu.used_ns(container), 7 * kMs);
}

TEST_F(CpuTest, ThreadsOfOneContainerShareItsCoresEquallyAndUseOneEachAtMost) {
  const CpuGroupId container = group(2000, {.weight = 2, .quota_us = 0, .parallel = 8, .period_origin = {}});
  // Two cores: alone at speed 1 until 4 ms, then three threads at 2/3 each.
  work(container, 10, 0);
  work(container, 10, 1);
  work(container, 2, 2, kTimeZero + 4_ms);
  run();
  // The third needs 3 ms at 2/3, until 7 ms; the first two have 6 - 2 = 4 ms left then.
  EXPECT_EQ(ends.at, (std::vector<double>{11, 11, 7}));
}

TEST_F(CpuTest, BusyContainersShareByWeightAndSpareTimeGoesRound) {
  const MachineId machine = cpu.add_machine(2000);
  const SliceId slice = cpu.add_slice(machine, {.milli_cores = 2000, .weight = 1024});
  // Weights 1:1:6 over two cores: the third is held to its one thread, the others share the second core.
  const CpuGroupId a = cpu.add_group(slice, {.weight = 100, .quota_us = 0, .parallel = 1, .period_origin = {}});
  const CpuGroupId b = cpu.add_group(slice, {.weight = 100, .quota_us = 0, .parallel = 1, .period_origin = {}});
  const CpuGroupId c = cpu.add_group(slice, {.weight = 600, .quota_us = 0, .parallel = 1, .period_origin = {}});
  work(a, 10, 0);
  work(b, 20, 1);
  work(c, 30, 2);
  engine.run_until(kTimeZero + 1_ms);
  EXPECT_DOUBLE_EQ(cpu.rate(a), 0.5);
  EXPECT_DOUBLE_EQ(cpu.rate(b), 0.5);
  EXPECT_DOUBLE_EQ(cpu.rate(c), 1.0);
  run();
  // a: 20 ms; then b has 10 ms left and a core for itself.
  EXPECT_EQ(ends.at, (std::vector<double>{20, 30, 30}));
}

TEST_F(CpuTest, WeightsOnTwoThreadsOfWorkEachSplitOneCoreInTheirRatio) {
  const MachineId machine = cpu.add_machine(1000);
  const SliceId slice = cpu.add_slice(machine, {.milli_cores = 1000, .weight = 1024});
  const CpuGroupId small = cpu.add_group(slice, {.weight = 256, .quota_us = 0, .parallel = 2, .period_origin = {}});
  const CpuGroupId large = cpu.add_group(slice, {.weight = 768, .quota_us = 0, .parallel = 2, .period_origin = {}});
  for (std::uint64_t i = 0; i < 2; ++i) work(small, 10, i);
  for (std::uint64_t i = 2; i < 4; ++i) work(large, 15, i);
  run();
  // 30 ms at 3/4 = 40 ms; by then the small one has had 10 of its 20 ms; alone 10 ms more.
  EXPECT_EQ(ends.at, (std::vector<double>{50, 50, 40, 40}));
}

TEST_F(CpuTest, NodeSlicesOfOneHostAreCappedAndShareWhatTheHostHas) {
  // Host of 2 cores, two nodes of 1.5 cores: each gets 1 while both are busy, 1.5 alone.
  const MachineId host = cpu.add_machine(2000);
  std::vector<CpuGroupId> containers;
  for (int i = 0; i < 2; ++i) {
    const SliceId node = cpu.add_slice(host, {.milli_cores = 1500, .weight = 1024});
    containers.push_back(cpu.add_group(node, {.weight = 2, .quota_us = 0, .parallel = 2, .period_origin = {}}));
  }
  work(containers[0], 10, 0);
  work(containers[0], 10, 1);
  work(containers[1], 25, 2);
  work(containers[1], 25, 3);
  run();
  // 20 ms of work at 1 core: 20 ms. The other has 30 ms left of 50, at 1.5 cores: 20 ms more.
  EXPECT_EQ(ends.at, (std::vector<double>{20, 20, 40, 40}));
}

TEST_F(CpuTest, ALimitOfHalfACoreRunsFiftyMillisecondsOfEachHundred) {
  const CpuGroupId container = group(4000, {.weight = 2, .quota_us = cfs_quota(500), .parallel = 1, .period_origin = {}});
  work(container, 120, 0);
  engine.run_until(kTimeZero + 49_ms);
  EXPECT_DOUBLE_EQ(cpu.rate(container), 1.0);
  engine.run_until(kTimeZero + 51_ms);
  EXPECT_DOUBLE_EQ(cpu.rate(container), 0.0);
  engine.run_until(kTimeZero + 101_ms);
  EXPECT_DOUBLE_EQ(cpu.rate(container), 1.0);
  run();
  // 50 ms on, 50 off, 50 on, 50 off, 20 on.
  EXPECT_EQ(ends.at, (std::vector<double>{220}));
  EXPECT_EQ(cpu.throttled_ns(container), 100'000'000);
  EXPECT_DOUBLE_EQ(cpu.used_ns(container), 120 * kMs);
}

TEST_F(CpuTest, FourThreadsBurnTheirQuotaInAQuarterOfTheTime) {
  const CpuGroupId container = group(4000, {.weight = 2, .quota_us = cfs_quota(1000), .parallel = 4, .period_origin = {}});
  for (std::uint64_t i = 0; i < 4; ++i) work(container, 30, i);
  run();
  // 100 ms of quota a period: 25 ms at four cores; the last 5 ms each in the next period.
  EXPECT_EQ(ends.at, (std::vector<double>{105, 105, 105, 105}));
  EXPECT_EQ(cpu.throttled_ns(container), 75'000'000);
}

TEST_F(CpuTest, PeriodsHaveTheirOwnPhaseAndQuotaIsNotSaved) {
  // Periods begin at 70 ms, 170 ms, …: what is left of one at the end is lost.
  const CpuGroupId container =
      group(1000, {.weight = 2, .quota_us = cfs_quota(300), .parallel = 1, .period_origin = kTimeZero - 30_ms});
  work(container, 20, 0);                    // within the first period: 10 ms of quota left
  work(container, 40, 1, kTimeZero + 60_ms);  // 10 ms, then the new period begins at 70 with 30 ms
  run();
  EXPECT_EQ(ends.at, (std::vector<double>{20, 100}));
  EXPECT_EQ(cpu.throttled_ns(container), 0);
}

TEST_F(CpuTest, WorkThatComesToAnEmptyQuotaWaitsForThePeriod) {
  const CpuGroupId container = group(1000, {.weight = 2, .quota_us = cfs_quota(100), .parallel = 1, .period_origin = {}});
  work(container, 10, 0);
  work(container, 1, 1, kTimeZero + 30_ms);
  run();
  EXPECT_EQ(ends.at, (std::vector<double>{10, 101}));
  EXPECT_EQ(cpu.throttled_ns(container), 70'000'000);
}

TEST_F(CpuTest, AThrottledContainerLeavesItsShareToOthers) {
  const MachineId machine = cpu.add_machine(1000);
  const SliceId slice = cpu.add_slice(machine, {.milli_cores = 1000, .weight = 1024});
  const CpuGroupId limited =
      cpu.add_group(slice, {.weight = 1024, .quota_us = cfs_quota(250), .parallel = 1, .period_origin = {}});
  const CpuGroupId free = cpu.add_group(slice, {.weight = 1024, .quota_us = 0, .parallel = 1, .period_origin = {}});
  work(limited, 30, 0);
  work(free, 60, 1);
  run();
  // Half a core each until the quota of 25 ms is used up at 50 ms; then the other has the core: 35 ms more.
  // The limited one goes on alone at 100 ms.
  EXPECT_EQ(ends.at, (std::vector<double>{105, 85}));
  EXPECT_EQ(cpu.throttled_ns(limited), 50'000'000);
}

TEST_F(CpuTest, ARemovedContainerTakesItsWorkAlongAndFreesItsShare) {
  const MachineId machine = cpu.add_machine(1000);
  const SliceId slice = cpu.add_slice(machine, {.milli_cores = 1000, .weight = 1024});
  const CpuGroupId doomed = cpu.add_group(slice, {.weight = 2, .quota_us = 0, .parallel = 1, .period_origin = {}});
  const CpuGroupId other = cpu.add_group(slice, {.weight = 2, .quota_us = 0, .parallel = 1, .period_origin = {}});
  work(doomed, 50, 1);
  work(other, 50, 0);
  engine.at(kTimeZero + 20_ms, EventClass::Runtime, 9, [&] { cpu.remove_group(doomed); });
  run();
  EXPECT_EQ(ends.at, (std::vector<double>{60}));
  EXPECT_DOUBLE_EQ(cpu.used_ns(slice), 60 * kMs);
}

TEST_F(CpuTest, AGroupMayBeRemovedByTheWorkThatEnds) {
  struct Remover final : EventHandler {
    explicit Remover(Cpu& of) : cpu(of) {}
    void fire(std::uint32_t /*kind*/, std::uint64_t payload) override {
      cpu.remove_group(static_cast<CpuGroupId>(payload));
      ++removed;
    }
    Cpu& cpu;
    int removed = 0;
  } remover(cpu);
  const CpuGroupId container = group(1000, {.weight = 2, .quota_us = 0, .parallel = 4, .period_origin = {}});
  // Three end in the same instant; the first takes the group with it.
  for (int i = 0; i < 3; ++i) cpu.start(container, 5 * kMs, remover, 0, static_cast<std::uint64_t>(container));
  run();
  EXPECT_EQ(remover.removed, 1);
}

TEST(CpuObservation, LookingDoesNotChangeWhatHappens) {
  const auto simulate = [](bool look) {
    Engine engine;
    Cpu cpu(engine);
    Ends ends(engine);
    const MachineId machine = cpu.add_machine(1000);
    const SliceId slice = cpu.add_slice(machine, {.milli_cores = 1000, .weight = 1024});
    std::vector<CpuGroupId> groups;
    for (int i = 0; i < 3; ++i) {
      groups.push_back(cpu.add_group(slice, {.weight = 3.0 + i, .quota_us = i == 1 ? 7'000 : 0, .parallel = 2, .period_origin = {}}));
    }
    RandomStream random(1, "looking");
    for (std::uint64_t i = 0; i < 300; ++i) {
      const auto at = SimTime{static_cast<std::int64_t>(random.below(1'000'000'000))};
      const double work = random.exponential(2e6);
      engine.at(at, EventClass::Traffic, 0, [&, work, i] { cpu.start(groups[i % 3], work, ends, 0, i); });
    }
    double seen = 0;
    for (std::int64_t i = 0; look && i < 2000; ++i) {
      engine.at(SimTime{i * 777'777}, EventClass::Observer, 0, [&] {
        for (const CpuGroupId id : groups) seen += cpu.used_ns(id) + static_cast<double>(cpu.throttled_ns(id));
      });
    }
    engine.run_until(kTimeZero + 100_s);
    return ends.at;
  };
  EXPECT_EQ(simulate(false), simulate(true));
}

}  // namespace
}  // namespace tandem::sim
