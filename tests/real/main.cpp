// The tests, or the reaper of their runs: that one is the running program once more.

#include <gtest/gtest.h>

#include <string_view>

#include "real/docker/reaper_process.hpp"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "reaper") return tandem::docker::run_reaper();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
