// One simulation, one line: the digest. What the determinism matrix runs, built once for every compiler and optimisation.
//
//   determinism-simulate SCENARIO [--canary pointer-order|hash-order|startup]
//
// The canaries break determinism on purpose, to show that the matrix would notice: see canary.hpp.

#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#include "cli/run_scenario.hpp"
#include "host/files.hpp"
#include "sim/sim_world.hpp"
#include "tests/determinism/canary.hpp"

namespace {

using namespace tandem;

int print_errors(const Errors& errors) {
  for (const Error& error : errors) fmt::print(stderr, "{}\n", to_string(error));
  return errors.empty() ? 5 : exit_code_of(errors.front().code);
}

int simulate(const std::string& path, std::string_view canary) {
  auto loaded = cli::load_scenario(path, {}, std::nullopt);
  if (!loaded) return print_errors(loaded.error());
  if (!determinism::set_canary(canary, loaded->scenario)) {
    fmt::print(stderr, "there is no canary {}\n", canary);
    return 2;
  }
  const auto folder = host::ScratchDirectory::create("determinism");
  if (!folder) return print_errors({folder.error()});
  sim::SimWorld world;
  host::ProgressLine quiet(stderr, true);
  const cli::RunRequest request{.scenario = loaded->scenario,
                                .scenario_path = path,
                                .folder = folder->path() + "/run",
                                .overwrite = true,
                                .calibration = loaded->scenario.calibration.value_or(scenario::Calibration{}),
                                .overrides = {},
                                .interrupted = nullptr};
  const auto result = cli::run_scenario(request, world, quiet);
  if (!result) return print_errors(result.error());
  fmt::print("{}\n", result->digest);
  return result->error ? print_errors({*result->error}) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool with_canary = argc == 4 && std::string_view(argv[2]) == "--canary";
  if (argc != 2 && !with_canary) {
    fmt::print(stderr, "usage: determinism-simulate SCENARIO [--canary NAME]\n");
    return 2;
  }
  return simulate(argv[1], with_canary ? argv[3] : "");
}
