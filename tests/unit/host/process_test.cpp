// Other programs under control: output, exit codes, time-outs that reach grandchildren.

#include "host/process.hpp"

#include <gtest/gtest.h>

#include "host/files.hpp"
#include "host/wall_clock.hpp"

namespace tandem::host {
namespace {

ProcessOptions shell(const std::string& script) {
  ProcessOptions options;
  options.command = {"sh", "-c", script};
  return options;
}

TEST(Process, ReportsBothStreamsAndTheExitCode) {
  const auto result = run_process(shell("echo out; echo err >&2; exit 7"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "out\n");
  EXPECT_EQ(result->errors, "err\n");
  EXPECT_EQ(result->exit_code, 7);
}

TEST(Process, GivesInputAndEnvironment) {
  ProcessOptions options = shell("cat; printf %s \"$TANDEM_TEST_VALUE\"");
  options.input = "typed ";
  options.environment = {"TANDEM_TEST_VALUE=set"};
  EXPECT_EQ(run_process(options)->output, "typed set");
}

TEST(Process, SurvivesAChildThatDoesNotReadItsInput) {
  ProcessOptions options = shell("exit 0");
  options.input = std::string(1 << 20, 'x');
  const auto result = run_process(options);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 0);
}

TEST(Process, KeepsOnlyAsMuchOutputAsAllowedButReadsTheRest) {
  ProcessOptions options = shell("head -c 3000000 /dev/zero | tr '\\0' x; exit 3");
  options.output_limit = 1000;
  const auto result = run_process(options);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output.size(), 1000U);
  EXPECT_EQ(result->exit_code, 3);
}

TEST(Process, ATimeOutEndsTheWholeGroup) {
  // The grandchild would keep the pipe open for a minute if only the shell were killed.
  ProcessOptions options = shell("sleep 60 & sleep 60");
  options.timeout = milliseconds(200);
  const std::int64_t begin = monotonic_ns();
  const auto result = run_process(options);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
  EXPECT_LT(monotonic_ns() - begin, 20'000'000'000);
  EXPECT_EQ(run_checked(options).error().code, ErrorCode::ProcessFailed);
}

TEST(Process, OneThatIgnoresTheSignalIsKilled) {
  ProcessOptions options = shell("trap '' TERM; while :; do sleep 1; done");
  options.timeout = milliseconds(200);
  const auto result = run_process(options);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 128 + 9);
}

TEST(Process, CanBeCancelled) {
  ProcessOptions options = shell("sleep 60");
  options.cancelled = [] { return true; };
  EXPECT_EQ(run_checked(options).error().code, ErrorCode::Interrupted);
}

TEST(Process, AMissingProgramIsAnError) {
  ProcessOptions options;
  options.command = {"no-such-program-of-tandem"};
  EXPECT_EQ(run_process(options).error().code, ErrorCode::ProcessFailed);
  EXPECT_EQ(find_program("no-such-program-of-tandem"), "");
  EXPECT_NE(find_program("sh"), "");
}

TEST(Process, AFailureQuotesTheErrorOutput) {
  const auto result = run_checked(shell("echo the reason >&2; exit 2"));
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().what.find("exit code 2"), std::string::npos);
  EXPECT_EQ(result.error().found, "the reason");
}

TEST(Process, LinesArriveOneByOne) {
  std::vector<std::string> lines;
  ProcessOptions options = shell("printf 'a\\nbc\\n'; printf 'd\\n'");
  options.on_output_line = [&](std::string_view line) { lines.emplace_back(line); };
  ASSERT_TRUE(run_process(options));
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "bc", "d"}));
}

TEST(WallClock, OurOwnProcessIsAliveAndADeadOneIsNot) {
  const ProcessIdentity us = current_process();
  EXPECT_GT(us.start_ticks, 0U);
  EXPECT_FALSE(us.boot_id.empty());
  EXPECT_TRUE(is_alive(us));
  ProcessIdentity reused = us;
  ++reused.start_ticks;  // the pid exists, but it is another process
  EXPECT_FALSE(is_alive(reused));
  ProcessIdentity other_boot = us;
  other_boot.boot_id = "00000000-0000-0000-0000-000000000000";
  EXPECT_FALSE(is_alive(other_boot));
}

TEST(WallClock, WritesUtcTimes) { EXPECT_EQ(utc_text(1'767'225'600), "2026-01-01T00:00:00Z"); }

}  // namespace
}  // namespace tandem::host
