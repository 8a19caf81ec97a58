// A few kills and interruptions; the long matrix is in tests/real/long.

#include "tests/real/kill_fixture.hpp"

namespace tandem::docker {
namespace {

class Killed : public KillTest {
 protected:
  std::string folder(const std::string& name) { return scratch_.path() + "/" + name; }
  /// kill -9 once the journal has `lines` lines of `phase`. → the reaper
  pid_t kill_at(Victim& victim, const std::string& phase, std::size_t lines, Decoys& decoys) {
    EXPECT_TRUE(victim.wait_for(phase, lines)) << victim.output();
    const pid_t reaper = victim.reaper();
    EXPECT_GT(reaper, 0);
    decoys.add_with_labels_of(victim.run_id());
    victim.signal(SIGKILL);
    EXPECT_EQ(victim.exit_code(), 128 + SIGKILL);
    return reaper;
  }
  void expect_reaped(const Victim& victim, pid_t reaper) {
    EXPECT_TRUE(gone(victim.run_id())) << left(victim.run_id());
    EXPECT_TRUE(reaper_finished(victim, reaper));
    EXPECT_TRUE(left_of(*engine_, victim.run_id()).empty()) << "also after the reaper's end: " << left(victim.run_id());
  }
};

// Three runs at once, each with a state folder of its own: most of the time passes in waiting.
TEST_F(Killed, RunsAreCleanedUpByTheirReapersAndWithoutOneByTheCommand) {
  Decoys decoys(*engine_, image_, 4);
  Victim creating(folder("creating"));
  Victim running(folder("running"));
  Victim orphan(folder("orphan"));
  const pid_t first = kill_at(creating, "create", 3, decoys);
  ASSERT_TRUE(orphan.wait_for("run", 5)) << orphan.output();
  ASSERT_GT(orphan.reaper(), 0);
  ::kill(orphan.reaper(), SIGKILL);
  orphan.signal(SIGKILL);
  orphan.exit_code();
  const pid_t second = kill_at(running, "run", 14, decoys);

  expect_reaped(creating, first);
  expect_reaped(running, second);
  EXPECT_FALSE(left_of(*engine_, orphan.run_id()).empty()) << "nobody has cleaned up yet";
  EXPECT_TRUE(orphan.has_journal());

  const auto dry = run_tandem({"clean", "--dry-run"}, orphan.state());
  EXPECT_EQ(dry.exit_code, 0);
  EXPECT_NE(dry.output.find("would go"), std::string::npos) << dry.output;
  EXPECT_FALSE(left_of(*engine_, orphan.run_id()).empty());
  const auto cleaned = run_tandem({"clean", "--json"}, orphan.state());
  EXPECT_EQ(cleaned.exit_code, 0) << cleaned.output << cleaned.errors;
  EXPECT_NE(cleaned.output.find(orphan.run_id()), std::string::npos);
  EXPECT_TRUE(left_of(*engine_, orphan.run_id()).empty()) << left(orphan.run_id());
  EXPECT_FALSE(orphan.has_journal());
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
