#include "real/docker/docker_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "host/policy_process.hpp"
#include "real/docker/faults.hpp"

namespace tandem::docker {

namespace {

/// Above this the generator did not send the load it was asked to send, and the run does not count (data-plane-semantics §3.1).
constexpr SimDuration kScheduleLagMax = milliseconds(1);
constexpr std::int64_t kBalancerPatienceNs = 60'000'000'000;

std::string milliseconds_text(SimDuration duration) { return format_fixed(to_milliseconds(duration), 3); }

Testbed::Options testbed_options(EngineAddress address, const scenario::Scenario& scenario, const world::RunContext& context) {
  Testbed::Options options{std::move(address), scenario, context.calibration.cpu_speed, {}, {}};
  if (context.progress) {
    options.progress = [progress = context.progress](const std::string& step, double fraction) { progress({step, kTimeZero, fraction}); };
  }
  if (context.interrupted != nullptr) {
    options.cancelled = [count = context.interrupted] { return count->load() > 0; };
  }
  return options;
}

}  // namespace

DockerSession::DockerSession(EngineAddress address, const scenario::Scenario& scenario, world::RunContext context)
    : context_(std::move(context)), testbed_(testbed_options(std::move(address), scenario, context_)) {
  testbed_.set_before_destroy([this] {
    if (run_) testbed_.nodes().set_timing_listener(nullptr);  // it writes into the run's sink
    sampler_.reset();
    host_load_.reset();
    run_.reset();
  });
}

DockerSession::~DockerSession() {
  // While the run still stands: it uses what the testbed takes down.
  static_cast<void>(testbed_.destroy());
}

// ---------------------------------------------------------------- opening

Status DockerSession::make_run() {
  auto policies = host::start_policies(testbed_.scenario().scheduler);
  if (!policies) return tl::unexpected(std::move(policies).error());
  run_ = std::make_unique<world::ClusterRun>(world::ClusterRun::Parts{
      .clock = testbed_.loop(),
      .scenario = testbed_.scenario(),
      .nodes = testbed_.nodes(),
      .balancers = testbed_.balancers(),
      .traffic = testbed_.traffic(),
      .sink = context_.sink,
      .make_faults = [this](cluster::ApiServer& server) -> std::unique_ptr<world::FaultInjector> {
        return std::make_unique<DockerFaultInjector>(
            DockerFaultInjector::Parts{server, testbed_.nodes(), testbed_.scenario(), testbed_.subnet().gateway(), true});
      },
      .policies = std::move(*policies)});
  return {};
}

Status DockerSession::start_balancers() {
  testbed_.report("starting balancers");
  // Shared, because the answer may come after an early return.
  auto ready = std::make_shared<std::optional<Status>>();
  run_->start_balancers([ready](const Status& status) { *ready = status; });
  const bool in_time = testbed_.loop().run_while([&] { return !*ready && !interrupted(); }, kBalancerPatienceNs);
  if (interrupted()) return fail(ErrorCode::Interrupted, "interrupted");
  if (!in_time) return fail(ErrorCode::EngineTimeout, "the balancers did not start in time");
  return **ready;
}

Status DockerSession::open() {
  TANDEM_TRY(testbed_.open());
  TANDEM_TRY(make_run());
  TANDEM_TRY(start_balancers());
  testbed_.resources().enter_phase("run");
  testbed_.loop().set_zero(host::monotonic_ns());
  testbed_.loop().reset_worst_lag();
  ticks_at_zero_ = host::cpu_ticks();
  started_ = true;
  const auto sink = [this](const record::Sample& sample) { run_->sink().sample(sample); };
  sampler_ = std::make_unique<Sampler>(testbed_.loop(), testbed_.scenario(), testbed_.slices(), testbed_.nodes(), sink);
  host_load_ = std::make_unique<HostLoadGuard>(testbed_.loop(), run_classifier(testbed_.resources().identity().run_id, testbed_.slices().active()), sink);
  // What the engine took for each step of a pod's life: how much of a difference to the simulation is start-up.
  testbed_.nodes().set_timing_listener([this, sink](const char* step, const control::PodIdentity& pod, SimDuration took) {
    sink({testbed_.loop().now(), "pod/" + pod.name, step, to_milliseconds(took)});
  });
  return run_->start();
}

// ---------------------------------------------------------------- running

SimTime DockerSession::now() const { return testbed_.loop().now(); }

std::optional<Error> DockerSession::failure() const {
  if (testbed_.traffic().failure()) return testbed_.traffic().failure();
  if (testbed_.nodes().failure()) return testbed_.nodes().failure();
  return testbed_.resources().failure();
}

Status DockerSession::advance(SimTime until) {
  const SimTime horizon = kTimeZero + testbed_.scenario().horizon;
  until = std::min(until, horizon);
  testbed_.loop().run_until(until, [this] { return interrupted() || failure().has_value(); });
  ended_at_ = std::min(testbed_.loop().now(), horizon);
  if (interrupted()) return fail(ErrorCode::Interrupted, "the run was interrupted");
  if (const auto error = failure()) return fail(*error);
  return {};
}

// ---------------------------------------------------------------- ending

world::RunSummary DockerSession::summary() {
  world::RunSummary summary;
  summary.ended_at = ended_at_;
  summary.events = testbed_.loop().callbacks();
  const EngineInfo& engine = testbed_.engine_info();
  auto& facts = summary.facts;
  facts = {{"engine", "Docker " + engine.version},
           {"engine_api", engine.api_version},
           {"storage_driver", engine.storage_driver},
           {"cgroup", engine.cgroup_driver + " v" + engine.cgroup_version},
           {"kernel", engine.kernel},
           {"cpu_model", host::cpu_model()},
           {"images", testbed_.images()}};
  if (!started_) return summary;
  summary.not_gradable = not_gradable_;
  facts.emplace_back("foreign_cpu_share", format_fixed(host_verdict_.foreign_cpu_mean, 3));
  facts.emplace_back("foreign_cpu_share_worst_5s", format_fixed(host_verdict_.foreign_cpu_worst, 3));
  facts.emplace_back("memory_available_share_least", format_fixed(host_verdict_.memory_available_least, 3));
  facts.emplace_back("io_stalled_share", format_fixed(host_verdict_.io_stalled_mean, 3));
  facts.emplace_back("node_slices", testbed_.slices().active() ? "enforced" : "approximated");
  facts.emplace_back("pod_subnet", testbed_.scenario().cluster.pod_subnet);
  facts.emplace_back("loop_lag_max_ms", milliseconds_text(testbed_.loop().worst_lag()));
  const host::CpuTicks ticks = host::cpu_ticks();
  if (ticks.total > ticks_at_zero_.total) {
    const double busy = static_cast<double>(ticks.busy - ticks_at_zero_.busy) / static_cast<double>(ticks.total - ticks_at_zero_.total);
    facts.emplace_back("host_cpu_busy_share", format_fixed(busy, 3));
  }
  if (const auto& schedule = testbed_.traffic().report()) {
    facts.emplace_back("requests_sent", std::to_string(schedule->requests));
    facts.emplace_back("requests_over_in_flight_max", std::to_string(schedule->over_in_flight_max));
    facts.emplace_back("load_generator_scheduling", testbed_.traffic().real_time() ? "real-time" : "ordinary");
    facts.emplace_back("schedule_lag_p50_ms", milliseconds_text(schedule->lag_p50));
    facts.emplace_back("schedule_lag_p99_ms", milliseconds_text(schedule->lag_p99));
    facts.emplace_back("schedule_lag_max_ms", milliseconds_text(schedule->lag_max));
  }
  return summary;
}

/// A machine that was too busy measured itself, not the scenario: the recording says so.
std::vector<std::string> DockerSession::judge_host() {
  std::vector<std::string> reasons = host_verdict_.reasons;
  if (const auto& schedule = testbed_.traffic().report()) {
    if (schedule->lag_p99 > kScheduleLagMax) {
      reasons.push_back(fmt::format("the load generator sent its requests up to {} ms late (p99; limit {} ms)", milliseconds_text(schedule->lag_p99),
                                    milliseconds_text(kScheduleLagMax)));
    }
    if (schedule->over_in_flight_max > 0) {
      reasons.push_back(fmt::format("the load generator dropped {} requests because too many were in flight", schedule->over_in_flight_max));
    }
  }
  if (context_.sink != nullptr) {
    for (const std::string& reason : reasons) {
      context_.sink->mark({ended_at_, std::string(judge::kHostMarkKind), std::string(judge::kOverloadedSubject), reason});
    }
  }
  return reasons;
}

Result<world::RunSummary> DockerSession::finish() {
  Status traffic;
  sampler_.reset();
  if (host_load_) host_verdict_ = host_load_->verdict();
  host_load_.reset();
  if (started_) {
    if (!interrupted() && !failure()) {
      testbed_.report("waiting for the last requests");
      traffic = run_->finish_traffic();
    }
    not_gradable_ = judge_host();
  }
  world::RunSummary result = summary();
  TANDEM_TRY(testbed_.destroy());
  TANDEM_TRY(std::move(traffic));
  return result;
}

}  // namespace tandem::docker
