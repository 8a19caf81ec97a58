#pragma once
// From a scenario and a world to a finished recording folder. What `run` and `demo` share.

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/judge/checks.hpp"
#include "core/scenario/scenario.hpp"
#include "core/world/world.hpp"
#include "host/terminal.hpp"

namespace tandem::cli {

/// Where a recording keeps the files it was made from.
inline constexpr std::string_view kInputsFolder = "inputs";

/// A file that a scenario was read from, by its name in the scenario's folder.
struct InputFile {
  std::string name;
  std::string text;
};

struct RunRequest {
  const scenario::Scenario& scenario;
  std::string scenario_path;                       ///< as named by the user; goes into the manifest
  std::string folder;                              ///< of the recording; created
  bool overwrite = false;
  scenario::Calibration calibration;
  std::vector<std::pair<std::string, std::string>> overrides;
  const std::atomic<int>* interrupted = nullptr;
  std::vector<InputFile> inputs = {};              ///< stored beside the recording, so that `verify` can run it again
  std::vector<std::string> command = {};           ///< the command line, for the manifest
  bool seed_given = false;                         ///< the seed is not the scenario file's own
  InputLimits limits = {};                         ///< CPU time and memory that a simulation may take
};

struct RunResult {
  std::string folder;
  std::string digest;
  world::RunSummary summary;
  judge::CheckReport checks;
  std::optional<Error> error;                      ///< why the run ended early (interrupted, engine lost), if it did
};

/// Runs, records, evaluates the checks, writes manifest.json, scenario.json (resolved, digested), calibration.yaml, inputs/ and
/// host.json (side file, not digested). Errors: those found before anything was created.
Checked<RunResult> run_scenario(const RunRequest& request, world::World& world, host::ProgressLine& progress);

/// "runs/rolling-update-sim", or with "-2", "-3" … if that exists.
std::string default_run_folder(const std::string& scenario_name, const std::string& world_name);

/// A scenario that worked so far: loaded, with warnings printed; or errors.
struct LoadedScenario {
  scenario::Scenario scenario;
  Errors warnings;
  std::vector<InputFile> inputs;
};
Checked<LoadedScenario> load_scenario(const std::string& path, const std::vector<std::string>& overrides,
                                      std::optional<std::uint64_t> seed);
/// "a.b=1" → ("a.b", "1"). Errors: UsageBadArgument.
Result<std::vector<std::pair<std::string, std::string>>> parse_overrides(const std::vector<std::string>& texts);

}  // namespace tandem::cli
