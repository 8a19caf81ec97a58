// A disk that fills up during a simulation: a verdict, and a recording that says how far it came.

#include <gtest/gtest.h>

#include "cli/run_scenario.hpp"
#include "core/record/recording.hpp"
#include "host/files.hpp"
#include "sim/sim_world.hpp"
#include "tests/support/small_disk.hpp"

namespace tandem {
namespace {

TEST(FullDisk, EndsASimulationWithAVerdict) {
  const host::ScratchDirectory scratch = std::move(*host::ScratchDirectory::create("full-disk"));
  const testing::SmallDisk disk(scratch.path(), 256);
  if (!disk.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here (needs root)";
  const auto loaded = cli::load_scenario(TANDEM_SOURCE_DIR "/scenarios/rolling-update", {}, std::nullopt);
  ASSERT_TRUE(loaded);
  sim::SimWorld world;
  host::ProgressLine quiet(stderr, true);
  const cli::RunRequest request{.scenario = loaded->scenario,
                                .scenario_path = "rolling-update",
                                .folder = disk.path() + "/run",
                                .overwrite = false,
                                .calibration = {},
                                .overrides = {},
                                .interrupted = nullptr};
  const auto result = cli::run_scenario(request, world, quiet);
  ASSERT_FALSE(result);
  const Error& error = result.error().front();
  EXPECT_EQ(error.code, ErrorCode::FileWriteFailed);
  EXPECT_EQ(exit_code_of(error.code), 4);
  EXPECT_NE(error.what.find("No space left on device"), std::string::npos) << error.what;

  const auto recording = record::Recording::open(request.folder);
  ASSERT_TRUE(recording) << to_string(recording.error());
  EXPECT_FALSE(recording->complete());
  EXPECT_GT(recording->ended_at(), kTimeZero) << "what fitted can be read";
}

}  // namespace
}  // namespace tandem
