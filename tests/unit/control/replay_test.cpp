// Replaying recorded readiness through fresh controllers: the two sequences of the course's cluster, pods matched by order of
// creation, equal pods swapped, runs of our own recorded and replayed.

#include "core/control/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/control/rollout_fixture.hpp"

namespace tandem::control {
namespace {

using namespace testing;

SimTime at(double seconds_since_start) { return kTimeZero + from_seconds(seconds_since_start); }

ReplayPod pod(int replica_set, int number, double ready_at) {
  return {.id = {replica_set, number}, .readiness = {{at(ready_at), true}}};
}

/// Four replicas, surge 1, unavailable 1, settled before 0; the image changes at 20 s.
ReplayInput course_rollout() {
  ReplayInput input;
  input.profile = DeliveryProfile::kubernetes();
  input.actions.push_back({at(-60), CreateDeployment{deployment_of(4, count(1), count(1))}});
  input.actions.push_back(
      {at(20), EditDeployment{[](Deployment& d) { d.spec.pod_template = template_with_image("web:1.0.1"); }}});
  for (int number = 1; number <= 4; ++number) input.pods.push_back(pod(1, number, -50));
  return input;
}

std::string sizes_after_start(const ReplayResult& result) {
  std::vector<SizeChange> sizes = result.sizes;
  std::erase_if(sizes, [](const SizeChange& change) { return change.at < kTimeZero; });
  return to_string(join_directions(sizes));
}

TEST(Replay, StaggeredReadinessGivesTheSizesOfTheRealCluster) {
  ReplayInput input = course_rollout();
  for (int number = 1; number <= 4; ++number) input.pods.push_back(pod(2, number, 22 + 2.0 * number));
  const auto result = replay(input);
  ASSERT_TRUE(result.has_value()) << to_string(result.error());
  EXPECT_EQ(sizes_after_start(*result), "[2,-1,1] [1,4,3] [2,1,2] [1,3,2] [2,2,3] [1,2,1] [2,3,4] [1,1,0]");
  EXPECT_EQ(result->pods_created, (std::map<int, int>{{1, 4}, {2, 4}}));
}

TEST(Replay, SimultaneousReadinessGivesTheShorterSequence) {
  ReplayInput input = course_rollout();
  for (int number = 1; number <= 2; ++number) input.pods.push_back(pod(2, number, 24));
  for (int number = 3; number <= 4; ++number) input.pods.push_back(pod(2, number, 28));
  const auto result = replay(input);
  ASSERT_TRUE(result.has_value()) << to_string(result.error());
  EXPECT_EQ(sizes_after_start(*result), "[2,-1,1] [1,4,3] [2,1,2] [1,3,1] [2,2,4] [1,1,0]");
}

TEST(Replay, APodThatNeverGetsReadyHoldsTheRolloutWhereTheControllersWouldHoldIt) {
  ReplayInput input = course_rollout();
  input.pods.push_back(pod(2, 1, 24));
  const auto result = replay(input);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(sizes_after_start(*result), "[2,-1,1] [1,4,3] [2,1,2] [1,3,2] [2,2,3]");
}

TEST(Replay, ADeletedPodIsReplacedAndAnUndoGoesBack) {
  ReplayInput input = course_rollout();
  input.actions.push_back({at(30), DeletePod{{1, 2}}});
  input.actions.push_back({at(40), UndoDeployment{}});
  const auto result = replay(input);
  ASSERT_TRUE(result.has_value()) << to_string(result.error());
  EXPECT_EQ(sizes_after_start(*result), "[2,-1,1] [1,4,3] [2,1,2] [2,2,0] [1,3,4]");
}

TEST(Replay, RefusesActionsOutOfOrder) {
  ReplayInput input = course_rollout();
  std::swap(input.actions[0], input.actions[1]);
  EXPECT_FALSE(replay(input).has_value());
  EXPECT_FALSE(replay(ReplayInput{}).has_value());
}

TEST(JoinDirections, JoinsOnlyWhatFollowsDirectlyInTheSameDirection) {
  const std::vector<SizeChange> cut = {{1, 4, 3, {}},  {1, 3, 2, {}}, {2, 1, 2, {}}, {1, 2, 1, {}}, {1, 1, 2, {}},
                                       {2, -1, 0, {}}, {2, 0, 1, {}}, {1, 1, 0, {}}, {1, 0, -1, {}}};
  EXPECT_EQ(to_string(join_directions(cut)), "[1,4,2] [2,1,2] [1,2,1] [1,1,2] [2,-1,1] [1,1,0] [1,0,-1]");
}

}  // namespace
}  // namespace tandem::control
