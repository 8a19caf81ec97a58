#include "real/docker/docker_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "real/docker/faults.hpp"

namespace tandem::docker {

namespace {

/// Above this the generator did not send the load it was asked to send, and the run does not count (data-plane-semantics §3.1).
constexpr SimDuration kScheduleLagMax = milliseconds(1);
constexpr std::int64_t kBalancerPatienceNs = 60'000'000'000;
/// How long creates in flight may take when a run ends early.
constexpr std::int64_t kSettleNs = 10'000'000'000;

std::string milliseconds_text(SimDuration duration) { return format_fixed(to_milliseconds(duration), 3); }

}  // namespace

DockerSession::DockerSession(EngineAddress address, scenario::Scenario scenario, world::RunContext context)
    : scenario_(std::move(scenario)), context_(std::move(context)), engine_(std::move(address), &loop_) {
  engine_.set_cancelled([this] { return interrupted(); });
}

DockerSession::~DockerSession() {
  if (!finished_) static_cast<void>(destroy());
}

void DockerSession::report(const std::string& step, double fraction) const {
  if (context_.progress) context_.progress({step, kTimeZero, fraction});
}

// ---------------------------------------------------------------- opening

Status DockerSession::take_engine() {
  auto info = engine_.connect();
  if (!info) return tl::unexpected(info.error());
  engine_info_ = std::move(*info);
  bool said = false;
  auto lock = EngineLock::take([&] {
    if (!std::exchange(said, true)) report("waiting for another Tandem run on this machine to end");
    return !interrupted();
  });
  if (!lock) return tl::unexpected(lock.error());
  lock_ = std::move(*lock);
  // Hardening C7: what runs left whose process is gone.
  CleanOptions orphans;
  orphans.progress = [this](const std::string& line) { report("cleaning up after a run that died: " + line); };
  orphans.cancelled = [this] { return interrupted(); };
  const auto cleaned = clean(engine_, orphans);
  if (!cleaned) return tl::unexpected(cleaned.error());
  if (!cleaned->survivors.empty()) return fail(leak_error(*cleaned));
  return {};
}

Status DockerSession::make_images() {
  ImageStore images(engine_, [this](const std::string& step, double fraction) { report(step, fraction); }, [this] { return interrupted(); });
  const auto workload = images.workload();
  if (!workload) return tl::unexpected(workload.error());
  const auto generator = images.load_generator();
  if (!generator) return tl::unexpected(generator.error());
  workload_image_ = *workload;
  generator_image_ = *generator;
  if (scenario_.traffic.empty()) return {};
  const auto nginx = images.nginx();
  if (!nginx) return tl::unexpected(nginx.error());
  nginx_image_ = *nginx;
  return {};
}

Status DockerSession::make_network() {
  const auto networks = engine_.run(api::list_networks(""));
  if (!networks) return tl::unexpected(networks.error());
  const std::vector<std::string> candidates = subnet_candidates(scenario_.cluster.pod_subnet, *networks, host_routes());
  Error last = make_error(ErrorCode::EngineNameTaken, "no free private address range for the run's network")
                   .with_hint("remove networks that are not needed: docker network ls, docker network rm");
  for (const std::string& candidate : candidates) {
    auto plan = SubnetPlan::of(candidate, scenario_.cluster.nodes.size());
    if (!plan) return tl::unexpected(plan.error());
    const auto network = resources_->create_network({{}, plan->subnet(), plan->gateway(), {}});
    if (network) {
      subnet_ = std::move(*plan);
      network_ = network->name;
      // Pods get their addresses from the control plane, which has not been built yet.
      scenario_.cluster.pod_subnet = subnet_->subnet();
      return {};
    }
    last = network.error();
    if (last.code != ErrorCode::EngineNameTaken) break;  // only a taken range is worth another try
  }
  return fail(std::move(last));
}

Status DockerSession::make_parts() {
  if (NodeSlices::refusal(engine_info_, true).empty()) {
    auto slices = NodeSlices::create(engine_info_, resources_->identity().run_id, scenario_.cluster.nodes);
    if (!slices) return tl::unexpected(slices.error());
    slices_ = std::move(*slices);
  }
  nodes_ = std::make_unique<DockerNodeRuntime>(DockerNodeRuntime::Parts{
      loop_, *resources_, scenario_, slices_, network_, workload_image_, context_.calibration.cpu_speed});
  balancers_ = std::make_unique<NginxBalancer>(NginxBalancer::Parts{
      loop_, *resources_, network_, nginx_image_, slices_.infrastructure_parent(), [this] { return subnet_->next_address(); }});
  traffic_ = std::make_unique<DockerTrafficDriver>(DockerTrafficDriver::Parts{
      loop_, *resources_, network_, generator_image_, slices_.infrastructure_parent(), subnet_->next_address(),
      [this](const std::string& service) { return balancers_->addresses(service); }, [this] { return interrupted(); }});
  run_ = std::make_unique<world::ClusterRun>(world::ClusterRun::Parts{
      .clock = loop_,
      .scenario = scenario_,
      .nodes = *nodes_,
      .balancers = *balancers_,
      .traffic = *traffic_,
      .sink = context_.sink,
      .make_faults = [this](cluster::ApiServer& server) -> std::unique_ptr<world::FaultInjector> {
        return std::make_unique<DockerFaultInjector>(DockerFaultInjector::Parts{server, *nodes_, scenario_, subnet_->gateway(), true});
      }});
  return {};
}

Status DockerSession::start_balancers() {
  std::optional<Status> ready;
  run_->start_balancers([&ready](const Status& status) { ready = status; });
  const bool in_time = loop_.run_while([&] { return !ready && !interrupted(); }, kBalancerPatienceNs);
  if (interrupted()) return fail(ErrorCode::Interrupted, "interrupted");
  if (!in_time) return fail(ErrorCode::EngineTimeout, "the balancers did not start in time");
  return *ready;
}

Status DockerSession::open() {
  TANDEM_TRY(take_engine());
  TANDEM_TRY(make_images());
  report("starting network, load generator and balancers");
  auto resources = RunResources::open(engine_, scenario_.horizon);
  if (!resources) return tl::unexpected(resources.error());
  resources_ = std::move(*resources);
  TANDEM_TRY(make_network());
  TANDEM_TRY(make_parts());
  TANDEM_TRY(traffic_->prepare());
  TANDEM_TRY(start_balancers());
  loop_.set_zero(host::monotonic_ns());
  loop_.reset_worst_lag();
  ticks_at_zero_ = host::cpu_ticks();
  started_ = true;
  sampler_ = std::make_unique<Sampler>(loop_, scenario_, slices_, *nodes_, [this](const record::Sample& sample) { run_->sink().sample(sample); });
  return run_->start();
}

// ---------------------------------------------------------------- running

SimTime DockerSession::now() const { return loop_.now(); }

Status DockerSession::advance(SimTime until) {
  until = std::min(until, kTimeZero + scenario_.horizon);
  loop_.run_until(until, [this] { return interrupted() || traffic_->failure().has_value(); });
  ended_at_ = std::min(loop_.now(), kTimeZero + scenario_.horizon);
  if (interrupted()) return fail(ErrorCode::Interrupted, "the run was interrupted");
  if (traffic_->failure()) return fail(*traffic_->failure());
  return {};
}

// ---------------------------------------------------------------- ending

world::RunSummary DockerSession::summary() const {
  world::RunSummary summary;
  summary.ended_at = ended_at_;
  summary.events = loop_.callbacks();
  auto& facts = summary.facts;
  facts = {{"engine", "Docker " + engine_info_.version},
           {"engine_api", engine_info_.api_version},
           {"storage_driver", engine_info_.storage_driver},
           {"cgroup", engine_info_.cgroup_driver + " v" + engine_info_.cgroup_version},
           {"kernel", engine_info_.kernel},
           {"cpu_model", host::cpu_model()},
           {"node_slices", slices_.active() ? "enforced" : "approximated"},
           {"pod_subnet", scenario_.cluster.pod_subnet},
           {"images", fmt::format("{} {} {}", workload_image_, generator_image_, nginx_image_)},
           {"loop_lag_max_ms", milliseconds_text(loop_.worst_lag())}};
  const host::CpuTicks ticks = host::cpu_ticks();
  if (started_ && ticks.total > ticks_at_zero_.total) {
    const double busy = static_cast<double>(ticks.busy - ticks_at_zero_.busy) / static_cast<double>(ticks.total - ticks_at_zero_.total);
    facts.emplace_back("host_cpu_busy_share", format_fixed(busy, 3));
  }
  if (const auto& schedule = traffic_ ? traffic_->report() : std::optional<container::ScheduleReport>()) {
    facts.emplace_back("requests_sent", std::to_string(schedule->requests));
    facts.emplace_back("requests_over_in_flight_max", std::to_string(schedule->over_in_flight_max));
    facts.emplace_back("schedule_lag_p50_ms", milliseconds_text(schedule->lag_p50));
    facts.emplace_back("schedule_lag_p99_ms", milliseconds_text(schedule->lag_p99));
    facts.emplace_back("schedule_lag_max_ms", milliseconds_text(schedule->lag_max));
  }
  return summary;
}

/// A machine that was too busy measured itself, not the scenario: the recording says so.
void DockerSession::warn_if_overloaded() {
  const auto& schedule = traffic_->report();
  if (!schedule || context_.sink == nullptr) return;
  const auto warn = [this](const std::string& text) { context_.sink->mark({ended_at_, "warning", "host", text}); };
  if (schedule->lag_p99 > kScheduleLagMax) {
    warn(fmt::format("overloaded: the load generator sent its requests up to {} ms late (p99), more than {} ms", milliseconds_text(schedule->lag_p99),
                     milliseconds_text(kScheduleLagMax)));
  }
  if (schedule->over_in_flight_max > 0) {
    warn(fmt::format("overloaded: {} requests were dropped because too many were in flight", schedule->over_in_flight_max));
  }
}

Result<world::RunSummary> DockerSession::finish() {
  Status traffic;
  sampler_.reset();
  if (started_ && !interrupted() && !traffic_->failure()) {
    report("waiting for the last requests");
    traffic = run_->finish_traffic();
    warn_if_overloaded();
  }
  world::RunSummary result = summary();
  const Status destroyed = destroy();
  finished_ = true;
  if (!destroyed) return tl::unexpected(destroyed.error());
  if (!traffic) return tl::unexpected(traffic.error());
  return result;
}

Status DockerSession::destroy() {
  if (!resources_) return {};
  report("removing containers and network");
  // From here on Ctrl-C does not stop us any more: cleaning up is what it asks for.
  engine_.set_cancelled({});
  loop_.run_while([this] { return !resources_->idle(); }, kSettleNs);
  sampler_.reset();
  run_.reset();
  traffic_.reset();
  balancers_.reset();
  nodes_.reset();
  const Status destroyed = resources_->destroy({});
  slices_ = {};
  resources_.reset();
  lock_.reset();
  return destroyed;
}

}  // namespace tandem::docker
