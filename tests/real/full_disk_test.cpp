// A disk that fills up during a run: the run ends with a verdict and leaves nothing on the engine.

#include "tests/real/kill_fixture.hpp"
#include "tests/support/small_disk.hpp"

namespace tandem::docker {
namespace {

class FullDisk : public KillTest {
 protected:
  void expect_verdict(const host::ProcessResult& result, const std::string& file) {
    EXPECT_EQ(result.exit_code, 4) << result.output << result.errors;
    EXPECT_NE(result.errors.find("No space left on device"), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find(file), std::string::npos) << result.errors;
  }
  /// Objects of any run with this owner's state folder would carry its journal's id; here nobody else runs.
  std::size_t ours() {
    const auto listed = engine_->run(api::list_containers("tandem.run"));
    return listed ? listed->size() : 999;
  }
};

TEST_F(FullDisk, OfTheRecording) {
  const testing::SmallDisk disk(scratch_.path(), 64);  // room for what a run was given, not for its events
  if (!disk.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here (needs root)";
  const std::size_t before = ours();
  const auto result = run_tandem({"run", std::string(TANDEM_SOURCE_DIR) + "/tests/real/five-seconds", "--on", "docker", "-o", disk.path() + "/run"}, scratch_.path() + "/state");
  expect_verdict(result, "events.tdr");
  EXPECT_EQ(ours(), before);
  EXPECT_TRUE(host::list_directory(scratch_.path() + "/state/runs").empty()) << "the journal is closed";
}

TEST_F(FullDisk, OfTheJournal) {
  const testing::SmallDisk disk(scratch_.path(), 4);  // a journal of about fifteen lines
  if (!disk.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here (needs root)";
  const std::size_t before = ours();
  const auto result = run_tandem({"run", std::string(TANDEM_SOURCE_DIR) + "/tests/real/five-seconds", "--on", "docker", "-o", scratch_.path() + "/run"}, disk.path());
  expect_verdict(result, ".journal");
  EXPECT_EQ(ours(), before);
  EXPECT_TRUE(host::list_directory(disk.path() + "/runs").empty()) << "the journal is closed";
}

}  // namespace
}  // namespace tandem::docker
