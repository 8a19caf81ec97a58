#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/limits.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::scenario {

/// What loading yields: a Scenario, or every error of every file; warnings either way.
struct Loaded {
  std::optional<Scenario> scenario;
  Errors errors;                               ///< in reading order, at most limits.errors
  Errors warnings;
  std::map<std::string, std::string> sources;  ///< text of every file read, by its name in Place::file; for render()
  std::string folder;                          ///< what those names begin with: the scenario's folder and a slash, or nothing
};

struct LoadOptions {
  std::vector<std::pair<std::string, std::string>> overrides;  ///< --set spec.seed=7: path, YAML text
  InputLimits limits;
};

/// Reads scenario, manifests, kind configuration and calibration from the folder of `path` (a scenario.yaml or its folder).
/// Never throws, never stops at the first error. Places in errors and warnings name files as the caller can open them;
/// places inside the Scenario name them relative to its folder.
Loaded load(const std::string& path, const LoadOptions& options = {});

/// Every error, then every warning, each with its source line and a caret. Empty if there is none.
std::string render(const Loaded& loaded);

/// Reads a calibration file on its own. `write_calibration` gives the text that reads back equal.
Checked<Calibration> load_calibration(const std::string& path);
std::string write_calibration(const Calibration& calibration);

/// A calibration as JSON text, as it stands in the resolved scenario.
std::string calibration_json(const Calibration& calibration);

/// The resolved scenario as JSON text (sorted keys, indented, ends with a newline): what `run` stores beside a recording and
/// digests. It holds what the scenario means (defaults filled in, objects complete), not how or where it was written.
std::string resolved_json(const Scenario& scenario);

}  // namespace tandem::scenario
