#pragma once
// Measures what the models need to know of this machine (design §7), in about a minute.
// (Helper J: this is the signature cli/ compiles against; implement it in calibrate.cpp here, change it only if needed.)

#include <atomic>
#include <functional>

#include "core/base/result.hpp"
#include "core/scenario/scenario.hpp"
#include "core/world/world.hpp"

namespace tandem::calibrate {

struct Options {
  std::function<void(const world::Progress&)> progress;  ///< may be empty
  const std::atomic<int>* interrupted = nullptr;
};

/// Container create, start and stop, probe, round trip, proxy and application cost per request, client overhead, CPU speed and
/// balancer reload on the engine of DOCKER_HOST, each with spread and number of samples. Leaves nothing behind.
/// Errors: EngineUnavailable and other engine errors, Interrupted.
Result<scenario::Calibration> calibrate_docker(const Options& options);

}  // namespace tandem::calibrate
