#include "cli/run_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

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

json manifest_of(const RunRequest& request, const std::string& world, const std::string& resolved) {
  json manifest;
  manifest["schema"] = 1;
  manifest["tool"] = {{"name", "tandem"}, {"version", "0.1.0"}};
  manifest["mode"] = world;
  manifest["scenario"] = {{"name", request.scenario.name},
                          {"path", request.scenario_path},
                          {"sha256_raw", request.scenario.inputs.empty() ? "" : request.scenario.inputs.front().second},
                          {"sha256_resolved", sha256_hex(resolved)}};
  manifest["overrides"] = json::array();
  for (const auto& [path, text] : request.overrides) manifest["overrides"].push_back(path + "=" + text);
  manifest["seed"] = {{"value", request.scenario.seed}, {"role", "public"}};
  manifest["inputs"] = json::array();
  for (const auto& [path, digest] : request.scenario.inputs) manifest["inputs"].push_back({{"path", path}, {"sha256", digest}});
  manifest["calibration"] = {{"name", request.calibration.name}, {"provenance", request.calibration.provenance}};
  return manifest;
}

record::WriterOptions writer_options(const scenario::Scenario& scenario) {
  record::WriterOptions options;
  options.seed = scenario.seed;
  for (const scenario::TrafficSpec& traffic : scenario.traffic) options.traffic.push_back({traffic.name, traffic.expect_status});
  return options;
}

/// Runs the session to the horizon. The error that ended it early, if any; a recording that cannot be written is one.
std::optional<Error> advance_to_horizon(world::Session& session, const record::Writer& writer, SimDuration horizon, const std::string& world_name,
                                        host::ProgressLine& progress) {
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
  }
}

Status write_side_files(const RunRequest& request, const std::string& resolved, const world::RunSummary& summary) {
  TANDEM_TRY(host::replace_file(request.folder + "/scenario.json", resolved));
  TANDEM_TRY(host::replace_file(request.folder + "/calibration.yaml", scenario::write_calibration(request.calibration)));
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
  return LoadedScenario{std::move(*loaded.scenario), std::move(loaded.warnings)};
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

  const std::int64_t began = host::monotonic_ns();
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
  result.error = advance_to_horizon(**session, **writer, request.scenario.horizon, world.name(), progress);
  auto summary = (*session)->finish();
  progress.finish();
  if (summary) result.summary = std::move(*summary);
  else result.error = result.error ? std::move(*result.error).caused_by(summary.error()) : summary.error();
  result.summary.wall_seconds = static_cast<double>(host::monotonic_ns() - began) * 1e-9;
  session->reset();

  json manifest = manifest_of(request, world.name(), resolved);
  manifest["wall_time_s"] = result.summary.wall_seconds;
  manifest["result"] = {{"status", !result.error                                      ? "completed"
                                   : result.error->code == ErrorCode::Interrupted ? "interrupted"
                                                                                      : "failed"}};
  if (result.error) manifest["result"]["reason"] = result.error->what;
  if (const auto& reasons = result.summary.not_gradable) manifest["host_load"] = {{"gradable", reasons->empty()}, {"reasons", *reasons}};
  const SimTime ended_at = result.error ? result.summary.ended_at : kTimeZero + request.scenario.horizon;
  auto digest = (*writer)->finish(ended_at, std::move(manifest));
  if (!digest) return tl::unexpected(Errors{digest.error()});
  result.digest = *digest;
  if (const Status written = write_side_files(request, resolved, result.summary); !written) return tl::unexpected(Errors{written.error()});

  const auto recording = record::Recording::open(request.folder);
  if (!recording) return tl::unexpected(Errors{recording.error()});
  result.checks = judge::evaluate_checks(request.scenario.checks, *recording, judge::RunHistory::of(*recording));
  return result;
}

}  // namespace tandem::cli
