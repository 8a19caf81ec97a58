// tandem run: one scenario in one world.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/printing.hpp"
#include "cli/run_scenario.hpp"
#include "cli/stored_run.hpp"
#include "cli/worlds.hpp"
#include "core/judge/summary.hpp"
#include "core/scenario/load.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::string scenario;
  std::string world = "sim";
  std::string output;
  std::string calibration;
  std::vector<std::string> overrides;
  std::optional<std::uint64_t> seed;
  bool force = false;
  bool events = false;
};

void print_json(const RunResult& result, const StoredRun& run) {
  nlohmann::ordered_json json;
  json["version"] = 1;
  json["folder"] = result.folder;
  json["digest"] = result.digest;
  json["wallSeconds"] = result.summary.wall_seconds;
  json["summary"] = judge::summary_json(run.recording, run.history, result.checks);
  if (result.error) json["error"] = result.error->what;
  fmt::print("{}\n", json.dump(2));
}

int run(const Options& options, const CommonOptions& common) {
  auto loaded = load_scenario(options.scenario, options.overrides, options.seed);
  if (!loaded) return report_with_source(loaded.error(), common);
  warn_with_source(loaded->warnings, common);
  const scenario::Scenario& scenario = loaded->scenario;
  auto world = make_world(options.world);
  if (!world) return report(world.error(), common);

  scenario::Calibration calibration = scenario.calibration.value_or(scenario::Calibration{});
  if (!options.calibration.empty()) {
    auto read = scenario::load_calibration(options.calibration);
    if (!read) return report_with_source(read.error(), common);
    calibration = std::move(*read);
  }
  const std::string folder = options.output.empty() ? default_run_folder(scenario.name, options.world) : options.output;
  const bool text = !common.json && !common.quiet;
  if (text) {
    auto notes = scenario.field_notes;
    const auto more = (*world)->capabilities(scenario).notes;
    notes.insert(notes.end(), more.begin(), more.end());
    fmt::print("{}\n", field_report_text(notes, common.verbose > 0));
    if (options.world == "sim") fmt::print("{}\n", calibration_text(calibration));
    std::fflush(stdout);
  }

  const InterruptCounter interrupts;
  host::ProgressLine progress(stderr, common.quiet);
  const auto overrides = parse_overrides(options.overrides);
  const RunRequest request{.scenario = scenario,
                           .scenario_path = options.scenario,
                           .folder = folder,
                           .overwrite = options.force,
                           .calibration = calibration,
                           .overrides = overrides.value_or(std::vector<std::pair<std::string, std::string>>{}),
                           .interrupted = &interrupts.count()};
  const auto result = run_scenario(request, **world, progress);
  if (!result) {
    const int exit_code = report_with_source(result.error(), common);
    return interrupts.exit_code() != 0 ? interrupts.exit_code() : exit_code;
  }
  const auto stored = open_run(folder);
  if (!stored) return report(stored.error(), common);

  if (common.json) print_json(*result, *stored);
  if (text) {
    if (options.events) fmt::print("{}\n", events_table(stored->recording));
    fmt::print("{}", judge::summary_text(stored->recording, stored->history, result->checks, {.ascii = !unicode_output()}));
    fmt::print("\n{} ({} events, {:.2f} s)\ndigest {}\nnext: tandem get events {} · tandem compare {} OTHER\n", result->folder, result->summary.events,
               result->summary.wall_seconds, result->digest, result->folder, result->folder);
  }
  if (interrupts.exit_code() != 0) return interrupts.exit_code();
  if (result->error) return report(*result->error, common);
  return result->checks.all_passed() ? kExitOk : kExitCheckFailed;
}

}  // namespace

Command run_command() {
  return {"run", "Run a scenario: simulated, or for real on a Docker engine.",
          "  tandem run scenarios/rolling-update                               simulate, built-in calibration\n"
          "  tandem run scenarios/rolling-update --on docker                   the same file for real\n"
          "  tandem run scenarios/rolling-update --seed 7 --set spec.horizon=90s  another seed, a value replaced\n"
          "  tandem run scenarios/rolling-update --calibration this-host.yaml  with this machine's figures\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("scenario", options->scenario, "scenario file or its folder")->required()->takes(Takes::Scenario);
            table.add_option("--on", options->world, "world: sim (default) or docker")->one_of({"sim", "docker"});
            table.add_option("-o,--output", options->output, "recording folder (default: runs/NAME-WORLD)")->takes(Takes::Folder);
            table.add_option("--calibration", options->calibration, "calibration file for the models")->takes(Takes::File);
            table.add_option("--set", options->overrides, "replace a value: path=value (repeatable)");
            table.add_option("--seed", options->seed, "root seed");
            table.add_flag("-f,--force", options->force, "overwrite the recording folder");
            table.add_flag("--events", options->events, "print the cluster's events too");
            return [options, &common] { return run(*options, common); };
          }};
}

}  // namespace tandem::cli
