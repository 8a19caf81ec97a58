// The reaper: what it accepts, when it acts, what stops it (hardening C2, C4).

#include "real/engine/reaper.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "host/companion.hpp"
#include "tests/unit/real/engine_fixture.hpp"

namespace tandem::docker {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr SimDuration kPatience = seconds(20);

class ReaperProcess : public FakeEngineTest {
 protected:
  ReaperProcess() : journal_(std::move(*real::Journal::create(dead_, engine_.address().text()))) {}

  [[nodiscard]] real::ReaperOrder order() const {
    return {.filter = "tandem.run=" + dead_.run_id,
            .engine_socket = engine_.address().unix_socket,
            .engine_url = engine_.address().base_url,
            .journal = std::filesystem::absolute(journal_.path()).string(),
            .grace = milliseconds(150),
            .patience = kPatience};
  }
  static host::Companion start() { return std::move(*host::Companion::start({"/proc/self/exe", "reaper"})); }
  std::string answer_to(const std::string& line) {
    host::Companion reaper = start();
    EXPECT_TRUE(reaper.send_line(line));
    return reaper.receive_line(kPatience).value_or("(ended)");
  }
  /// Starts a reaper and has it acknowledge.
  host::Companion started() {
    host::Companion reaper = start();
    EXPECT_TRUE(reaper.send_line(real::write_order(order())));
    EXPECT_EQ(reaper.receive_line(kPatience).value_or(""), "ACK " + order().filter);
    return reaper;
  }
  /// The run dies: its end of the socket closes. The process id stays known.
  static pid_t die(host::Companion&& reaper) {
    const host::Companion closed_here = std::move(reaper);
    return closed_here.pid();
  }
  static bool ended(pid_t pid) {
    for (int i = 0; i < 1000; ++i) {
      if (::waitpid(pid, nullptr, WNOHANG) == pid) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  real::RunIdentity dead_ = dead_run('a');
  real::Journal journal_;
};

TEST(ReaperOrder, SurvivesItsJourney) {
  const real::ReaperOrder order{"tandem.run=" + std::string(32, 'f'), "/run/\"docker\".sock", "http://engine", "/state/runs/x.journal", seconds(10), seconds(600)};
  const auto read = real::read_order(real::write_order(order));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, order);
  EXPECT_EQ(read->run_id(), std::string(32, 'f'));
}

TEST_F(ReaperProcess, AcknowledgesOnlyAnOrderItUnderstands) {
  EXPECT_EQ(answer_to(real::write_order(order())), "ACK tandem.run=" + dead_.run_id);
  std::vector<real::ReaperOrder> wrong(7, order());
  wrong[0].filter = "tandem.run";
  wrong[1].filter = "tandem.run=" + std::string(31, 'a');
  wrong[2].filter = "tandem.runs=" + dead_.run_id;
  wrong[3].filter = "tandem.run=" + std::string(32, 'b');  // not the journal's
  wrong[4].journal = "/nonexistent/" + dead_.run_id + ".journal";
  wrong[5].engine_socket = "/nonexistent/engine.sock";
  wrong[6].grace = nanoseconds(-1);
  for (const real::ReaperOrder& one : wrong) EXPECT_THAT(answer_to(real::write_order(one)), StartsWith("NACK ")) << real::write_order(one);
  const std::string good = real::write_order(order());
  for (const std::string& line : {std::string(), std::string("x"), std::string("[]"), std::string("{}"), good.substr(1), good + "x",
                                  R"({"also":"this",)" + good.substr(1)}) {
    EXPECT_THAT(answer_to(line), StartsWith("NACK ")) << line;
  }
  EXPECT_EQ(engine_.count("DELETE"), 0U);
}

TEST_F(ReaperProcess, RefusesAnEngineThatIgnoresLabels) {
  engine_.set_api_version("1.12");
  EXPECT_THAT(answer_to(real::write_order(order())), StartsWith("NACK "));
}

TEST_F(ReaperProcess, ToldThatAllIsDoneItEndsWithoutAction) {
  add(dead_, "container", "pod", 1);
  host::Companion reaper = started();
  ASSERT_TRUE(reaper.send_line("done"));
  EXPECT_TRUE(reaper.wait(kPatience));
  EXPECT_EQ(engine_.count("/containers"), 0U) << "it does not even look";
}

TEST_F(ReaperProcess, CleansUpWhenItsRunDies) {
  add_decoys();
  add(dead_, "container", "pod", 1);
  add(dead_, "network", "network", 2);
  add(dead_, "volume", "volume", 3);
  add(dead_, "container", "pod", 4, std::chrono::milliseconds(100));
  const pid_t reaper = die(started());
  EXPECT_TRUE(ended(reaper));
  EXPECT_EQ(engine_.names(), decoys_);
  EXPECT_FALSE(host::exists(journal_.path()));
  EXPECT_EQ(engine_.count("prune"), 0U);
}

TEST_F(ReaperProcess, SignalsDoNotStopIt) {
  add(dead_, "container", "pod", 1);
  host::Companion reaper = started();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ASSERT_EQ(::kill(reaper.pid(), signal), 0);
  engine_.inject({.method = "GET", .path = "/containers/json", .keep_answer = true, .answer = {.delay_ms = 200}});
  const pid_t pid = die(std::move(reaper));
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ASSERT_EQ(::kill(pid, signal), 0);
  EXPECT_TRUE(ended(pid));
  EXPECT_THAT(engine_.names(), IsEmpty());
}

TEST_F(ReaperProcess, IsInASessionOfItsOwn) {
  host::Companion reaper = started();
  EXPECT_EQ(::getsid(reaper.pid()), reaper.pid());
  EXPECT_NE(::getsid(0), reaper.pid());
  reaper.send_line("done");
  reaper.wait(kPatience);
}

TEST_F(ReaperProcess, WaitsForAnEngineThatComesBack) {
  add(dead_, "container", "pod", 1);
  add(dead_, "container", "pod", 2);
  host::Companion reaper = started();
  engine_.stop();
  const pid_t pid = die(std::move(reaper));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(::kill(pid, 0), 0) << "it is still trying";
  engine_.start();
  EXPECT_TRUE(ended(pid));
  EXPECT_THAT(engine_.names(), IsEmpty());
  EXPECT_FALSE(host::exists(journal_.path()));
}

TEST_F(ReaperProcess, AnEngineThatDiesInTheMiddleIsTriedAgain) {
  for (int i = 1; i <= 5; ++i) add(dead_, "container", "pod", i);
  engine_.inject({.method = "DELETE", .skip = 2, .times = 2, .perform = true, .answer = {.cut_after = 0}});
  engine_.inject({.method = "GET", .path = "/networks", .times = 1, .answer = {.body = "{"}});
  const pid_t pid = die(started());
  EXPECT_TRUE(ended(pid));
  EXPECT_THAT(engine_.names(), IsEmpty());
}

TEST_F(ReaperProcess, NeverOutlivesItsDeadline) {
  real::ReaperOrder short_one = order();
  short_one.patience = milliseconds(600);
  host::Companion reaper = start();
  ASSERT_TRUE(reaper.send_line(real::write_order(short_one)));
  ASSERT_TRUE(reaper.receive_line(kPatience));
  engine_.stop();
  EXPECT_TRUE(ended(die(std::move(reaper))));
  EXPECT_TRUE(host::exists(journal_.path())) << "the next start tries again";
}

}  // namespace
}  // namespace tandem::docker
