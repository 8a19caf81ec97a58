#pragma once

#include "core/world/world.hpp"
#include "real/docker/engine_api.hpp"

namespace tandem::docker {

/// What a scenario gets on this engine: notes for the field report, and errors where it cannot run. Creates nothing.
world::CapabilityReport docker_capabilities(const scenario::Scenario& scenario, const EngineInfo& engine, bool local_engine);

}  // namespace tandem::docker
