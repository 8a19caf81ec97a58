// kubernetes-semantics §3: slow start, deletion ranking (example A is recorded from the real controller), expectations,
// adoption and release, failed and terminating pods, the ReplicaFailure condition.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/control/replica_set_controller.hpp"
#include "core/control/replica_set_plan.hpp"
#include "core/control/replica_set_ranking.hpp"

namespace tandem::control {
namespace {

using namespace cluster;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr SimTime kNow{seconds(100'000).ns};

struct PodDraft {
  std::string name{};
  std::string node = "its own";
  PodPhase phase = PodPhase::Running;
  std::optional<std::int64_t> ready_for{};
  std::int32_t restarts = 0;
  std::string cost{};
  std::int64_t age = 1000;
  std::string uid{};
};

Ptr<Pod> pod_of(const PodDraft& draft) {
  Pod pod;
  pod.meta.name = draft.name;
  pod.meta.uid = draft.uid.empty() ? draft.name : draft.uid;
  pod.meta.creation_timestamp = SimTime{kNow.ns - seconds(draft.age).ns};
  if (!draft.cost.empty()) pod.meta.annotations = Labels{{std::string(kPodDeletionCostAnnotation), draft.cost}};
  pod.node_name = draft.node == "its own" ? "node-of-" + draft.name : draft.node;
  pod.status.phase = draft.phase;
  if (draft.ready_for) {
    Condition ready;
    ready.type = "Ready";
    ready.status = ConditionStatus::True;
    ready.last_transition_time = SimTime{kNow.ns - seconds(*draft.ready_for).ns};
    pod.status.conditions.push_back(ready);
  }
  ContainerStatus container;
  container.restart_count = draft.restarts;
  pod.status.container_statuses.push_back(container);
  return std::make_shared<const Pod>(std::move(pod));
}

std::vector<std::string> deletion_order(const std::vector<PodDraft>& drafts) {
  std::vector<Ptr<Pod>> pods;
  for (const auto& draft : drafts) pods.push_back(pod_of(draft));
  const PodsPerNode related = active_pods_per_node(pods);
  std::vector<std::string> names;
  for (const auto& pod : choose_pods_to_delete(pods, related, pods.size() - 1, kNow)) names.push_back(pod->meta.name);
  return names;
}

TEST(DeletionRanking, ExampleA_OfSection3) {
  // Given in an order that is nearly the reverse, so that nothing is right by luck.
  EXPECT_THAT(deletion_order({
                  {.name = "cost 5", .ready_for = 100, .cost = "5"},
                  {.name = "ready 550", .ready_for = 550, .uid = "a"},
                  {.name = "ready 600", .ready_for = 600, .uid = "b"},
                  {.name = "ready 100", .ready_for = 100},
                  {.name = "shared 500", .node = "n", .ready_for = 500, .uid = "d"},
                  {.name = "shared 400", .node = "n", .ready_for = 400, .uid = "c"},
                  {.name = "cost -1", .ready_for = 900, .cost = "-1"},
                  {.name = "not ready", .restarts = 0},
                  {.name = "not ready, 7 restarts", .restarts = 7},
                  {.name = "pending", .phase = PodPhase::Pending},
                  {.name = "unassigned", .node = "", .phase = PodPhase::Pending},
              }),
              ElementsAre("unassigned", "pending", "not ready, 7 restarts", "not ready", "cost -1", "shared 400", "shared 500",
                          "ready 100", "ready 550", "ready 600"));
}

TEST(DeletionRanking, AgesInOneLogarithmicBucketGoByUidAndDifferentBucketsByAge) {
  // ExampleB: 275–550 s is bucket 38, 550–1100 s is 39.
  EXPECT_THAT(deletion_order({{.name = "x", .ready_for = 300, .uid = "2"}, {.name = "y", .ready_for = 540, .uid = "1"}}),
              ElementsAre("y"));
  EXPECT_THAT(deletion_order({{.name = "x", .ready_for = 300, .uid = "2"}, {.name = "y", .ready_for = 560, .uid = "1"}}),
              ElementsAre("x"));
}

TEST(DeletionRanking, PodsCreatedAndReadyInTheSameSecondKeepTheOrderGiven) {
  EXPECT_THAT(deletion_order({{.name = "z", .ready_for = 10}, {.name = "y", .ready_for = 10}, {.name = "x", .ready_for = 10}}),
              ElementsAre("z", "y"));
}

TEST(DeletionRanking, ACostThatKubernetesWouldNotParseCountsAsZero) {
  for (const char* text : {"+1", "01", "1.5", "x", ""}) {
    EXPECT_EQ(deletion_cost(*pod_of({.name = "p", .cost = text})), 0) << text;
  }
  EXPECT_EQ(deletion_cost(*pod_of({.name = "p", .cost = "-10"})), -10);
  EXPECT_EQ(deletion_cost(*pod_of({.name = "p", .cost = "2147483647"})), 2147483647);
}

TEST(SlowStart, BatchesDoubleFromOne) {
  EXPECT_THAT(slow_start_batches(4), ElementsAre(1, 2, 1));
  EXPECT_THAT(slow_start_batches(10), ElementsAre(1, 2, 4, 3));
  EXPECT_THAT(slow_start_batches(500), ElementsAre(1, 2, 4, 8, 16, 32, 64, 128, 245));
  EXPECT_THAT(slow_start_batches(0), IsEmpty());
}

// ---------------------------------------------------------------- the controller

ReplicaSet replica_set_of(std::int32_t replicas) {
  ReplicaSet replica_set;
  replica_set.meta.namespace_ = "default";
  replica_set.meta.name = "a";
  replica_set.spec.replicas = replicas;
  replica_set.spec.selector = LabelSelector{{{"app", "a"}}, {}};
  PodTemplate pod_template;
  pod_template.labels = Labels{{"app", "a"}};
  replica_set.spec.pod_template = std::move(pod_template);
  return replica_set;
}
const ObjectKey kReplicaSet{"default", "a"};

/// Records when creations are asked for, and fails those beyond a quota.
class RecordingPodControl final : public PodControl {
 public:
  RecordingPodControl(ApiClient& client, Clock& clock, int& quota, std::vector<SimTime>& asked)
      : direct_(client), clock_(clock), quota_(quota), asked_(asked) {}
  void create(Pod pod, Answer answer) override {
    asked_.push_back(clock_.now());
    if (quota_ == 0) return answer(fail(ErrorCode::ApiInvalid, "pods is forbidden: exceeded quota"));
    --quota_;
    direct_.create(std::move(pod), std::move(answer));
  }
  void remove(const ObjectKey& pod, Answer answer) override { direct_.remove(pod, std::move(answer)); }

 private:
  ApiPodControl direct_;
  Clock& clock_;
  int& quota_;
  std::vector<SimTime>& asked_;
};

class ReplicaSetTest : public ::testing::Test {
 protected:
  void start(DeliveryProfile profile) {
    server = std::make_unique<ApiServer>(clock, profile, 1);
    informers = std::make_unique<OwnedInformers>(*server, profile.watch_delay);
    controller = std::make_unique<ReplicaSetController>(
        clock, *server, informers->shared(), WorkMode::Automatic,
        [this](ApiClient& client) { return std::make_unique<RecordingPodControl>(client, clock, quota, asked); });
  }
  void run(SimDuration duration) { clock.run_until(clock.now() + duration); }
  [[nodiscard]] ReplicaSet current() const { return *server->get<ReplicaSet>(kReplicaSet); }
  [[nodiscard]] std::vector<Ptr<Pod>> pods() const { return server->list<Pod>(); }

  FakeClock clock;
  int quota = 1'000'000;
  std::vector<SimTime> asked;
  std::unique_ptr<ApiServer> server;
  std::unique_ptr<OwnedInformers> informers;
  std::unique_ptr<ReplicaSetController> controller;
};

DeliveryProfile slow_watch() {
  DeliveryProfile profile = DeliveryProfile::instant();
  profile.write_latency = milliseconds(5);
  profile.watch_delay = milliseconds(200);
  profile.controller_workers = 5;
  return profile;
}

TEST_F(ReplicaSetTest, CreatesABatchOnlyAfterTheWholePreviousOneWasAnswered) {
  start(slow_watch());
  ASSERT_TRUE(server->create(replica_set_of(10)).has_value());
  run(seconds(1));
  const SimTime first = asked.at(0);
  std::vector<std::int64_t> offsets;
  for (const SimTime at : asked) offsets.push_back((at - first).ns / 1'000'000);
  EXPECT_THAT(offsets, ElementsAre(0, 5, 5, 10, 10, 10, 10, 15, 15, 15));
}

TEST_F(ReplicaSetTest, NeverCreatesTwiceWhatItsLaggingCacheDoesNotShowYet) {
  start(slow_watch());
  ASSERT_TRUE(server->create(replica_set_of(7)).has_value());
  // Status writes and other changes wake it up again long before the informer shows the pods.
  for (int i = 0; i < 40; ++i) {
    clock.at(SimTime{milliseconds(210 + 5 * i).ns}, EventClass::Timeline, 0, [this, i] {
      ASSERT_TRUE(server
                      ->patch<ReplicaSet>(kReplicaSet,
                                          [i](ReplicaSet& edited) {
                                            edited.meta.annotations = Labels{{"touched", std::to_string(i)}};
                                          })
                      .has_value());
    });
  }
  run(seconds(3));
  EXPECT_EQ(pods().size(), 7U);
  EXPECT_EQ(asked.size(), 7U);
}

TEST_F(ReplicaSetTest, ActsAgainFiveMinutesAfterAnExpectationThatNeverComesTrue) {
  ReplicaSetExpectations expectations;
  expectations.expect_creations(kReplicaSet, 2, kTimeZero);
  expectations.creation_observed(kReplicaSet);
  EXPECT_FALSE(expectations.satisfied(kReplicaSet, SimTime{seconds(300).ns}));
  EXPECT_TRUE(expectations.satisfied(kReplicaSet, SimTime{seconds(300).ns + 1}));
  expectations.creation_observed(kReplicaSet);
  EXPECT_TRUE(expectations.satisfied(kReplicaSet, kTimeZero));
}

TEST_F(ReplicaSetTest, ADeletionSeenTwiceCountsOnce) {
  ReplicaSetExpectations expectations;
  const ObjectKey p{"default", "p"};
  const ObjectKey q{"default", "q"};
  expectations.expect_deletions(kReplicaSet, {p, q}, kTimeZero);
  expectations.deletion_observed(kReplicaSet, p);
  expectations.deletion_observed(kReplicaSet, p);
  EXPECT_FALSE(expectations.satisfied(kReplicaSet, kTimeZero));
  expectations.deletion_observed(kReplicaSet, q);
  EXPECT_TRUE(expectations.satisfied(kReplicaSet, kTimeZero));
}

TEST_F(ReplicaSetTest, AQuotaShowsAsReplicaFailureAndTheRestFollowsWhenItIsLifted) {
  start(DeliveryProfile::instant());
  quota = 6;
  ASSERT_TRUE(server->create(replica_set_of(10)).has_value());
  run(seconds(1));
  EXPECT_EQ(pods().size(), 6U);
  const ReplicaSet failing = current();
  const Condition* failure = find_condition(failing.status.conditions, "ReplicaFailure");
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->reason, "FailedCreate");
  EXPECT_EQ(failing.status.replicas, 6);
  quota = 1'000'000;
  run(seconds(60));
  EXPECT_EQ(pods().size(), 10U);
  EXPECT_THAT(current().status.conditions, IsEmpty());
}

TEST_F(ReplicaSetTest, CreatesAtMostFiveHundredPodsInOneSync) {
  start(DeliveryProfile::instant());
  std::vector<CreationPass> passes;
  controller->on_creation_pass([&](const CreationPass& pass) { passes.push_back(pass); });
  ASSERT_TRUE(server->create(replica_set_of(1200)).has_value());
  run(seconds(1));
  ASSERT_EQ(passes.size(), 3U);
  EXPECT_EQ(passes[0].successes, 500);
  EXPECT_EQ(passes[1].successes, 500);
  EXPECT_EQ(passes[2].successes, 200);
}

TEST_F(ReplicaSetTest, ReplacesAFailedPodAndLeavesItBehind) {
  start(DeliveryProfile::instant());
  ASSERT_TRUE(server->create(replica_set_of(3)).has_value());
  run(seconds(1));
  const auto victim = pods().front();
  ASSERT_TRUE(server->patch<Pod>(key_of(victim->meta), [](Pod& p) { p.status.phase = PodPhase::Failed; }).has_value());
  run(seconds(1));
  EXPECT_EQ(pods().size(), 4U);
  EXPECT_EQ(current().status.replicas, 3);
}

TEST_F(ReplicaSetTest, ReplacesATerminatingPodWithoutWaitingForItsEnd) {
  start(DeliveryProfile::instant());
  ASSERT_TRUE(server->create(replica_set_of(2)).has_value());
  run(seconds(1));
  const auto victim = pods().front();
  ASSERT_TRUE(server->bind(key_of(victim->meta), victim->meta.uid, "n").has_value());
  ASSERT_TRUE(server->remove<Pod>(key_of(victim->meta)).has_value());
  run(milliseconds(1));
  EXPECT_EQ(pods().size(), 3U);
  EXPECT_EQ(current().status.replicas, 2);
}

TEST_F(ReplicaSetTest, AdoptsAMatchingOrphanInsteadOfCreatingAndReleasesAPodThatNoLongerMatches) {
  start(DeliveryProfile::instant());
  Pod orphan;
  orphan.meta.namespace_ = "default";
  orphan.meta.name = "orphan";
  orphan.meta.labels = Labels{{"app", "a"}};
  ASSERT_TRUE(server->create(orphan).has_value());
  ASSERT_TRUE(server->create(replica_set_of(2)).has_value());
  run(seconds(1));
  EXPECT_EQ(pods().size(), 2U);
  EXPECT_EQ(controller_of(server->get<Pod>({"default", "orphan"})->meta)->uid, current().meta.uid);

  ASSERT_TRUE(server->patch<Pod>({"default", "orphan"}, [](Pod& p) { p.meta.labels = Labels{{"app", "debug"}}; }).has_value());
  run(seconds(1));
  EXPECT_EQ(pods().size(), 3U);
  EXPECT_EQ(controller_of(server->get<Pod>({"default", "orphan"})->meta), nullptr);
  EXPECT_EQ(current().status.replicas, 2);
}

TEST_F(ReplicaSetTest, StatusLagsOneSyncBehindItsOwnCreations) {
  start(DeliveryProfile::instant());
  std::vector<std::int32_t> replicas;
  const auto subscription = server->on_commit<ReplicaSet>([&](const Change<ReplicaSet>& change) {
    if (change.type == ChangeType::Modified) replicas.push_back(change.object->status.replicas);
  });
  ASSERT_TRUE(server->create(replica_set_of(3)).has_value());
  run(seconds(1));
  EXPECT_THAT(replicas, ElementsAre(0, 3));
}

TEST_F(ReplicaSetTest, NamesPodsAfterItselfAndOwnsThem) {
  start(DeliveryProfile::instant());
  ASSERT_TRUE(server->create(replica_set_of(2)).has_value());
  run(seconds(1));
  for (const auto& pod : pods()) {
    EXPECT_TRUE(pod->meta.name.starts_with("a-")) << pod->meta.name;
    EXPECT_EQ(pod->meta.name.size(), 7U) << "five random characters";
    ASSERT_NE(controller_of(pod->meta), nullptr);
    EXPECT_EQ(controller_of(pod->meta)->kind, "ReplicaSet");
    EXPECT_TRUE(controller_of(pod->meta)->block_owner_deletion);
  }
}

class HundredPods : public ReplicaSetTest {
 protected:
  struct Times {
    double pod_15 = 0;      ///< creation of the 15th pod, in seconds
    double last_pod = 0;
    double last_write = 0;  ///< of a pod or an event
  };
  Times scale_up(const DeliveryProfile& profile) {
    start(profile);
    EXPECT_TRUE(server->create(replica_set_of(100)).has_value());
    std::vector<double> pods_at;
    Times times;
    const auto pod_watch = server->on_commit<Pod>([&](const Change<Pod>& change) {
      if (change.type == ChangeType::Added) pods_at.push_back(to_seconds(change.committed_at - kTimeZero));
    });
    const auto event_watch = server->on_commit<Event>([&](const Change<Event>& change) { times.last_write = to_seconds(change.committed_at - kTimeZero); });
    run(seconds(30));
    EXPECT_EQ(pods_at.size(), 100U);
    if (pods_at.size() != 100) return times;
    times.pod_15 = pods_at[14];
    times.last_pod = pods_at.back();
    times.last_write = std::max(times.last_write, times.last_pod);
    return times;
  }
};

TEST_F(HundredPods, Section10ExampleATwoTokensAPod) {
  // The example's premise: a pod costs two tokens, its creation and its event. 30 saved, 20 a second: 200 writes end after
  // (200 - 30) / 20 = 8.5 s. The last batch of slow start asks for its 37 creations at once, before their events: the last pod
  // comes after (100 + 63 - 30) / 20 = 6.65 s.
  DeliveryProfile profile = DeliveryProfile::kubernetes();
  profile.event_burst = 1000;
  const Times times = scale_up(profile);
  EXPECT_LT(times.pod_15, 0.06) << "batches of 1, 2, 4 and 8 within the saved tokens";
  EXPECT_NEAR(times.last_write, 8.5, 0.1);
  EXPECT_NEAR(times.last_pod, 6.65, 0.1);
}

TEST_F(HundredPods, TheEventRecorderSavesTokens) {
  // With the recorder's own limit (§2.7) only 25 events about one ReplicaSet reach the server: (100 + 25 - 30) / 20 s.
  EXPECT_NEAR(scale_up(DeliveryProfile::kubernetes()).last_pod, 4.75, 0.1);
}

}  // namespace
}  // namespace tandem::control
