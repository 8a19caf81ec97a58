#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/scenario/scenario.hpp"

namespace tandem::scenario {

/// What loading yields: a Scenario, or every error of every file; warnings either way.
struct Loaded {
  std::optional<Scenario> scenario;
  Errors errors;
  Errors warnings;
};

struct LoadOptions {
  std::vector<std::pair<std::string, std::string>> overrides;  ///< --set spec.seed=7: path, YAML text
};

/// Reads scenario, manifests, kind configuration and calibration from the folder of `path` (a scenario.yaml or its folder).
/// Never throws, never stops at the first error.
Loaded load(const std::string& path, const LoadOptions& options = {});

/// Reads a calibration file on its own. `write_calibration` gives the text that reads back equal.
Checked<Calibration> load_calibration(const std::string& path);
std::string write_calibration(const Calibration& calibration);

/// The resolved scenario as JSON text (sorted keys): what `run` stores beside a recording and digests.
std::string resolved_json(const Scenario& scenario);

}  // namespace tandem::scenario
