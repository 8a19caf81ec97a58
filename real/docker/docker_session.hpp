#pragma once
// A run in progress on a Docker engine.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/world/cluster_run.hpp"
#include "core/world/world.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/host_load.hpp"
#include "real/docker/sampler.hpp"
#include "real/docker/testbed.hpp"

namespace tandem::docker {

class DockerSession final : public world::Session {
 public:
  DockerSession(EngineAddress address, const scenario::Scenario& scenario, world::RunContext context);
  ~DockerSession() override;

  /// Everything up to and including time zero. After an error the session is good for finish() or destruction only.
  Status open();

  [[nodiscard]] SimTime now() const override;
  Status advance(SimTime until) override;
  Status inject(const scenario::TimelineAction& action) override { return run_->inject(action); }
  Result<world::RunSummary> finish() override;

 private:
  Status start_balancers();
  Status make_run();
  [[nodiscard]] bool interrupted() const { return context_.interrupted != nullptr && context_.interrupted->load() > 0; }
  [[nodiscard]] world::RunSummary summary();
  /// Why the run cannot go on: the load generator, the engine or the journal is gone.
  [[nodiscard]] std::optional<Error> failure() const;
  /// Says in the recording, and returns, why the machine was too busy.
  std::vector<std::string> judge_host();

  world::RunContext context_;
  mutable Testbed testbed_;
  std::unique_ptr<world::ClusterRun> run_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<HostLoadGuard> host_load_;
  judge::HostLoadVerdict host_verdict_;
  std::vector<std::string> not_gradable_;
  host::CpuTicks ticks_at_zero_;
  bool started_ = false;
  SimTime ended_at_;
};

}  // namespace tandem::docker
