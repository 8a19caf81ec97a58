// The seams of RequestPath: sources of traffic, balancers and their reloads.
#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "sim/model/request_path.hpp"
#include "sim/model/routes.hpp"

namespace tandem::sim {

namespace {

traffic::SourcePlan plan_of(const scenario::TrafficSpec& traffic) {
  traffic::SourcePlan plan;
  plan.name = traffic.name;
  plan.kind = traffic.arrivals == scenario::ArrivalKind::Constant ? traffic::ArrivalProcessKind::Constant
                                                                  : traffic::ArrivalProcessKind::Poisson;
  plan.rate = traffic.rate;
  plan.from = kTimeZero + traffic.from;
  plan.until = kTimeZero + traffic.until;
  return plan;
}

}  // namespace

RequestPath::Source::Source(const scenario::TrafficSpec& traffic, std::uint64_t seed)
    : spec(traffic),
      path(without_query(traffic.route)),
      service(traffic.namespace_ + "/" + traffic.service),
      // The methods nginx does not repeat once bytes were sent (ngx_http_upstream: non_idempotent).
      retryable(traffic.method != "POST" && traffic.method != "LOCK" && traffic.method != "PATCH"),
      stream(plan_of(traffic), seed),
      overheads(seed, "overheads/" + traffic.name) {}

RequestPath::RequestPath(Engine& engine, Cpu& cpu, PodNetwork& network, const scenario::Calibration& calibration,
                         std::uint64_t seed, BalancerPlacement placement)
    : engine_(engine),
      cpu_(cpu),
      network_(network),
      seed_(seed),
      placement_(placement),
      client_overhead_(calibration.client_overhead),
      round_trip_(calibration.round_trip),
      proxy_latency_(remainder_of(calibration.proxy_request, calibration.proxy_cpu)),
      proxy_cpu_(calibration.proxy_cpu),
      app_request_(calibration.app_request),
      reload_(calibration.balancer_reload),
      reload_draws_(seed, "balancer-reload"),
      held_(network.node_count()) {
  network_.on_heal([this](std::uint32_t node) { node_healed(node); });
}

RequestPath::~RequestPath() { network_.on_heal(nullptr); }

// ---------------------------------------------------------------- TrafficDriver

Status RequestPath::start(const scenario::Scenario& scenario, std::function<void(const record::RequestRecord&)> record) {
  CHECK(sources_.empty(), "traffic started twice");
  recorder_ = std::move(record);
  for (const scenario::TrafficSpec& traffic : scenario.traffic) {
    sources_.emplace_back(traffic, scenario.seed);
    const auto found = balancer_numbers_.find(sources_.back().service);
    source_balancers_.push_back(found == balancer_numbers_.end() ? -1 : std::int64_t{found->second});
  }
  for (std::uint32_t number = 0; number < sources_.size(); ++number) plan_next(number);
  return {};
}

Status RequestPath::finish() {
  SimDuration longest;
  for (Source& source : sources_) {
    if (source.arrival) engine_.cancel(std::exchange(source.arrival, {}));
    longest = std::max(longest, source.spec.timeout);
  }
  // Every request in flight ends at its own time-out at the latest.
  const SimTime limit = engine_.now() + longest;
  while (totals_.in_flight > 0 && engine_.step(limit)) {
  }
  CHECK(totals_.in_flight == 0, "a request outlived its time-out");
  return {};
}

// ---------------------------------------------------------------- BalancerRuntime

void RequestPath::start(const std::string& service, const balance::BalancerSpec& spec, std::function<void(Status)> done) {
  const auto answer = [&done](const Status& status) {
    if (done) done(status);
  };
  if (balancer_numbers_.contains(service)) {
    return answer(fail(ErrorCode::ValueDuplicateName, "the service " + service + " has a balancer already"));
  }
  Result<std::unique_ptr<Balancer>> made = Balancer::create(service, spec, seed_);
  if (!made) return answer(tl::unexpected(made.error()));
  const auto number = static_cast<std::uint32_t>(balancers_.size());
  Balancer& balancer = **made;
  for (std::size_t first = 0; first < balancer.worker_count(); first += static_cast<std::size_t>(spec.workers)) {
    // An instance is a container without limits: Docker's default weight beside the nodes' slices.
    const std::int64_t milli_cores = std::int64_t{spec.workers} * 1000;
    const MachineId machine = placement_.on_host ? placement_.host : cpu_.add_machine(milli_cores);
    const SliceId slice = cpu_.add_slice(machine, {.milli_cores = milli_cores, .weight = 1024});
    for (std::size_t worker = first; worker < first + static_cast<std::size_t>(spec.workers); ++worker) {
      balancer.workers[worker].group = cpu_.add_group(slice, {.weight = 1024, .quota_us = 0, .parallel = 1, .period_origin = {}});
    }
  }
  balancer.accepting = true;
  balancers_.push_back(std::move(*made));
  balancer_numbers_.emplace(service, number);
  for (std::size_t source = 0; source < sources_.size(); ++source) {
    if (sources_[source].service == service) source_balancers_[source] = number;
  }
  answer({});
}

void RequestPath::set_backends(const std::string& service, std::vector<balance::Backend> backends,
                               std::function<void(Status)> applied) {
  const auto found = balancer_numbers_.find(service);
  if (found == balancer_numbers_.end()) {
    if (applied) applied(fail(ErrorCode::UsageNotFound, "the service " + service + " has no balancer"));
    return;
  }
  Balancer& balancer = *balancers_[found->second];
  balancer.pending = std::move(backends);
  balancer.has_pending = true;
  balancer.pending_callbacks.push_back(std::move(applied));
  if (!balancer.reloading) begin_reload(found->second);
}

void RequestPath::begin_reload(std::uint32_t number) {
  Balancer& balancer = *balancers_[number];
  balancer.reloading = true;
  balancer.has_pending = false;
  balancer.loading = std::move(balancer.pending);
  balancer.loading_callbacks = std::exchange(balancer.pending_callbacks, {});
  const SimDuration delay = reload_(reload_draws_.exponential(1.0));
  engine_.schedule(engine_.now() + delay, EventClass::Runtime, number, *this, kReloaded, number);
}

void RequestPath::reloaded(std::uint32_t number) {
  Balancer& balancer = *balancers_[number];
  balancer.load(balancer.loading, network_);
  const std::vector<std::function<void(Status)>> callbacks = std::exchange(balancer.loading_callbacks, {});
  balancer.reloading = false;
  if (balancer.has_pending) begin_reload(number);
  // Superseded calls hear of it here as well: their backends never counted, but nobody is left waiting.
  for (const auto& callback : callbacks) {
    if (callback) callback({});
  }
}

}  // namespace tandem::sim
