#pragma once
// Measures what the models need to know of this machine (design §7), with the very components a Docker run uses.

#include <atomic>
#include <functional>

#include "core/base/result.hpp"
#include "core/scenario/scenario.hpp"
#include "core/world/world.hpp"

namespace tandem::calibrate {

struct DockerCalibrationOptions {
  std::function<void(const world::Progress&)> progress;  ///< may be empty
  const std::atomic<int>* interrupted = nullptr;         ///< count of Ctrl-C so far; may be null
};

/// About a minute on an idle machine. What is measured, and how the figures add up, is in README.md beside this file.
/// Leaves nothing behind, images excepted. Errors: Interrupted, EngineUnavailable and other engine errors.
Result<scenario::Calibration> calibrate_docker(const DockerCalibrationOptions& options);

}  // namespace tandem::calibrate
