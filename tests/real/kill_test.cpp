// A few kills and interruptions; the long matrix is in tests/real/long.

#include "tests/real/kill_fixture.hpp"

namespace tandem::docker {
namespace {

class Killed : public KillTest {
 protected:
  /// Kills a run when its journal has `lines` lines of `phase` and waits for the reaper to finish.
  void kill_at(const std::string& phase, std::size_t lines) {
    Decoys decoys(*engine_, image_, 4);
    Victim victim(scratch_.path());
    ASSERT_TRUE(victim.wait_for(phase, lines)) << victim.output();
    const pid_t reaper = victim.reaper();
    EXPECT_GT(reaper, 0);
    decoys.add_with_labels_of(victim.run_id());
    victim.signal(SIGKILL);
    EXPECT_EQ(victim.exit_code(), 128 + SIGKILL);
    EXPECT_TRUE(gone(victim.run_id())) << left(victim.run_id());
    EXPECT_TRUE(reaper_finished(victim, reaper));
    EXPECT_TRUE(gone(victim.run_id())) << "also after the reaper's end";
    EXPECT_TRUE(decoys.missing().empty()) << decoys.missing().front();
  }
};

TEST_F(Killed, WhileCreatingTheReaperLeavesNothing) { kill_at("create", 3); }

TEST_F(Killed, WhileRunningTheReaperLeavesNothing) { kill_at("run", 14); }

TEST_F(Killed, WithTheReaperKilledFirstCleanLeavesNothing) {
  Decoys decoys(*engine_, image_, 4);
  Victim victim(scratch_.path());
  ASSERT_TRUE(victim.wait_for("run", 5)) << victim.output();
  ASSERT_GT(victim.reaper(), 0);
  ::kill(victim.reaper(), SIGKILL);
  victim.signal(SIGKILL);
  victim.exit_code();
  EXPECT_FALSE(left_of(*engine_, victim.run_id()).empty()) << "nobody has cleaned up yet";
  EXPECT_TRUE(victim.has_journal());

  const auto dry = run_tandem({"clean", "--dry-run"}, victim.state());
  EXPECT_EQ(dry.exit_code, 0);
  EXPECT_NE(dry.output.find("would go"), std::string::npos) << dry.output;
  EXPECT_FALSE(left_of(*engine_, victim.run_id()).empty());

  const auto cleaned = run_tandem({"clean", "--json"}, victim.state());
  EXPECT_EQ(cleaned.exit_code, 0) << cleaned.output << cleaned.errors;
  EXPECT_NE(cleaned.output.find(victim.run_id()), std::string::npos);
  EXPECT_TRUE(left_of(*engine_, victim.run_id()).empty()) << left(victim.run_id());
  EXPECT_FALSE(victim.has_journal());
  EXPECT_TRUE(decoys.missing().empty()) << decoys.missing().front();
}

class Interrupted : public KillTest {
 protected:
  void interrupt_at(const std::string& phase, std::size_t lines, int signal, int exit_code) {
    Victim victim(scratch_.path());
    ASSERT_TRUE(victim.wait_for(phase, lines)) << victim.output();
    const pid_t reaper = victim.reaper();
    victim.signal(signal);
    EXPECT_EQ(victim.exit_code(), exit_code) << victim.output();
    EXPECT_TRUE(left_of(*engine_, victim.run_id()).empty()) << left(victim.run_id());
    EXPECT_FALSE(victim.has_journal());
    EXPECT_NE(::kill(reaper, 0), 0) << "the reaper has ended with its run";
  }
};

TEST_F(Interrupted, WhileCreating) { interrupt_at("create", 2, SIGINT, 130); }
TEST_F(Interrupted, WhileRunning) { interrupt_at("run", 8, SIGINT, 130); }
TEST_F(Interrupted, WhileDestroying) { interrupt_at("destroy", 1, SIGINT, 130); }
TEST_F(Interrupted, ByTermination) { interrupt_at("run", 2, SIGTERM, 143); }

TEST_F(KillTest, AContainerEndsItselfOnceItsLifetimeIsOver) {
  ContainerSpec spec;
  spec.name = "tandem-lifetime-test-" + std::to_string(getpid());
  spec.image = image_;
  spec.command = {"pause"};
  spec.environment = {"TANDEM_LIFETIME_S=1"};
  const auto id = engine_->run(api::create_container(spec));
  ASSERT_TRUE(id) << to_string(id.error());
  EXPECT_TRUE(engine_->run(api::start_container(*id)));
  const auto code = engine_->run(api::wait_container(*id));
  EXPECT_EQ(code.value_or(-1), 124);
  EXPECT_TRUE(engine_->run(api::remove_container(*id)));
}

}  // namespace
}  // namespace tandem::docker
