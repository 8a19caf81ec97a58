// What commands do in our containers: the same in the model and in the real workload.

#include "core/control/kubelet/container_command.hpp"

#include <gtest/gtest.h>

namespace tandem::control::kubelet {
namespace {

CommandEffect shell(const std::string& script) { return effect_of({"/bin/sh", "-c", script}); }

TEST(ContainerCommand, KnowsSleepTrueAndFalse) {
  EXPECT_EQ(effect_of({"sleep", "5"}), (CommandEffect{seconds(5), 0}));
  EXPECT_EQ(effect_of({"/bin/sleep", "0.25"}), (CommandEffect{milliseconds(250), 0}));
  EXPECT_EQ(effect_of({"sleep", "1m", "2s"}), (CommandEffect{seconds(62), 0}));
  EXPECT_EQ(effect_of({"true"}), (CommandEffect{{}, 0}));
  EXPECT_EQ(effect_of({"false"}), (CommandEffect{{}, 1}));
}

TEST(ContainerCommand, RefusesBadSleeps) {
  for (const char* bad : {"x", "-1", "5x", "", "nan", "1e3"}) EXPECT_EQ(effect_of({"sleep", bad}).exit_code, 1) << bad;
  EXPECT_EQ(effect_of({"sleep"}).exit_code, 1);
  EXPECT_EQ(effect_of({"sleep", std::string(400, '9')}).takes, seconds(365LL * 24 * 3600));
}

TEST(ContainerCommand, EveryOtherProgramSucceedsAtOnce) {
  EXPECT_EQ(effect_of({"nginx", "-s", "quit"}), (CommandEffect{{}, 0}));
  EXPECT_EQ(effect_of({"cat", "/tmp/healthy"}), (CommandEffect{{}, 0}));
  EXPECT_EQ(effect_of({}).exit_code, 127);
  EXPECT_EQ(effect_of({""}).exit_code, 127);
}

TEST(ContainerCommand, RunsSimpleScripts) {
  EXPECT_EQ(shell("sleep 2; sleep 3"), (CommandEffect{seconds(5), 0}));
  EXPECT_EQ(shell("sleep 1 && false && sleep 5"), (CommandEffect{seconds(1), 1}));
  EXPECT_EQ(shell("false || sleep 2"), (CommandEffect{seconds(2), 0}));
  EXPECT_EQ(shell("true || sleep 2"), (CommandEffect{{}, 0}));
  EXPECT_EQ(shell("sleep 1\nexit 3\nsleep 9"), (CommandEffect{seconds(1), 3}));
  EXPECT_EQ(shell("false; exit"), (CommandEffect{{}, 1}));
  EXPECT_EQ(shell("exit 256"), (CommandEffect{{}, 0}));
  EXPECT_EQ(shell("echo 'a; sleep 9' && sleep \"2\""), (CommandEffect{seconds(2), 0}));
  EXPECT_EQ(shell("nginx -s quit; while killall -0 nginx; do sleep 1; done").exit_code, 0);
  EXPECT_EQ(shell(""), (CommandEffect{{}, 0}));
  EXPECT_EQ(effect_of({"bash", "-ec", "sleep 1"}), (CommandEffect{seconds(1), 0}));
  EXPECT_EQ(effect_of({"sh", "-c"}), (CommandEffect{{}, 0}));
}

}  // namespace
}  // namespace tandem::control::kubelet
