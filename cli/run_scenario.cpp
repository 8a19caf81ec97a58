#include "cli/run_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/run_manifest.hpp"
#include "core/base/digest.hpp"
#include "core/record/recording.hpp"
#include "core/record/writer.hpp"
#include "core/scenario/load.hpp"
#include "host/files.hpp"
#include "host/wall_clock.hpp"

namespace tandem::cli {

namespace {

using nlohmann::json;

/// The run is advanced in this many pieces, so that progress and Ctrl-C are looked at.
constexpr std::int64_t kSlices = 200;

record::WriterOptions writer_options(const scenario::Scenario& scenario) {
  record::WriterOptions options;
  options.seed = scenario.seed;
  for (const scenario::TrafficSpec& traffic : scenario.traffic) options.traffic.push_back({traffic.name, traffic.expect_status});
  return options;
}

/// What a simulation may take (hardening §2). Real worlds spend their time waiting and are bounded by the horizon.
class Budget {
 public:
  Budget(const InputLimits& limits, bool applies) : limits_(limits), applies_(applies), cpu_before_(host::process_cpu_seconds()) {}

  [[nodiscard]] Status check() const {
    if (!applies_) return {};
    const double cpu = host::process_cpu_seconds() - cpu_before_;
    if (cpu > limits_.run_cpu_seconds) {
      return fail(make_error(ErrorCode::BudgetExceeded, "the simulation has used up its CPU time")
                      .with_allowed(fmt::format("{} s", limits_.run_cpu_seconds))
                      .with_hint("shorten the horizon, or give it more with --cpu-limit"));
    }
    const std::int64_t memory = host::process_resident_bytes();
    if (memory > limits_.run_memory_bytes) {
      return fail(make_error(ErrorCode::BudgetExceeded, "the simulation has used up its memory")
                      .with_found(fmt::format("{} MiB", memory >> 20))
                      .with_allowed(fmt::format("{} MiB", limits_.run_memory_bytes >> 20))
                      .with_hint("lower the load or the number of pods, or give it more with --memory-limit"));
    }
    return {};
  }

