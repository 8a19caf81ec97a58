// tandem demo: the main job on a shipped scenario. Simulate, run on Docker where an engine answers, compare.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/printing.hpp"
#include "cli/run_scenario.hpp"
#include "cli/stored_run.hpp"
#include "cli/worlds.hpp"
#include "core/judge/compare.hpp"
#include "core/judge/replay_input.hpp"
#include "core/judge/summary.hpp"
#include "core/scenario/load.hpp"
#include "core/world/control_plane.hpp"
#include "host/files.hpp"
#include "real/calibrate/calibrate.hpp"
#include "real/docker/engine_client.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::string scenario;
  std::string folder = "runs/demo";
  bool no_docker = false;
};

/// Text for people: with --json there is none, only the one document at the end.
class Talk {
 public:
  explicit Talk(const CommonOptions& common) : silent_(common.json) {}
  void headline(const std::string& text) const { say(fmt::format("\n==> {}\n\n", text)); }
  void say(const std::string& text) const {
    if (silent_) return;
    fmt::print("{}", text);
    std::fflush(stdout);
  }

 private:
  bool silent_;
};

/// Where the shipped scenario is: in the working directory, or beside the source tree that this binary was built in.
std::string shipped_scenario() {
  const std::string name = "scenarios/rolling-update";
  if (host::exists(name)) return name;
  return host::program_directory() + "/../../../" + name;
}

std::optional<Error> engine_missing() {
  const auto address = docker::EngineAddress::from_environment();
  if (!address) return address.error();
  docker::EngineClient engine(*address, nullptr);
  const auto info = engine.connect();
  if (!info) return info.error();
  return std::nullopt;
}

struct Played {
  int exit_code = kExitOk;
  std::optional<StoredRun> run;
  nlohmann::ordered_json json;
};

Played play(const Options& options, const LoadedScenario& loaded, const scenario::Calibration& calibration, const std::string& world_name,
            const InterruptCounter& interrupts, const CommonOptions& common) {
  Played played;
  auto world = make_world(world_name);
  host::ProgressLine progress(stderr, common.quiet);
  const RunRequest request{.scenario = loaded.scenario,
                           .scenario_path = options.scenario,
                           .folder = options.folder + "/" + world_name,
                           .overwrite = true,
                           .calibration = calibration,
                           .overrides = {},
                           .interrupted = &interrupts.count(),
                           .inputs = loaded.inputs,
                           .command = common.command};
  const auto result = run_scenario(request, **world, progress);
  if (!result) {
    played.exit_code = report_with_source(result.error(), common);
    return played;
  }
  auto stored = open_run(result->folder);
  if (!stored) {
    played.exit_code = report(stored.error(), common);
    return played;
  }
  Talk(common).say(fmt::format("{}\n{}\nwall time {:.2f} s, digest {}\n", events_table(stored->recording),
                               judge::summary_text(stored->recording, stored->history, result->checks, {.ascii = !unicode_output()}), result->summary.wall_seconds,
                               result->digest));
  played.json = run_json(*result, *stored);
  if (result->error) played.exit_code = common.json ? exit_code_of(result->error->code) : report(*result->error, common);
  else if (!result->checks.all_passed()) played.exit_code = kExitCheckFailed;
  played.run.emplace(std::move(*stored));
  return played;
}

void print_replay(const StoredRun& run, const std::string& world, const Talk& talk) {
  const auto replayed = judge::replay_and_compare(run.recording, run.history, *tandem::world::delivery_profile(run.delivery));
  if (!replayed) {
    talk.say(fmt::format("  {:<8} could not be replayed: {}\n", world, replayed.error().what));
    return;
  }
  for (const judge::ReplayComparison& comparison : *replayed) {
    talk.say(fmt::format("  {:<8} deployment/{}: recorded readiness gives {}\n", world, comparison.deployment,
                         comparison.same_joined ? "the recorded ReplicaSet sizes" : "OTHER ReplicaSet sizes"));
  }
}

int demo(Options options, const CommonOptions& common) {
  if (options.scenario.empty()) options.scenario = shipped_scenario();
  auto loaded = load_scenario(options.scenario, {}, std::nullopt);
  if (!loaded) return report_with_source(loaded.error(), common);
  warn_with_source(loaded->warnings, common);
  const scenario::Scenario& scenario = loaded->scenario;
  const InterruptCounter interrupts;

  const Talk talk(common);
  nlohmann::ordered_json json = {{"version", 1}, {"scenario", scenario.name}};
  const auto end = [&](int exit_code) {
    if (common.json) fmt::print("{}\n", json.dump(2));
    return exit_code;
  };
  talk.headline(fmt::format("{}: {}", scenario.name, scenario.title));
  talk.say(field_report_text(scenario.field_notes, false));

  const std::optional<Error> no_engine = options.no_docker ? std::optional(make_error(ErrorCode::EngineUnavailable, "--no-docker was given")) : engine_missing();
  scenario::Calibration calibration = scenario.calibration.value_or(scenario::Calibration{});
  if (!no_engine) {
    talk.headline("calibrating the models to this machine");
    host::ProgressLine progress(stderr, common.quiet);
    auto measured = tandem::calibrate::calibrate_docker(
        {.progress = [&](const world::Progress& step) { progress.update(step.step, step.fraction); }, .interrupted = &interrupts.count()});
    progress.finish();
    if (interrupts.exit_code() != 0) return interrupts.exit_code();
    if (!measured) return report(measured.error(), common);
    calibration = std::move(*measured);
  }
  talk.say(calibration_text(calibration));

  talk.headline("the simulation");
  const Played simulated = play(options, *loaded, calibration, "sim", interrupts, common);
  if (!simulated.run) return simulated.exit_code;
  json["sim"] = simulated.json;
  if (no_engine) {
    json["dockerReason"] = no_engine->what;
    talk.headline("no Docker run");
    talk.say(fmt::format("{}\nThe simulation above used {}. Start a Docker engine and run the demo again to see both sides.\n", to_string(*no_engine), calibration.provenance));
    return end(simulated.exit_code);
  }
  if (interrupts.exit_code() != 0) return interrupts.exit_code();

  talk.headline("the same file on Docker, in real time");
  const Played real = play(options, *loaded, calibration, "docker", interrupts, common);
  if (interrupts.exit_code() != 0) return interrupts.exit_code();
  if (!real.run) return real.exit_code;
  json["docker"] = real.json;

  talk.headline("how far apart, and why");
  const judge::Comparison comparison = judge::compare(simulated.run->recording, real.run->recording);
  json["comparison"] = judge::to_json(comparison);
  talk.say(judge::to_text(comparison) + "\nREPLAY\n");
  print_replay(*simulated.run, "sim", talk);
  print_replay(*real.run, "docker", talk);
  talk.say(fmt::format("\nrecordings: {0}/sim and {0}/docker\nnext: tandem get pods {0}/docker --at 22s · tandem compare {0}/sim {0}/docker\n", options.folder));
  return end(std::max(simulated.exit_code, real.exit_code));
}

}  // namespace

Command demo_command() {
  return {"demo", "Simulate a shipped scenario, run it on Docker where an engine answers, compare.",
          "  tandem demo                  simulation, Docker run, comparison\n"
          "  tandem demo --no-docker      the simulation only\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("scenario", options->scenario, "another scenario than the shipped one")->takes(Takes::Scenario);
            table.add_option("-o,--output", options->folder, "folder of the recordings")->takes(Takes::Folder);
            table.add_flag("--no-docker", options->no_docker, "leave the Docker run out");
            return [options, &common] { return demo(*options, common); };
          }};
}

}  // namespace tandem::cli
