// The engine dies in the middle of a run and comes back, or does not: the run ends with a verdict, nothing is left.

#include "tests/real/kill_fixture.hpp"
#include "tests/real/second_engine.hpp"

namespace tandem::docker {
namespace {

class EngineRestart : public KillTest {
 protected:
  void SetUp() override {
    KillTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (const std::string refusal = SecondEngine::refusal(); !refusal.empty()) GTEST_SKIP() << refusal;
    second_ = std::make_unique<SecondEngine>(scratch_.path() + "/second", engine_->connect()->storage_driver);
    ASSERT_TRUE(second_->start()) << second_->log();
  }

  /// Without traffic, because the second engine has no nginx; long enough for the engine to be away.
  std::unique_ptr<Victim> run() {
    return std::make_unique<Victim>(scratch_.path(), std::vector<std::string>{"--set", "spec.traffic=[]", "--set", "spec.horizon=40s"},
                                    std::vector<std::string>{"DOCKER_HOST=" + second_->docker_host()});
  }
  bool all_gone(const Victim& victim) {
    EngineClient client(second_->address(), nullptr);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (victim.has_journal() || !left_of(client, victim.run_id()).empty()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return true;
  }

  std::unique_ptr<SecondEngine> second_;
};

TEST_F(EngineRestart, InTheMiddleOfARun) {
  const auto victim = run();
  ASSERT_TRUE(victim->wait_for("run", 8)) << victim->output();
  second_->kill();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  ASSERT_TRUE(second_->start()) << second_->log();
  // Whether the engine takes its containers back or ends them is its own business: the run sees it through or says why not.
  const int code = victim->exit_code();
  EXPECT_TRUE(code == 0 || code == 4) << code << victim->output();
  EXPECT_TRUE(all_gone(*victim));
}

TEST_F(EngineRestart, ThatComesBackOnlyAfterTheRun) {
  const auto victim = run();
  ASSERT_TRUE(victim->wait_for("run", 8)) << victim->output();
  second_->kill();
  EXPECT_EQ(victim->exit_code(), 4) << victim->output();
  EXPECT_NE(victim->output().find("engine"), std::string::npos);
  EXPECT_TRUE(victim->has_journal()) << "there was no engine to clean up on";
  ASSERT_TRUE(second_->start()) << second_->log();
  EXPECT_TRUE(all_gone(*victim)) << "the reaper had the patience";
}

TEST_F(EngineRestart, TogetherWithTheRun) {
  const auto victim = run();
  ASSERT_TRUE(victim->wait_for("run", 8)) << victim->output();
  victim->signal(SIGKILL);
  second_->kill();
  victim->exit_code();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  ASSERT_TRUE(second_->start()) << second_->log();
  EXPECT_TRUE(all_gone(*victim));
}

}  // namespace
}  // namespace tandem::docker