 private:
  const InputLimits& limits_;
  bool applies_;
  double cpu_before_;
};

/// Runs the session to the horizon. The error that ended it early, if any; a recording that cannot be written is one.
std::optional<Error> advance_to_horizon(world::Session& session, const record::Writer& writer, SimDuration horizon, const std::string& world_name,
                                        const Budget& budget, host::ProgressLine& progress) {
  const SimTime end = kTimeZero + horizon;
  const SimDuration slice = std::max(horizon / kSlices, milliseconds(1));
  for (SimTime next = kTimeZero + slice;; next = next + slice) {
    const SimTime until = std::min(next, end);
    const Status advanced = session.advance(until);
    progress.update("running on " + world_name, static_cast<double>(until.ns) / static_cast<double>(end.ns),
                    fmt::format("{} of {}", to_string(SimDuration{until.ns}), to_string(horizon)));
    if (!advanced) return advanced.error();
    if (const Status written = writer.status(); !written) return written.error();
    if (until == end) return std::nullopt;
    if (const Status affordable = budget.check(); !affordable) return affordable.error();
  }
}

/// What the run was made from, written before it: if it dies half way, the folder still says what it was.
Status write_inputs(const RunRequest& request, const std::string& resolved, const std::string& calibration) {
  TANDEM_TRY(host::replace_file(request.folder + "/scenario.json", resolved));
  TANDEM_TRY(host::replace_file(request.folder + "/calibration.yaml", calibration));
  for (const InputFile& input : request.inputs) {
    const std::filesystem::path path = std::filesystem::path(request.folder) / kInputsFolder / input.name;
    TANDEM_TRY(host::ensure_directory(path.parent_path().string()));
    TANDEM_TRY(host::replace_file(path.string(), input.text));
  }
  return {};
}

Status write_host_facts(const RunRequest& request, const world::RunSummary& summary) {
  json host_facts;
  for (const auto& [name, value] : summary.facts) host_facts[name] = value;
  host_facts["cpus"] = host::usable_cpus();
  host_facts["wall_time_s"] = summary.wall_seconds;
  return host::replace_file(request.folder + "/host.json", host_facts.dump(2) + "\n");
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_overrides(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> overrides;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(make_error(ErrorCode::UsageBadArgument, "--set needs a path and a value").with_found(text).with_allowed("spec.seed=7"));
    }
    overrides.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return overrides;
}

Checked<LoadedScenario> load_scenario(const std::string& path, const std::vector<std::string>& overrides, std::optional<std::uint64_t> seed) {
  auto parsed = parse_overrides(overrides);
  if (!parsed) return tl::unexpected(Errors{parsed.error()});
  if (seed) parsed->emplace_back("spec.seed", std::to_string(*seed));
  scenario::Loaded loaded = scenario::load(path, {.overrides = *parsed, .limits = {}});
  if (!loaded.scenario || !loaded.errors.empty()) return tl::unexpected(std::move(loaded.errors));
  LoadedScenario result{std::move(*loaded.scenario), std::move(loaded.warnings), {}};
  for (const auto& [name, digest] : result.scenario.inputs) result.inputs.push_back({name, std::move(loaded.sources[loaded.folder + name])});
  return result;
}

std::string default_run_folder(const std::string& scenario_name, const std::string& world_name) {
  const std::string base = fmt::format("runs/{}-{}", scenario_name, world_name);
  std::string folder = base;
  for (int number = 2; host::exists(folder); ++number) folder = fmt::format("{}-{}", base, number);
  return folder;
}

Checked<RunResult> run_scenario(const RunRequest& request, world::World& world, host::ProgressLine& progress) {
  world::CapabilityReport report = world.capabilities(request.scenario);
  if (!report.errors.empty()) return tl::unexpected(std::move(report.errors));

  const bool folder_was_there = host::exists(request.folder);
  auto writer = record::Writer::create(request.folder, writer_options(request.scenario), request.overwrite);
  if (!writer) return tl::unexpected(Errors{writer.error()});

  // What the run was given belongs to its identity: the digest differs wherever an input does, also when the difference
  // (a start-up time within one probe period, say) leaves no other trace.
  const std::string resolved = scenario::resolved_json(request.scenario);
  const std::string calibration = scenario::write_calibration(request.calibration);
  (*writer)->mark({kTimeZero, "run", "scenario", sha256_hex(resolved)});
  (*writer)->mark({kTimeZero, "run", "calibration", sha256_hex(calibration)});

  world::RunContext context;
  context.sink = writer->get();
  context.interrupted = request.interrupted;
  context.calibration = request.calibration;
  context.progress = [&progress](const world::Progress& step) { progress.update(step.step, step.fraction); };

  if (const Status written = write_inputs(request, resolved, calibration); !written) return tl::unexpected(Errors{written.error()});

  const std::int64_t began = host::monotonic_ns();
  const Budget budget(request.limits, world.name() == "sim");
  auto session = world.open(request.scenario, context);
  if (!session) {
    progress.finish();
    // Nothing was run: leave no empty recording behind, but never take away a folder that was not ours.
    writer->reset();
    if (!folder_was_there) {
      std::error_code ignored;
      std::filesystem::remove_all(request.folder, ignored);
    }
    return tl::unexpected(Errors{session.error()});
  }
  RunResult result;
  result.folder = request.folder;
  result.error = advance_to_horizon(**session, **writer, request.scenario.horizon, world.name(), budget, progress);
  auto summary = (*session)->finish();
  progress.finish();
  if (summary) result.summary = std::move(*summary);
  else result.error = result.error ? std::move(*result.error).caused_by(summary.error()) : summary.error();
  result.summary.wall_seconds = static_cast<double>(host::monotonic_ns() - began) * 1e-9;
  session->reset();

  json manifest = manifest_before(request, world.name(), resolved);
  add_ending(manifest, request, result);
  if (const auto& reasons = result.summary.not_gradable) manifest["host_load"] = {{"gradable", reasons->empty()}, {"reasons", *reasons}};
  const SimTime ended_at = result.error ? result.summary.ended_at : kTimeZero + request.scenario.horizon;
  auto digest = (*writer)->finish(ended_at, std::move(manifest));
  if (!digest) return tl::unexpected(Errors{digest.error()});
  result.digest = *digest;
  if (const Status written = write_host_facts(request, result.summary); !written) return tl::unexpected(Errors{written.error()});

  const auto recording = record::Recording::open(request.folder);
  if (!recording) return tl::unexpected(Errors{recording.error()});
  result.checks = judge::evaluate_checks(request.scenario.checks, *recording, judge::RunHistory::of(*recording));
  if (const Status written = complete_manifest(request.folder, result.checks); !written) return tl::unexpected(Errors{written.error()});
  return result;
}

}  // namespace tandem::cli
