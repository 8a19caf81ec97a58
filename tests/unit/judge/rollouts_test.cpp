#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/judge/attribution.hpp"
#include "core/judge/identity.hpp"
#include "core/judge/replay_input.hpp"
#include "core/judge/rollouts.hpp"
#include "tests/unit/judge/small_rollout.hpp"

namespace tandem::judge {
namespace {

using namespace testing;

TEST(Rollouts, RunFromTheActionToTheLastOldPodGone) {
  RecordingBuilder builder;
  SmallRollout(builder).record();
  const auto recording = builder.finish(60'000);
  const RunHistory history = RunHistory::of(recording);
  ASSERT_EQ(history.deployments.size(), 1u);
  const auto rollouts = rollouts_of(history.deployments[0], history);
  ASSERT_EQ(rollouts.size(), 2u);
  EXPECT_FALSE(rollouts[0].from_action);
  EXPECT_EQ(rollouts[0].start, at_ms(0));
  EXPECT_EQ(rollouts[0].end, at_ms(1'000));
  EXPECT_TRUE(rollouts[1].from_action);
  EXPECT_EQ(rollouts[1].start, at_ms(20'000));
  EXPECT_EQ(rollouts[1].complete, at_ms(22'080));
  EXPECT_EQ(rollouts[1].last_old_gone, at_ms(22'500));
  EXPECT_EQ(rollouts[1].end, at_ms(22'500));
  EXPECT_EQ(*rollouts[1].duration(), milliseconds(2'500));
  EXPECT_EQ(sizes_text(rollouts[0], history), "new 2");
  EXPECT_EQ(sizes_text(rollouts[1], history), "old 2; new 0; old 1; new 1; old 0; new 2");
}

TEST(Rollouts, AreNotOverWhileAnOldPodIsStillThere) {
  RecordingBuilder builder;
  SmallRollout(builder).record(22'100);
  const auto recording = builder.finish(22'100);
  const RunHistory history = RunHistory::of(recording);
  const Rollout rollout = rollouts_of(history.deployments[0], history)[1];
  EXPECT_EQ(rollout.complete, at_ms(22'080));
  EXPECT_FALSE(rollout.end);
  EXPECT_FALSE(rollout.superseded);
  EXPECT_TRUE(critical_path(rollout, history).empty());
}

TEST(Rollouts, AreSupersededByTheNextChange) {
  RecordingBuilder builder;
  SmallRollout(builder).record(21'000);
  cluster::Deployment next;
  next.meta.name = "web";
  next.meta.namespace_ = "default";
  next.meta.uid = "dx";
  next.meta.generation = 3;
  next.spec.replicas = 2;
  next.spec.pod_template = pod_template("web:1.0.2");
  builder.put(21'000, next);
  const auto recording = builder.finish(21'500);
  const RunHistory history = RunHistory::of(recording);
  const auto rollouts = rollouts_of(history.deployments[0], history);
  ASSERT_EQ(rollouts.size(), 3u);
  EXPECT_TRUE(rollouts[1].superseded);
  EXPECT_FALSE(rollouts[1].end);
  EXPECT_FALSE(rollouts[2].from_action) << "the earlier action belongs to the earlier change";
}

TEST(Availability, IsIntegratedFromTheFirstFullMoment) {
  RecordingBuilder builder;
  SmallRollout(builder).record();
  const auto recording = builder.finish(60'000);
  const RunHistory history = RunHistory::of(recording);
  const Availability availability = availability_of(history.deployments[0], history);
  EXPECT_EQ(availability.first_full, at_ms(1'000));
  // One of two from 20,180 to 21,120 and from 21,170 to 22,080.
  EXPECT_EQ(availability.below_desired, milliseconds(940 + 910));
  EXPECT_EQ(availability.longest_below_desired, milliseconds(940));
  EXPECT_NEAR(availability.missing_replica_seconds, 1.85, 1e-12);
  EXPECT_EQ(availability.below_minimum, milliseconds(0));
  EXPECT_EQ(availability.lowest_available, 1);
}

TEST(Identities, NameOwnersAndOrdinalsInsteadOfRandomNames) {
  RecordingBuilder builder;
  SmallRollout(builder, "qrs").record();
  const auto recording = builder.finish(60'000);
  const RunHistory history = RunHistory::of(recording);
  const Identities identities(history);
  std::vector<std::string> names;
  for (const PodLife& pod : history.pods) names.push_back(identities.of(pod));
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("web#1.1", "web#1.2", "web#2.1", "web#2.2"));
}

TEST(CriticalPath, JoinsWithoutGapsAndNamesWhatTheEndWaitedFor) {
  RecordingBuilder builder;
  SmallRollout(builder).record();
  const auto recording = builder.finish(60'000);
  const RunHistory history = RunHistory::of(recording);
  const auto rollouts = rollouts_of(history.deployments[0], history);
  const auto path = critical_path(rollouts[1], history);
  ASSERT_EQ(path.size(), 6u);
  const auto segment = [&](std::size_t i, RolloutPhase phase, std::int64_t from, std::int64_t until, const char* subject) {
    EXPECT_EQ(path[i].phase, phase) << i;
    EXPECT_EQ(path[i].from, at_ms(from)) << i;
    EXPECT_EQ(path[i].until, at_ms(until)) << i;
    EXPECT_EQ(path[i].subject, subject) << i;
  };
  segment(0, RolloutPhase::Decision, 20'000, 20'200, "web#2.1");
  segment(1, RolloutPhase::Scheduling, 20'200, 20'210, "web#2.1");
  segment(2, RolloutPhase::ContainerStart, 20'210, 20'500, "web#2.1");
  segment(3, RolloutPhase::ApplicationStart, 20'500, 21'100, "web#2.1");
  segment(4, RolloutPhase::Controller, 21'100, 21'140, "web#1.1");
  segment(5, RolloutPhase::Stop, 21'140, 22'500, "web#1.1");
}

TEST(CriticalPath, OfAFirstStartEndsWithTheStatus) {
  RecordingBuilder builder;
  SmallRollout(builder).record();
  const auto recording = builder.finish(60'000);
  const RunHistory history = RunHistory::of(recording);
  const auto path = critical_path(rollouts_of(history.deployments[0], history)[0], history);
  SimDuration sum;
  for (const RolloutSegment& segment : path) sum += segment.until - segment.from;
  EXPECT_EQ(sum, milliseconds(1'000));
  EXPECT_EQ(path.back().phase, RolloutPhase::Controller);
  EXPECT_EQ(path.back().from, at_ms(900));
}

TEST(Attribution, OfARolloutPutsASlowerStartWhereItBelongs) {
  RecordingBuilder sim;
  SmallRollout(sim).record();
  const auto a = sim.finish(60'000);
  RecordingBuilder docker("docker");
  SmallRollout(docker, "y", 200).record();
  const auto b = docker.finish(60'000);
  const RunHistory history_a = RunHistory::of(a);
  const RunHistory history_b = RunHistory::of(b);
  const auto rollout_a = rollouts_of(history_a.deployments[0], history_a)[1];
  const auto rollout_b = rollouts_of(history_b.deployments[0], history_b)[1];
  const auto table = attribute_rollout(rollout_a, history_a, rollout_b, history_b);
  ASSERT_TRUE(table);
  EXPECT_DOUBLE_EQ(table->total_a, 2'500);
  EXPECT_DOUBLE_EQ(table->total_b, 2'700);
  EXPECT_NEAR(table->imbalance(), 0, 1e-9);
  EXPECT_EQ(table->largest()->mechanism, "application start, probe");
  for (const auto& row : table->rows) EXPECT_NEAR(row.difference(), row.mechanism == "application start, probe" ? -200 : 0, 1e-9) << row.mechanism;
}

TEST(Attribution, OfResponseTimesAddsUpToTheMean) {
  RecordingBuilder left, right("docker");
  // Latencies 2,000 and 4,000 µs against 3,000 and 5,000 µs; each: lag 10, queue 20, throttled 40, waits 60, transport 100 µs.
  left.request(request(0, 0, 2'000));
  left.request(request(1, 5, 4'000));
  right.request(request(0, 0, 3'000));
  right.request(request(1, 5, 5'000));
  const auto a = left.finish(1'000);
  const auto b = right.finish(1'000);
  const auto table = attribute_response_time(a, b, "users");
  ASSERT_TRUE(table);
  ASSERT_EQ(table->rows.size(), 6u);
  EXPECT_NEAR(table->total_a, 3.0, 1e-12);
  EXPECT_NEAR(table->total_b, 4.0, 1e-12);
  const double expected[6][2] = {{0.01, 0.01}, {0.10, 0.10}, {0.02, 0.02}, {2.77, 3.77}, {0.04, 0.04}, {0.06, 0.06}};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(table->rows[i].a, expected[i][0], 1e-9) << table->rows[i].mechanism;
    EXPECT_NEAR(table->rows[i].b, expected[i][1], 1e-9) << table->rows[i].mechanism;
  }
  EXPECT_NEAR(table->imbalance(), 0, 1e-9);
  EXPECT_EQ(table->largest()->mechanism, "CPU service");
}

TEST(Attribution, AccountsForAnswersWithoutAReport) {
  RecordingBuilder left, right("docker");
  left.request(request(0, 0, 2'000));
  record::RequestRecord page = request(1, 5, 500, 502);
  page.queued = page.service = page.cpu = page.throttled = nanoseconds(-1);
  left.request(page);
  right.request(request(0, 0, 2'000));
  const auto a = left.finish(1'000);
  const auto b = right.finish(1'000);
  const auto table = attribute_response_time(a, b, "users");
  ASSERT_TRUE(table);
  EXPECT_NEAR(table->total_a, 1.25, 1e-12);
  EXPECT_EQ(table->rows.back().mechanism, "answers without a replica's report");
  EXPECT_NEAR(table->rows.back().a, -0.75, 1e-12);
  EXPECT_NEAR(table->imbalance(), 0, 1e-9);
}

TEST(Attribution, JoinsThrottlingWithWaitsWhereASideCannotSeeIt) {
  RecordingBuilder left, right("docker");
  left.request(request(0, 0, 2'000));
  record::RequestRecord blind = request(0, 0, 2'000);
  blind.throttled = nanoseconds(-1);
  right.request(blind);
  const auto a = left.finish(1'000);
  const auto b = right.finish(1'000);
  const auto table = attribute_response_time(a, b, "users");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows.back().mechanism, "contention, throttling, waits");
  EXPECT_NEAR(table->rows.back().a, 0.1, 1e-12);
  EXPECT_NEAR(table->rows.back().b, 0.1, 1e-12);
}

TEST(Replay, OfARecordedRolloutGivesItsRecordedSizes) {
  RecordingBuilder builder;
  SmallRollout(builder).record();
  const auto recording = builder.finish(60'000);
  const RunHistory history = RunHistory::of(recording);
  const auto input = replay_input_of(history.deployments[0], recording, history, cluster::DeliveryProfile::instant());
  ASSERT_EQ(input.actions.size(), 2u) << "the creation and the new image; no pod was deleted by hand";
  ASSERT_EQ(input.pods.size(), 4u);
  const auto comparisons = replay_and_compare(recording, history, cluster::DeliveryProfile::instant());
  ASSERT_TRUE(comparisons) << to_string(comparisons.error());
  ASSERT_EQ(comparisons->size(), 1u);
  const ReplayComparison& comparison = (*comparisons)[0];
  EXPECT_EQ(control::to_string(comparison.recorded), "[1,-1,2] [2,-1,0] [1,2,1] [2,0,1] [1,1,0] [2,1,2]");
  EXPECT_TRUE(comparison.same_joined) << control::to_string(comparison.replayed);
}

TEST(Replay, TakesADeletionByHandForAnAction) {
  RecordingBuilder builder;
  cluster::ReplicaSet set;
  set.meta.name = "web-1";
  set.meta.namespace_ = "default";
  set.meta.uid = "rs";
  set.meta.owner_references = {owner("Deployment", "web", "d")};
  set.spec.replicas = 1;
  set.spec.pod_template = pod_template("web:1.0.0");
  cluster::Deployment deployment;
  deployment.meta.name = "web";
  deployment.meta.namespace_ = "default";
  deployment.meta.uid = "d";
  deployment.meta.generation = 1;
  deployment.spec.replicas = 1;
  deployment.spec.selector = cluster::LabelSelector{{{"app", "web"}}, {}};
  deployment.spec.pod_template = pod_template("web:1.0.0");
  builder.put(0, deployment);
  builder.put(0, set);
  cluster::Pod pod;
  pod.meta.name = "web-1-a";
  pod.meta.namespace_ = "default";
  pod.meta.uid = "p";
  pod.meta.owner_references = {owner("ReplicaSet", "web-1", "rs")};
  pod.node_name = "kind-worker";
  builder.put(10, pod);
  pod.meta.deletion_timestamp = at_ms(40'000);
  builder.put(10'000, pod);
  builder.remove(11'000, pod);
  const auto recording = builder.finish(20'000);
  const RunHistory history = RunHistory::of(recording);
  const auto input = replay_input_of(history.deployments[0], recording, history, cluster::DeliveryProfile::instant());
  ASSERT_EQ(input.actions.size(), 2u);
  ASSERT_TRUE(std::holds_alternative<control::DeletePod>(input.actions[1].what));
  EXPECT_EQ(input.actions[1].at, at_ms(10'000));
  EXPECT_EQ(input.settle, milliseconds(9'000));
}

}  // namespace
}  // namespace tandem::judge
