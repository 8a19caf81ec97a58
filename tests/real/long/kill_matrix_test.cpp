// kill -9 at moments drawn over the positions of a run's journal (hardening C12): in create, run and destroy, and with the
// reaper killed first. TANDEM_KILLS says how many, TANDEM_KILL_SEED which.

#include <fmt/format.h>

#include <map>

#include "core/base/parse.hpp"
#include "core/base/random.hpp"
#include "tests/real/kill_fixture.hpp"

namespace tandem::docker {
namespace {

constexpr std::int64_t kKills = 40;
constexpr const char* kPhases[] = {"create", "run", "destroy"};
/// Between two lines of a journal up to half a second passes: not every kill comes right after a line.
constexpr std::uint64_t kJitterMs = 300;

std::int64_t number_from_environment(const char* name, std::int64_t otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : parse_int(value).value_or(otherwise);
}

class KillMatrix : public KillTest {
 protected:
  /// Lines of each phase in an undisturbed run.
  std::map<std::string, std::size_t> measure() {
    Victim undisturbed(scratch_.path());
    undisturbed.wait_for("never", 0);
    EXPECT_EQ(undisturbed.exit_code(), 0) << undisturbed.output();
    std::map<std::string, std::size_t> lines;
    for (const char* phase : kPhases) lines[phase] = undisturbed.lines_of(phase);
    return lines;
  }

  /// With the reaper dead as well, `tandem clean` recovers, or the next start does.
  void recover(const Victim& victim, bool by_next_start) {
    if (!by_next_start) {
      const auto cleaned = run_tandem({"clean", "--json"}, victim.state());
      EXPECT_EQ(cleaned.exit_code, 0) << cleaned.output << cleaned.errors;
      return;
    }
    Victim next(scratch_.path());
    EXPECT_TRUE(next.wait_for("create", 0)) << next.output();
    EXPECT_TRUE(left_of(*engine_, victim.run_id()).empty()) << "before the next run creates anything: " << left(victim.run_id());
    next.signal(SIGINT);
    EXPECT_EQ(next.exit_code(), 130);
  }
};

TEST_F(KillMatrix, NothingIsLeftAndNoDecoyIsTouched) {
  const std::int64_t kills = number_from_environment("TANDEM_KILLS", kKills);
  const auto seed = static_cast<std::uint64_t>(number_from_environment("TANDEM_KILL_SEED", 1));
  RandomStream random(seed, "kill-matrix");
  const auto lines = measure();
  for (const char* phase : kPhases) ASSERT_GT(lines.at(phase), 1U) << phase;
  Decoys decoys(*engine_, image_, 10);

  std::map<std::string, int> killed;
  std::int64_t misses = 0;
  for (std::int64_t i = 0; i < kills && misses < kills;) {
    pass_machine_on();
    // Every fourth with the reaper killed first; the phases take turns, also among those.
    const bool reaper_first = i % 4 == 3;
    const std::string phase = kPhases[(i + i / 12) % 3];
    const std::size_t line = random.below(lines.at(phase));
    const auto jitter = std::chrono::milliseconds(random.below(kJitterMs));
    SCOPED_TRACE(fmt::format("kill {}: {} line {} + {} ms{}", i + 1, phase, line, jitter.count(), reaper_first ? ", reaper first" : ""));
    Victim victim(scratch_.path());
    if (!victim.wait_for(phase, line)) {
      // This run's journal was shorter: it has ended by itself.
      EXPECT_EQ(victim.exit_code(), 0) << victim.output();
      EXPECT_TRUE(left_of(*engine_, victim.run_id()).empty());
      ++misses;
      continue;
    }
    const pid_t reaper = victim.reaper();
    std::this_thread::sleep_for(jitter);
    const bool in_time = victim.has_journal();
    if (reaper_first && reaper > 0) ::kill(reaper, SIGKILL);
    victim.signal(SIGKILL);
    const bool was_killed = victim.exit_code() == 128 + SIGKILL;
    const bool leaves_something = reaper_first && in_time && was_killed;
    if (leaves_something) recover(victim, i % 8 == 7);
    EXPECT_TRUE(gone(victim.run_id())) << left(victim.run_id());
    EXPECT_TRUE(reaper_finished(victim, leaves_something ? -1 : reaper));
    EXPECT_TRUE(gone(victim.run_id()));
    ASSERT_TRUE(decoys.missing().empty()) << decoys.missing().front();
    if (!was_killed) {
      ++misses;
      continue;
    }
    ++i;
    fmt::print("kill {} of {}: {} line {} + {} ms{}\n", i, kills, phase, line, jitter.count(), reaper_first ? ", reaper first" : "");
    std::fflush(stdout);
    ++killed[phase];
    if (reaper_first) ++killed["reaper first"];
  }
  for (const auto& [what, count] : killed) fmt::print("{} killed: {}\n", count, what);
  if (kills >= kKills) {
    for (const char* phase : kPhases) EXPECT_GE(killed[phase], 10) << phase;
    EXPECT_GE(killed["reaper first"], 10);
  }
}

TEST_F(KillMatrix, ASecondSignalLeavesItToTheReaper) {
  Victim victim(scratch_.path());
  ASSERT_TRUE(victim.wait_for("run", 8)) << victim.output();
  const pid_t reaper = victim.reaper();
  victim.signal(SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // two pending ones would be one
  victim.signal(SIGINT);
  EXPECT_EQ(victim.exit_code(), 130);
  EXPECT_FALSE(left_of(*engine_, victim.run_id()).empty()) << "it did not wait for the end of the clean-up";
  EXPECT_TRUE(gone(victim.run_id())) << left(victim.run_id());
  EXPECT_TRUE(reaper_finished(victim, reaper));
}

}  // namespace
}  // namespace tandem::docker
