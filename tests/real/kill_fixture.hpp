#pragma once
// Tests that kill runs: the machine to themselves, decoys around them, thirty seconds for everything to be gone.

#include <signal.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "host/files.hpp"
#include "real/docker/images.hpp"
#include "tests/real/engine_fixture.hpp"
#include "tests/real/victim.hpp"

namespace tandem::docker {

class KillTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    take_machine();
    ASSERT_TRUE(lock_);
    ImageStore images(*engine_, {}, {});
    auto image = images.workload();
    ASSERT_TRUE(image) << to_string(image.error());
    image_ = *image;
    // Once before any clock runs, so that images are made now.
    auto generator = images.load_generator();
    auto nginx = images.nginx();
    ASSERT_TRUE(generator && nginx);
  }

  /// As a run of the product does: nobody else measures meanwhile. Victims have a state folder, and so a lock, of their own.
  void take_machine() {
    auto lock = EngineLock::take({});
    if (lock) lock_.emplace(std::move(*lock));
  }
  /// Between the parts of a long test: lets another run have its turn.
  void pass_machine_on() {
    lock_.reset();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    take_machine();
  }

  /// True once nothing of the run is left, within 30 s.
  bool gone(const std::string& run_id) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!left_of(*engine_, run_id).empty()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return true;
  }
  std::string left(const std::string& run_id) {
    std::string text;
    for (const std::string& one : left_of(*engine_, run_id)) text += one + "; ";
    return text;
  }
  /// The reaper is done with the run: its journal is closed and its process has ended.
  static bool reaper_finished(const Victim& victim, pid_t reaper) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (victim.has_journal() || (reaper > 0 && ::kill(reaper, 0) == 0)) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return true;
  }

  host::ScratchDirectory scratch_ = std::move(*host::ScratchDirectory::create("kill-test"));
  std::optional<EngineLock> lock_;
  std::string image_;
};

}  // namespace tandem::docker
