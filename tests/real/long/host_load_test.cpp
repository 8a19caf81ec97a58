// A run beside somebody else's busy loops does not count, and says so.

#include "tests/real/kill_fixture.hpp"
#include "tests/support/busy_processes.hpp"

namespace tandem::docker {
namespace {

class HostLoad : public KillTest {};

TEST_F(HostLoad, ARunBesideBusyLoopsIsNotGradable) {
  const testing::BusyProcesses busy(2);
  const std::string state = scratch_.path() + "/state";
  const std::string run = scratch_.path() + "/run";
  const auto result = run_tandem({"run", TANDEM_SOURCE_DIR "/tests/real/five-seconds", "--on", "docker", "-o", run}, state);
  EXPECT_NE(result.output.find("NOT GRADABLE"), std::string::npos) << result.output << result.errors;
  EXPECT_NE(result.output.find("real_long"), std::string::npos) << "it names the program: " << result.output;
  EXPECT_NE(host::read_file(run + "/manifest.json", 1 << 20).value_or("").find("\"gradable\": false"), std::string::npos);

  // The same run with a check that passes: it earns nothing all the same.
  std::string scenario = *host::read_file(TANDEM_SOURCE_DIR "/tests/real/five-seconds/scenario.yaml", 1 << 20);
  scenario += "  checks: [{name: it ran, metric: \"http_reqs{traffic:users}\", threshold: count>0, points: 3}]\n";
  ASSERT_TRUE(host::replace_file(scratch_.path() + "/scenario.yaml", scenario));
  ASSERT_TRUE(host::replace_file(scratch_.path() + "/web.yaml", *host::read_file(TANDEM_SOURCE_DIR "/tests/real/five-seconds/web.yaml", 1 << 20)));
  const auto checked = run_tandem({"check", run, "--scenario", scratch_.path() + "/scenario.yaml", "--json"}, state);
  EXPECT_EQ(checked.exit_code, 4) << checked.output << checked.errors;
  EXPECT_NE(checked.output.find("\"gradable\": false"), std::string::npos) << checked.output;
  EXPECT_NE(checked.output.find("\"score\": 0"), std::string::npos) << checked.output;
}

}  // namespace
}  // namespace tandem::docker
