#pragma once

#include <memory>
#include <string>

#include "core/world/world.hpp"

namespace tandem::sim {

/// Raised with every change that makes the same scenario and seed give another digest (hardening D14); CHANGELOG.md says why.
inline constexpr int kModelVersion = 1;

/// The simulated world: Tandem's control plane on virtual time above models of nodes, balancers and clients. Same scenario,
/// seed and calibration give the same recording, byte for byte.
class SimWorld final : public world::World {
 public:
  [[nodiscard]] std::string name() const override { return "sim"; }
  [[nodiscard]] world::CapabilityReport capabilities(const scenario::Scenario& scenario) const override;
  /// `scenario` and what the context refers to outlive the session. Errors: EngineCapability when the scenario pulls images
  /// and this process has had a simulation with bulk transfers before (SimGrid allows one).
  Result<std::unique_ptr<world::Session>> open(const scenario::Scenario& scenario, const world::RunContext& context) override;
};

}  // namespace tandem::sim
