// tandem run: one scenario in one world.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/printing.hpp"
#include "cli/run_scenario.hpp"
#include "cli/stored_run.hpp"
#include "cli/worlds.hpp"
#include "core/base/parse.hpp"
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
  std::string cpu_limit;
  std::string memory_limit;
  bool force = false;
  bool events = false;
};

Result<InputLimits> limits_of(const Options& options) {
  InputLimits limits;
  if (!options.cpu_limit.empty()) {
    const auto cpu = parse_duration(options.cpu_limit);
    if (!cpu) return tl::unexpected(cpu.error());
    limits.run_cpu_seconds = to_seconds(*cpu);
  }
  if (!options.memory_limit.empty()) {
    const auto memory = parse_bytes(options.memory_limit);
    if (!memory) return tl::unexpected(memory.error());
    limits.run_memory_bytes = *memory;
  }
  return limits;
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

  const auto limits = limits_of(options);
  if (!limits) return report(limits.error(), common);
  const InterruptCounter interrupts;
  host::ProgressLine progress(stderr, common.quiet);
  const auto overrides = parse_overrides(options.overrides);
  const RunRequest request{.scenario = scenario,
                           .scenario_path = options.scenario,
                           .folder = folder,
                           .overwrite = options.force,
                           .calibration = calibration,
                           .overrides = overrides.value_or(std::vector<std::pair<std::string, std::string>>{}),
                           .interrupted = &interrupts.count(),
                           .inputs = std::move(loaded->inputs),
                           .command = common.command,
                           .seed_given = options.seed.has_value(),
                           .limits = *limits};
  const auto result = run_scenario(request, **world, progress);
  if (!result) {
    const int exit_code = report_with_source(result.error(), common);
    return interrupts.exit_code() != 0 ? interrupts.exit_code() : exit_code;
  }
  const auto stored = open_run(folder);
  if (!stored) return report(stored.error(), common);

  if (common.json) {
    nlohmann::ordered_json json = {{"version", 1}};
    json.update(run_json(*result, *stored));
    fmt::print("{}\n", json.dump(2));
  }
  if (text) {
    if (options.events) fmt::print("{}\n", events_table(stored->recording));
    fmt::print("{}", judge::summary_text(stored->recording, stored->history, result->checks, {.ascii = !unicode_output()}));
    fmt::print("\n{} ({} events, {:.2f} s)\ndigest {}\nnext: tandem get events {} · tandem compare {} OTHER\n", result->folder, result->summary.events,
               result->summary.wall_seconds, result->digest, result->folder, result->folder);
  }
  if (interrupts.exit_code() != 0) return interrupts.exit_code();
  if (result->error) return common.json ? exit_code_of(result->error->code) : report(*result->error, common);
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
            table.add_option("--cpu-limit", options->cpu_limit, "CPU time a simulation may take (default: 60s)")->takes(Takes::Time);
            table.add_option("--memory-limit", options->memory_limit, "memory a simulation may take (default: 2Gi)");
            table.add_flag("-f,--force", options->force, "overwrite the recording folder");
            table.add_flag("--events", options->events, "print the cluster's events too");
            return [options, &common] { return run(*options, common); };
          }};
}

}  // namespace tandem::cli
