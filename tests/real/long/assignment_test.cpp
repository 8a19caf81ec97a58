// The scheduling assignment in containers, as shipped: a minute each. Placements, order and message are those of expected/placements.txt.

#include <filesystem>

#include "cli/run_scenario.hpp"
#include "real/docker/docker_world.hpp"
#include "tests/real/engine_fixture.hpp"
#include "tests/support/expected_placements.hpp"

namespace tandem::docker {
namespace {

class AssignmentOnDocker : public EngineTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(AssignmentOnDocker, ComesOutAsInItsReadme) {
  const std::filesystem::path source = std::filesystem::path(TANDEM_SOURCE_DIR) / "scenarios" / GetParam();
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("tandem-assignment-" + std::to_string(getpid()));
  const auto loaded = cli::load_scenario(source.string(), {}, std::nullopt);
  ASSERT_TRUE(loaded.has_value());
  DockerWorld world;
  host::ProgressLine quiet(stderr, true);
  const cli::RunRequest request{.scenario = loaded->scenario,
                                .scenario_path = GetParam(),
                                .folder = folder.string(),
                                .overwrite = true,
                                .calibration = {},
                                .overrides = {},
                                .interrupted = nullptr};
  const auto result = cli::run_scenario(request, world, quiet);
  ASSERT_TRUE(result.has_value());
  EXPECT_FALSE(result->error.has_value());
  for (const judge::CheckResult& check : result->checks.results) EXPECT_EQ(check.verdict, judge::Verdict::Passed) << check.name << ": " << check.seen;
  const auto recording = record::Recording::open(request.folder);
  ASSERT_TRUE(recording.has_value());
  testing::expect_placements(testing::read_expected_placements((source / "expected/placements.txt").string()), *recording);
  EXPECT_EQ(our_containers(), 0U);
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Both, AssignmentOnDocker, ::testing::Values("scheduling-assignment", "scheduling-assignment-toleration"),
                         [](const auto& parameter) { return std::string(parameter.param).ends_with("toleration") ? "WithToleration" : "Plain"; });

}  // namespace
}  // namespace tandem::docker
