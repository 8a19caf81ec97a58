// Every shipped scenario, simulated end to end: it loads, its checks pass, the same seed gives the same digest, another seed or
// a start-up time changed by 1 ms another, its recorded readiness replayed through fresh controllers gives its own sizes, and its
// scheduling decisions can be made again.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cli/run_scenario.hpp"
#include "core/judge/replay_input.hpp"
#include "core/judge/rollouts.hpp"
#include "core/judge/scheduling_replay.hpp"
#include "core/record/recording.hpp"
#include "core/world/control_plane.hpp"
#include "sim/sim_world.hpp"

namespace tandem {
namespace {

std::vector<std::string> shipped() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(TANDEM_SOURCE_DIR) + "/scenarios")) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class ShippedScenario : public ::testing::TestWithParam<std::string> {
 protected:
  ShippedScenario() : folder_(std::filesystem::temp_directory_path() / ("tandem-scenario-" + std::to_string(getpid()))) {}
  ~ShippedScenario() override { std::filesystem::remove_all(folder_); }

  cli::LoadedScenario load(std::optional<std::uint64_t> seed = std::nullopt) {
    auto loaded = cli::load_scenario(std::string(TANDEM_SOURCE_DIR) + "/scenarios/" + GetParam(), {}, seed);
    if (!loaded) {
      for (const Error& error : loaded.error()) ADD_FAILURE() << to_string(error);
      return {};
    }
    return std::move(*loaded);
  }

  cli::RunResult run(const scenario::Scenario& scenario, const std::string& name) {
    sim::SimWorld world;
    host::ProgressLine quiet(stderr, true);
    const cli::RunRequest request{.scenario = scenario,
                                  .scenario_path = GetParam(),
                                  .folder = (folder_ / name).string(),
                                  .overwrite = true,
                                  .calibration = scenario.calibration.value_or(scenario::Calibration{}),
                                  .overrides = {},
                                  .interrupted = nullptr};
    std::filesystem::create_directories(folder_);
    auto result = cli::run_scenario(request, world, quiet);
    if (!result) {
      for (const Error& error : result.error()) ADD_FAILURE() << to_string(error);
      return {};
    }
    return std::move(*result);
  }

  std::filesystem::path folder_;
};

TEST_P(ShippedScenario, PassesItsChecks) {
  const cli::LoadedScenario loaded = load();
  const cli::RunResult result = run(loaded.scenario, "run");
  EXPECT_FALSE(result.error.has_value());
  for (const judge::CheckResult& check : result.checks.results) {
    EXPECT_EQ(check.verdict, judge::Verdict::Passed) << check.name << ": " << check.seen << " " << check.hint;
  }
}

TEST_P(ShippedScenario, SameSeedSameDigestAnotherSeedAnother) {
  const std::string first = run(load().scenario, "a").digest;
  EXPECT_EQ(run(load().scenario, "b").digest, first);
  EXPECT_NE(run(load(987654321).scenario, "c").digest, first);
  scenario::Scenario slower = load().scenario;
  for (auto& [reference, image] : slower.images) image.startup += milliseconds(1);
  EXPECT_NE(run(slower, "d").digest, first);
}

TEST_P(ShippedScenario, ReplayedReadinessGivesTheRecordedSizes) {
  const cli::LoadedScenario loaded = load();
  run(loaded.scenario, "run");
  const auto recording = record::Recording::open((folder_ / "run").string());
  ASSERT_TRUE(recording.has_value());
  const auto history = judge::RunHistory::of(*recording);
  const auto replayed = judge::replay_and_compare(*recording, history, *world::delivery_profile(loaded.scenario.delivery));
  ASSERT_TRUE(replayed.has_value()) << to_string(replayed.error());
  for (const judge::ReplayComparison& comparison : *replayed) EXPECT_TRUE(comparison.same_joined) << comparison.deployment;
}

TEST_P(ShippedScenario, EverySchedulingDecisionIsMadeAgainFromTheRecording) {
  const cli::LoadedScenario loaded = load();
  run(loaded.scenario, "run");
  const auto recording = record::Recording::open((folder_ / "run").string());
  ASSERT_TRUE(recording.has_value());
  const auto test = judge::reevaluate_all(*recording, loaded.scenario.scheduler);
  ASSERT_TRUE(test.has_value()) << to_string(test.error());
  EXPECT_GT(test->decisions, 0U);
  for (const judge::DecisionMismatch& mismatch : test->mismatches) ADD_FAILURE() << recording->decisions()[mismatch.number].pod << ": " << mismatch.what.front();
}

/// A decision that the scheduler's sharing made differently would stop the run.
TEST_P(ShippedScenario, EveryDecisionIsTheOneWorkedOutFromScratch) {
  const cli::LoadedScenario loaded = load();
  world::RunContext context;
  context.calibration = loaded.scenario.calibration.value_or(scenario::Calibration{});
  context.check_decisions = 1;
  sim::SimWorld world;
  auto session = world.open(loaded.scenario, context);
  ASSERT_TRUE(session.has_value()) << to_string(session.error());
  EXPECT_TRUE((*session)->advance(kTimeZero + loaded.scenario.horizon).has_value());
  (void)(*session)->finish();
}

INSTANTIATE_TEST_SUITE_P(All, ShippedScenario, ::testing::ValuesIn(shipped()), [](const auto& parameter) {
  std::string name = parameter.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace tandem
