#include "sim/sim_world.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/world/cluster_run.hpp"
#include "host/policy_process.hpp"
#include "sim/engine/simgrid_network.hpp"
#include "sim/model/cluster_model.hpp"

namespace tandem::sim {

namespace {

/// Ctrl-C is looked at after this many events.
constexpr std::uint64_t kEventsBetweenLooks = 65'536;

class SimSession final : public world::Session {
 public:
  SimSession(const scenario::Scenario& scenario, const world::RunContext& context,
             std::map<std::string, control::scheduler::ExternalPolicyPtr> policies)
      : scenario_(scenario),
        context_(context),
        model_(scenario, context.calibration),
        check_scope_(scenario.seed, [this] { return model_.engine().now(); }),
        run_({.clock = model_.engine(),
              .scenario = scenario_,
              .nodes = model_.nodes(),
              .balancers = model_.requests(),
              .traffic = model_.requests(),
              .sink = context.sink,
              .make_faults = [this](cluster::ApiServer& server) { return model_.make_fault_injector(server); },
              .policies = std::move(policies),
              .check_decisions = context.check_decisions}),
        sampler_(model_.make_sampler([this](const record::Sample& sample) { run_.sink().sample(sample); })) {}

  Status start() {
    Status balancers;
    run_.start_balancers([&balancers](const Status& status) { balancers = status; });
    TANDEM_TRY(std::move(balancers));
    return run_.start();
  }

  [[nodiscard]] SimTime now() const override { return model_.engine().now(); }

  Status advance(SimTime until) override {
    until = std::min(until, kTimeZero + scenario_.horizon);
    Engine& engine = model_.engine();
    for (std::uint64_t events = 0; engine.step(until); ++events) {
      if (events % kEventsBetweenLooks == 0 && is_interrupted()) return fail(ErrorCode::Interrupted, "the simulation was interrupted");
    }
    if (is_interrupted()) return fail(ErrorCode::Interrupted, "the simulation was interrupted");
    engine.run_until(until);
    return {};
  }

  Status inject(const scenario::TimelineAction& action) override { return run_.inject(action); }

  Result<world::RunSummary> finish() override {
    world::RunSummary summary;
    summary.ended_at = now();
    sampler_.reset();
    if (!is_interrupted()) TANDEM_TRY(run_.finish_traffic());
    summary.events = model_.engine().events_fired();
    summary.facts = {{"simgrid", simgrid_version()}, {"model", std::to_string(kModelVersion)}};
    return summary;
  }

 private:
  [[nodiscard]] bool is_interrupted() const { return context_.interrupted != nullptr && context_.interrupted->load() > 0; }

  const scenario::Scenario& scenario_;
  world::RunContext context_;
  mutable ClusterModel model_;
  CheckScope check_scope_;
  world::ClusterRun run_;
  std::unique_ptr<Sampler> sampler_;
};

}  // namespace

world::CapabilityReport SimWorld::capabilities(const scenario::Scenario& scenario) const {
  world::CapabilityReport report;
  for (const scenario::TimelineAction& action : scenario.timeline) {
    const auto* fault = std::get_if<scenario::Fault>(&action.action);
    if (fault == nullptr) continue;
    if (std::string refusal = SimFaultInjector::refusal_of(*fault); !refusal.empty()) {
      report.errors.push_back(make_error(ErrorCode::ScenarioFaultUnsupported, std::move(refusal), action.place));
    }
  }
  return report;
}

Result<std::unique_ptr<world::Session>> SimWorld::open(const scenario::Scenario& scenario, const world::RunContext& context) {
  if (needs_bulk_transfers(scenario) && !simgrid_is_free()) {
    return fail(make_error(ErrorCode::EngineCapability, "this process has already run a simulation with image pulls")
                    .with_hint("start a new process for each simulation that pulls images"));
  }
  auto policies = host::start_policies(scenario.scheduler);
  if (!policies) return tl::unexpected(std::move(policies).error());
  auto session = std::make_unique<SimSession>(scenario, context, std::move(*policies));
  TANDEM_TRY(session->start());
  return session;
}

}  // namespace tandem::sim
