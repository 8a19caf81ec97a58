#pragma once

#include <memory>
#include <string>

#include "core/world/world.hpp"

namespace tandem::cli {

/// The world that `--on NAME` names. Errors: UsageBadArgument with the nearest name.
Result<std::unique_ptr<world::World>> make_world(const std::string& name);

}  // namespace tandem::cli
