// A scheduling policy as a process: answers, limits, and what is said when it misbehaves.

#include "host/policy_process.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "host/wall_clock.hpp"

namespace tandem::host {
namespace {

scenario::ExternalPolicyArgs shell(const std::string& script, SimDuration timeout = seconds(5)) {
  scenario::ExternalPolicyArgs args;
  args.command = {"sh", "policy.sh"};
  args.files = {{"policy.sh", script}};
  args.timeout = timeout;
  return args;
}

TEST(PolicyProcess, AnswersLineByLineFromItsOwnFolder) {
  const auto policy = start_policy(shell("while read -r line; do echo \"got $line in $(pwd)\"; done\n"));
  ASSERT_TRUE(policy) << policy.error().what;
  const auto first = (*policy)->ask("one");
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->starts_with("got one in ")) << *first;
  const std::filesystem::path folder = first->substr(std::string("got one in ").size());
  EXPECT_TRUE(std::filesystem::exists(folder / "policy.sh"));
  EXPECT_TRUE((*policy)->ask("two")->starts_with("got two"));
}

TEST(PolicyProcess, ItsFolderAndItsChildrenGoWithIt) {
  std::filesystem::path folder;
  {
    const auto policy = start_policy(shell("sleep 1000 &\nread -r line; pwd; read -r line\n"));
    ASSERT_TRUE(policy);
    folder = *(*policy)->ask("where?");
    ASSERT_TRUE(std::filesystem::exists(folder));
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(PolicyProcess, ThatEndsIsAnErrorThatQuotesItsComplaint) {
  const auto policy = start_policy(shell("echo 'line 3: no such strategy' >&2\nexit 1\n"));
  ASSERT_TRUE(policy);
  const auto answer = (*policy)->ask("x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::ProcessFailed);
  EXPECT_NE(answer.error().what.find("line 3: no such strategy"), std::string::npos) << answer.error().what;
  EXPECT_EQ((*policy)->ask("y").error().what, answer.error().what) << "it is not started again";
}

TEST(PolicyProcess, ThatDoesNotAnswerInTimeIsEnded) {
  const auto policy = start_policy(shell("sleep 1000\n", milliseconds(100)));
  ASSERT_TRUE(policy);
  const std::int64_t began = monotonic_ns();
  const auto answer = (*policy)->ask("x");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().what.find("did not answer within 100ms"), std::string::npos) << answer.error().what;
  EXPECT_LT(monotonic_ns() - began, 60'000'000'000) << "not a thousand seconds";
}

TEST(PolicyProcess, ThatTalksWithoutEndIsEnded) {
  const auto policy = start_policy(shell("yes x | tr -d '\\n'\n"));
  ASSERT_TRUE(policy);
  const auto answer = (*policy)->ask("x");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().what.find("longer than 64 KiB"), std::string::npos) << answer.error().what;
}

TEST(PolicyProcess, ThatCannotBeStartedIsNamed) {
  scenario::ExternalPolicyArgs args;
  args.command = {"no-such-program"};
  const auto policy = start_policy(args);
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().found.find("no-such-program"), std::string::npos);
}

TEST(PolicyProcess, SeesNothingOfOurEnvironmentButPath) {
  const auto policy = start_policy(shell("read -r line; env | cut -d= -f1 | grep -v -e PWD -e SHLVL -e OLDPWD -e ^_ | tr '\\n' ' '; echo\n"));
  ASSERT_TRUE(policy);
  EXPECT_EQ(*(*policy)->ask("x"), "PATH ");
}

}  // namespace
}  // namespace tandem::host
