// kill -9 around every request that a run makes (hardening C12): before it is carried out, before it is answered, after. The
// reaper removes everything, decoys stay. And the same with the reaper killed first: then the next start does it.

#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "host/process.hpp"
#include "tests/unit/real/engine_fixture.hpp"
#include "tests/unit/real/scripted_run.hpp"

namespace tandem::docker {
namespace {

constexpr int kWorkers = 6;

using Moment = FakeEngine::Moment;

/// This program once more, with a state folder inside `folder`.
Result<host::ProcessResult> run_self(std::vector<std::string> arguments, const std::string& folder) {
  host::ProcessOptions options;
  options.command = std::move(arguments);
  options.command.insert(options.command.begin(), "/proc/self/exe");
  options.environment = {"TANDEM_STATE=" + folder + "/state"};
  return host::run_process(options);
}

const char* name_of(Moment moment) {
  switch (moment) {
    case Moment::BeforeSend: return "BeforeSend";
    case Moment::AfterSend: return "AfterSend";
    case Moment::AfterReply: return "AfterReply";
  }
  return "";
}

/// One run on a fake engine of its own.
class Victim {
 public:
  explicit Victim(const std::string& folder) : folder_(folder), engine_(folder + "/engine.sock") {
    static_cast<void>(host::ensure_directory(folder_ + "/state"));
    // Another run's labels differ in one digit; names and labels that only look like ours.
    engine_.add("container", "tandem-decoy-pod-1", {{"tandem.run", std::string(32, 'd')}});
    engine_.add("network", "tandem-decoy-network-2", {{"tandem.runs", "x"}});
    engine_.add("volume", "tandem-decoy-volume-3", {{"tandem.run", "x"}});
    decoys_ = engine_.names();
  }

  FakeEngine& engine() { return engine_; }

  /// Runs the script and kills it at `moment` of request `number` (0: never). → exit code
  int run(int number, Moment moment, bool reaper_first) {
    engine_.set_observer([this, number, moment, reaper_first](int seen, Moment when) {
      if (seen != number || when != moment) return;
      const std::vector<pid_t> pids = this->pids();
      killed_with_reaper_ = reaper_first && pids.size() > 1;
      if (killed_with_reaper_) ::kill(pids[1], SIGKILL);
      if (!pids.empty()) ::kill(pids[0], SIGKILL);
    });
    const auto result = run_self({"scripted-run", engine_.address().unix_socket, pid_file()}, folder_);
    return result ? result->exit_code : -1;
  }
  [[nodiscard]] bool killed_with_reaper() const { return killed_with_reaper_; }

  /// True once nothing but the decoys is there and the journal is closed.
  bool clean_in_time() {
    for (int i = 0; i < 1000; ++i) {
      if (engine_.names() == decoys_ && host::list_directory(folder_ + "/state/runs").empty()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  [[nodiscard]] std::string left() const {
    return fmt::format("{} | journals: {}", fmt::join(engine_.names(), " "), fmt::join(host::list_directory(folder_ + "/state/runs"), " "));
  }

 private:
  [[nodiscard]] std::string pid_file() const { return folder_ + "/pids"; }
  [[nodiscard]] std::vector<pid_t> pids() const {
    std::vector<pid_t> pids;
    for (const std::string& line : split(host::read_file(pid_file(), 1000).value_or(""), '\n')) {
      if (const auto pid = parse_int(line)) pids.push_back(static_cast<pid_t>(*pid));
    }
    return pids;
  }

  std::string folder_;
  FakeEngine engine_;
  std::vector<std::string> decoys_;
  std::atomic<bool> killed_with_reaper_{false};
};

class KilledRuns : public ::testing::Test {
 protected:
  std::string folder(int number) {
    const std::string path = scratch_.path() + "/" + std::to_string(number);
    EXPECT_TRUE(host::ensure_directory(path));
    return path;
  }
  /// Requests of an undisturbed run.
  int requests() {
    Victim undisturbed(folder(0));
    EXPECT_EQ(undisturbed.run(0, Moment::BeforeSend, false), 0);
    EXPECT_TRUE(undisturbed.clean_in_time()) << undisturbed.left();
    return static_cast<int>(undisturbed.engine().requests().size());
  }
  /// Calls `check` for every request number, several at a time: most of the time passes in waiting.
  void for_each_request(const std::function<void(int)>& check) {
    const int count = requests();
    EXPECT_GT(count, 20);
    std::atomic<int> next{1};
    std::vector<std::thread> workers;
    for (int i = 0; i < kWorkers; ++i) {
      workers.emplace_back([&] {
        for (int number = next++; number <= count; number = next++) check(number);
      });
    }
    for (std::thread& worker : workers) worker.join();
  }
  void report(const std::string& failure) {
    const std::lock_guard lock(mutex_);
    ADD_FAILURE() << failure;
  }

  host::ScratchDirectory scratch_ = std::move(*host::ScratchDirectory::create("kill-points"));
  std::mutex mutex_;
};

class KillPoints : public KilledRuns, public ::testing::WithParamInterface<Moment> {};

TEST_P(KillPoints, TheReaperLeavesNothing) {
  for_each_request([this](int number) {
    Victim victim(folder(number));
    // Every third with an engine that creates slowly: objects appear after their client's death.
    if (number % 3 == 0) victim.engine().delay_creates(std::chrono::milliseconds(100));
    victim.run(number, GetParam(), false);
    if (!victim.clean_in_time()) report(fmt::format("killed at request {}: {}", number, victim.left()));
    if (victim.engine().count("prune") > 0) report("a prune endpoint was called");
  });
}

TEST_P(KillPoints, WithoutReaperTheNextStartLeavesNothing) {
  for_each_request([this](int number) {
    Victim victim(folder(number));
    victim.run(number, GetParam(), true);
    if (victim.killed_with_reaper()) {
      // The next start, in a process of its own because of its state folder: it recovers before it does anything else.
      const auto recovered = run_self({"recover", victim.engine().address().unix_socket}, folder(number));
      if (!recovered || recovered->exit_code != 0) report(fmt::format("recovery after request {} failed", number));
    }
    if (!victim.clean_in_time()) report(fmt::format("killed at request {}: {}", number, victim.left()));
  });
}

// The harness itself: with nobody to clean up, a killed run does leave something.
TEST_F(KilledRuns, WithoutAnybodySomethingIsLeft) {
  Victim victim(folder(1));
  victim.run(8, Moment::AfterReply, true);
  ASSERT_TRUE(victim.killed_with_reaper());
  std::this_thread::sleep_for(std::chrono::milliseconds(4 * kScriptGraceMs));
  EXPECT_GT(victim.engine().names().size(), 3U) << victim.left();
}

INSTANTIATE_TEST_SUITE_P(Moments, KillPoints, ::testing::Values(Moment::BeforeSend, Moment::AfterSend, Moment::AfterReply),
                         [](const ::testing::TestParamInfo<Moment>& moment) { return name_of(moment.param); });

}  // namespace
}  // namespace tandem::docker
