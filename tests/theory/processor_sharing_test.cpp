// Our processor-sharing CPU against SimGrid's, which nobody here wrote: the same jobs on the same cores end at the same times.
// Each test starts SimGrid, so each needs a process of its own.
#include <gtest/gtest.h>

#include <map>
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>
#include <xbt/log.h>

#include "core/base/random.hpp"
#include "sim/engine/engine.hpp"
#include "sim/model/cpu.hpp"

namespace tandem::sim {
namespace {

struct Job {
  SimTime start;
  double work_ns = 0;
};

std::vector<Job> random_jobs(std::uint64_t seed, std::size_t count, double spacing_ns, double work_ns) {
  RandomStream random(seed, "processor sharing");
  std::vector<Job> jobs(count);
  SimTime now;
  for (Job& job : jobs) {
    now = now + nanoseconds(static_cast<std::int64_t>(random.exponential(spacing_ns)));
    job.start = now;
    job.work_ns = random.exponential(work_ns);
  }
  return jobs;
}

std::vector<double> by_simgrid(const std::vector<Job>& jobs, int cores) {
  namespace s4u = simgrid::s4u;
  xbt_log_control_set("root.thresh:error");
  static s4u::Engine engine("processor sharing");
  s4u::Engine::set_config(std::string("surf/precision:1e-12"));
  s4u::Engine::set_config(std::string("maxmin/precision:1e-9"));
  s4u::NetZone* zone = s4u::create_full_zone("zone");
  // One operation a nanosecond of work.
  s4u::Host* host = zone->create_host("host", 1e9)->set_core_count(cores)->seal();
  zone->seal();
  std::vector<s4u::ExecPtr> running(jobs.size());
  std::map<const s4u::Activity*, std::size_t> numbers;
  std::vector<double> ends(jobs.size(), -1);
  s4u::Activity::on_completion_cb([&](const s4u::Activity& done) { ends[numbers.at(&done)] = s4u::Engine::get_clock(); });
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    simgrid::kernel::timer::Timer::set(static_cast<double>(jobs[i].start.ns) / 1e9, [&, i] {
      running[i] = s4u::Exec::init();
      running[i]->set_flops_amount(jobs[i].work_ns)->set_host(host);
      numbers[running[i].get()] = i;
      running[i]->start();
    });
  }
  engine.run();
  return ends;
}

std::vector<double> by_ours(const std::vector<Job>& jobs, int cores) {
  struct Ends final : EventHandler {
    void fire(std::uint32_t /*kind*/, std::uint64_t payload) override {
      at[payload] = static_cast<double>(engine->now().ns) / 1e9;
    }
    Engine* engine = nullptr;
    std::vector<double> at;
  } ends;
  Engine engine;
  ends.engine = &engine;
  ends.at.resize(jobs.size(), -1);
  Cpu cpu(engine);
  const SliceId slice = cpu.add_slice(cpu.add_machine(cores * 1000), {.milli_cores = cores * 1000, .weight = 1});
  const CpuGroupId group = cpu.add_group(slice, {.weight = 1, .quota_us = 0, .parallel = 1'000'000, .period_origin = {}});
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    engine.at(jobs[i].start, EventClass::Traffic, 0, [&, i] { cpu.start(group, jobs[i].work_ns, ends, 0, i); });
  }
  engine.run_until(kTimeNever);
  return ends.at;
}

void expect_equal(const std::vector<Job>& jobs, int cores) {
  const std::vector<double> theirs = by_simgrid(jobs, cores);
  const std::vector<double> ours = by_ours(jobs, cores);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    // Each end is rounded to a nanosecond here, and moves the later ones of a busy period by as little.
    ASSERT_NEAR(ours[i], theirs[i], 20e-9) << "job " << i;
  }
}

TEST(ProcessorSharing, OneCoreAgreesWithSimGrid) { expect_equal(random_jobs(1, 2000, 2.5e6, 2e6), 1); }
TEST(ProcessorSharing, FourCoresAgreeWithSimGrid) { expect_equal(random_jobs(2, 2000, 0.6e6, 2e6), 4); }
TEST(ProcessorSharing, AnOverloadedCoreAgreesWithSimGrid) { expect_equal(random_jobs(3, 300, 1e6, 2e6), 1); }

}  // namespace
}  // namespace tandem::sim
