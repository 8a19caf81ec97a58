#pragma once

#include <memory>
#include <string>

#include "core/world/world.hpp"

namespace tandem::docker {

/// The Docker world: Tandem's control plane on wall-clock time above containers of one engine (DOCKER_HOST, or the default
/// socket). Pods are containers of the workload image, balancers are nginx, requests come from the load generator.
class DockerWorld final : public world::World {
 public:
  [[nodiscard]] std::string name() const override { return "docker"; }
  /// Asks the engine what it can do; creates nothing. Errors in the report: EngineUnavailable, EngineTooOld,
  /// ScenarioFaultUnsupported, ValueNotAllowed (a balancer product), EngineCapability.
  [[nodiscard]] world::CapabilityReport capabilities(const scenario::Scenario& scenario) const override;
  /// Recovers what dead runs left, makes missing images, then network, load generator and balancers; time zero is when it
  /// returns. After an error nothing is left. Errors: Interrupted, EngineImageBuildFailed, engine errors.
  Result<std::unique_ptr<world::Session>> open(const scenario::Scenario& scenario, const world::RunContext& context) override;
};

}  // namespace tandem::docker
