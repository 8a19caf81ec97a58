// The tests, or what they start: the reaper is the running program once more, and scripted runs are there to be killed.

#include <gtest/gtest.h>

#include <string_view>

#include "real/docker/reaper_process.hpp"
#include "tests/unit/real/scripted_run.hpp"

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "reaper") return tandem::docker::run_reaper();
  if (mode == "scripted-run" && argc == 4) return tandem::docker::scripted_run(argv[2], argv[3]);
  if (mode == "recover" && argc == 3) return tandem::docker::scripted_recovery(argv[2]);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
