#pragma once
// A run in progress on a Docker engine.

#include <memory>
#include <optional>
#include <string>

#include "core/world/cluster_run.hpp"
#include "core/world/world.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/engine_client.hpp"
#include "real/docker/images.hpp"
#include "real/docker/load_driver.hpp"
#include "real/docker/nginx_balancer.hpp"
#include "real/docker/node_runtime.hpp"
#include "real/docker/node_slices.hpp"
#include "real/docker/run_resources.hpp"
#include "real/docker/sampler.hpp"
#include "real/docker/subnets.hpp"
#include "real/engine/event_loop.hpp"

namespace tandem::docker {

class DockerSession final : public world::Session {
 public:
  DockerSession(EngineAddress address, scenario::Scenario scenario, world::RunContext context);
  /// Destroys what is left, should finish() not have been called.
  ~DockerSession() override;

  /// Everything up to and including time zero. After an error the session is good for finish() or destruction only.
  Status open();

  [[nodiscard]] SimTime now() const override;
  Status advance(SimTime until) override;
  Status inject(const scenario::TimelineAction& action) override { return run_->inject(action); }
  Result<world::RunSummary> finish() override;

 private:
  Status take_engine();
  Status make_images();
  Status make_network();
  Status make_parts();
  Status start_balancers();
  void report(const std::string& step, double fraction = -1) const;
  [[nodiscard]] bool interrupted() const { return context_.interrupted != nullptr && context_.interrupted->load() > 0; }
  [[nodiscard]] world::RunSummary summary() const;
  void warn_if_overloaded();
  Status destroy();

  scenario::Scenario scenario_;      ///< the given one, with the subnet that was free
  world::RunContext context_;
  real::EventLoop loop_;
  EngineClient engine_;
  EngineInfo engine_info_;
  std::optional<EngineLock> lock_;
  std::unique_ptr<RunResources> resources_;
  NodeSlices slices_;
  std::optional<SubnetPlan> subnet_;
  std::string network_;
  std::string workload_image_;
  std::string generator_image_;
  std::string nginx_image_;
  std::unique_ptr<DockerNodeRuntime> nodes_;
  std::unique_ptr<NginxBalancer> balancers_;
  std::unique_ptr<DockerTrafficDriver> traffic_;
  std::unique_ptr<world::ClusterRun> run_;
  std::unique_ptr<Sampler> sampler_;
  host::CpuTicks ticks_at_zero_;
  bool started_ = false;
  bool finished_ = false;
  SimTime ended_at_;
};

}  // namespace tandem::docker
