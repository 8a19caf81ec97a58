// tandem run: observers change nothing (hardening D13), budgets hold (hardening §2).

#include "tests/cli/command.hpp"

namespace tandem::cli_test {
namespace {

class Run : public CommandTest {};

TEST_F(Run, WhateverIsShownTheDigestIsTheSame) {
  const std::vector<std::vector<std::string>> ways = {{}, {"-q"}, {"-v", "-v"}, {"--json"}, {"--events"}, {"--no-color", "--events", "-v"}};
  std::string first;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const fs::path run = folder_ / std::to_string(i);
    std::vector<std::string> arguments{"run", kScenario, "-o", run.string()};
    arguments.insert(arguments.end(), ways[i].begin(), ways[i].end());
    const host::ProcessResult done = tandem(arguments);
    ASSERT_EQ(done.exit_code, 0) << done.errors;
    const std::string digest = read_json(run / "manifest.json").value("digest", "");
    ASSERT_EQ(digest.size(), 64U);
    if (first.empty()) first = digest;
    EXPECT_EQ(digest, first) << "way " << i;
  }
}

TEST_F(Run, StopsWhenItsCpuTimeIsUsedUp) {
  const host::ProcessResult done = tandem({"run", kScenario, "-q", "-o", (folder_ / "run").string(), "--cpu-limit", "1ns"});
  EXPECT_EQ(done.exit_code, 124);
  EXPECT_NE(done.errors.find("CPU time"), std::string::npos) << done.errors;
  EXPECT_EQ(read_json(folder_ / "run/manifest.json")["result"]["status"], "failed");
}

TEST_F(Run, StopsWhenItsMemoryIsUsedUp) {
  const host::ProcessResult done = tandem({"run", kScenario, "-q", "-o", (folder_ / "run").string(), "--memory-limit", "1Mi"});
  EXPECT_EQ(done.exit_code, 124);
  EXPECT_NE(done.errors.find("memory"), std::string::npos) << done.errors;
}

TEST_F(Run, SetIsRepeatableAndLeavesTheScenarioAlone) {
  const host::ProcessResult done = tandem({"run", "--set", "spec.seed=7", "--set", "spec.horizon=61s", kScenario, "-q", "-o", (folder_ / "run").string()});
  EXPECT_EQ(done.exit_code, 0) << done.errors;
  EXPECT_EQ(read_json(folder_ / "run/manifest.json")["overrides"], (nlohmann::json{"spec.seed=7", "spec.horizon=61s"}));
}

}  // namespace
}  // namespace tandem::cli_test
