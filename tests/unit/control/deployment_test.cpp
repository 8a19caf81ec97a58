// The worked examples of kubernetes-semantics §2.8 (A–K, [V]: recorded from the real controllers), the two sequences that the
// real cluster of the course showed, and what no recorded family reaches: collisions, adoption, undo's refusals.

#include <gmock/gmock.h>

#include "core/control/deployment_arithmetic.hpp"
#include "core/control/deployment_status.hpp"
#include "tests/unit/control/rollout_fixture.hpp"

namespace tandem::control {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Sizes = std::vector<std::string>;

DeploymentSpec spec_of(std::int32_t replicas, IntOrString surge, IntOrString unavailable) {
  return deployment_of(replicas, std::move(surge), std::move(unavailable)).spec;
}

TEST(RolloutBounds, FollowTheTableOfSection2_1) {
  const auto quarter = [](std::int32_t replicas) { return rollout_bounds(spec_of(replicas, percent(25), percent(25))); };
  EXPECT_EQ(quarter(1), (RolloutBounds{1, 0}));
  EXPECT_EQ(quarter(3), (RolloutBounds{1, 0}));
  EXPECT_EQ(quarter(4), (RolloutBounds{1, 1}));
  EXPECT_EQ(quarter(10), (RolloutBounds{3, 2}));
  EXPECT_EQ(rollout_bounds(spec_of(7, percent(30), percent(30))), (RolloutBounds{3, 2}));
  EXPECT_EQ(rollout_bounds(spec_of(2, percent(0), percent(1))), (RolloutBounds{0, 1}));
}

TEST(RolloutBounds, NeverAllowMoreUnavailablePodsThanThereAreAndNoneForZeroReplicas) {
  EXPECT_EQ(rollout_bounds(spec_of(2, count(0), count(5))).unavailable, 2);
  EXPECT_EQ(rollout_bounds(spec_of(0, count(0), count(5))).unavailable, 0);
}

TEST(RollingUpdate, ExampleA_FourReplicasOnePodReadyAtATime) {
  const auto rollout = Rollout::complete(deployment_of(4, count(1), count(1)));
  rollout->set_image("web:2");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 0→1", "v1 4→3", "v2 1→2"));
  const DeploymentStatus status = rollout->web().status;
  EXPECT_EQ(status.replicas, 5);
  EXPECT_EQ(status.updated_replicas, 2);
  EXPECT_EQ(status.ready_replicas, 3);
  EXPECT_EQ(status.available_replicas, 3);
  EXPECT_EQ(status.unavailable_replicas, 2);
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 3→2", "v2 2→3"));
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 2→1", "v2 3→4"));
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 1→0"));
  EXPECT_EQ(rollout->reason_of(kConditionProgressing), kReasonReplicaSetUpdated);
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), IsEmpty());
  EXPECT_EQ(rollout->reason_of(kConditionProgressing), kReasonNewReplicaSetAvailable);
}

TEST(RollingUpdate, ExampleA_BothPendingPodsReadyInOneStatusUpdateGiveTheShorterSequence) {
  const auto rollout = Rollout::complete(deployment_of(4, count(1), count(1)));
  rollout->set_image("web:2");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 0→1", "v1 4→3", "v2 1→2"));
  rollout->make_ready(2);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 3→1", "v2 2→4"));
  rollout->make_ready(2);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 1→0"));
}

TEST(RollingUpdate, ExampleB_TenReplicasWithAQuarterOfSurgeAndUnavailability) {
  const auto rollout = Rollout::complete(deployment_of(10, percent(25), percent(25)));
  rollout->set_image("web:2");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 0→3", "v1 10→8", "v2 3→5"));
  for (int size = 5; size < 10; ++size) {
    rollout->make_ready(1);
    EXPECT_EQ(rollout->take_changes(), (Sizes{"v1 " + std::to_string(13 - size) + "→" + std::to_string(12 - size),
                                              "v2 " + std::to_string(size) + "→" + std::to_string(size + 1)}));
  }
  for (int old = 3; old > 0; --old) {
    rollout->make_ready(1);
    EXPECT_EQ(rollout->take_changes(), (Sizes{"v1 " + std::to_string(old) + "→" + std::to_string(old - 1)}));
  }
}

TEST(RollingUpdate, ExampleC_ThreeReplicasWithDefaultBounds) {
  const auto rollout = Rollout::complete(deployment_of(3, percent(25), percent(25)));
  rollout->set_image("web:2");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 0→1"));
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 3→2", "v2 1→2"));
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 2→1", "v2 2→3"));
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 1→0"));
}

TEST(RollingUpdate, ExampleD_OneReplica) {
  const auto rollout = Rollout::complete(deployment_of(1, percent(25), percent(25)));
  rollout->set_image("web:2");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 0→1"));
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 1→0"));
}

TEST(RollingUpdate, ExampleE_NoSurgeCreatesTheNewReplicaSetEmptyAndWithoutAnEvent) {
  const auto rollout = Rollout::complete(deployment_of(3, count(0), count(1)));
  std::vector<std::string> events;
  rollout->deployments.on_event([&](const Deployment&, const PostEvent& event) { events.push_back(event.message); });
  rollout->set_image("web:2");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 3→2", "v2 0→1"));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_THAT(events[0], HasSubstr("Scaled down replica set web-"));
  EXPECT_THAT(events[0], HasSubstr(" from 3 to 2"));
  EXPECT_THAT(events[1], HasSubstr(" from 0 to 1"));
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 2→1", "v2 1→2"));
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 1→0", "v2 2→3"));
}

TEST(RollingUpdate, ExampleF_AStuckRolloutIsUndoneByRemovingTheUnhealthyPodsFirst) {
  const auto rollout = Rollout::complete(deployment_of(4, count(1), count(1)));
  rollout->set_image("web:broken");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 0→1", "v1 4→3", "v2 1→2"));
  rollout->advance(seconds(3600));
  EXPECT_THAT(rollout->take_changes(), IsEmpty());
  ASSERT_TRUE(undo(rollout->server, kWeb).has_value());
  rollout->settle();
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 2→0", "v1 3→4"));
  for (const auto& replica_set : rollout->server.list<ReplicaSet>()) {
    if (replica_set->spec.replicas == 0) continue;
    EXPECT_EQ(revision_of(replica_set->meta), 3);
    EXPECT_EQ(replica_set->meta.annotations->at(std::string(kRevisionHistoryAnnotation)), "1");
  }
  EXPECT_EQ(revision_of(rollout->web().meta), 3);
}

TEST(RollingUpdate, ExampleG_ScalingInTheMiddleKeepsTheProportions) {
  const auto rollout = Rollout::complete(deployment_of(10, count(3), count(2)));
  rollout->set_image("web:broken");
  rollout->take_changes();
  rollout->scale(15);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 8→11", "v2 5→7"));
}

TEST(RollingUpdate, ExampleH_AThirdVersionTakesTheRoomOfTheUnhealthySecond) {
  const auto rollout = Rollout::complete(deployment_of(10, count(3), count(2)));
  rollout->set_image("web:broken");
  rollout->take_changes();
  rollout->set_image("web:3");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 5→0", "v3 0→5"));
  rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 8→7", "v3 5→6"));
}

TEST(Recreate, ExampleI_WaitsForTheLastOldPodBeforeCreatingTheNewVersion) {
  Deployment deployment = deployment_of(3, percent(25), percent(25));
  deployment.spec.strategy.type = "Recreate";
  deployment.spec.pod_template.edit(
      [](PodTemplate& t) { t.spec.edit([](PodSpec& s) { s.termination_grace_period_seconds = 30; }); });
  const auto rollout = Rollout::complete(std::move(deployment));
  rollout->set_image("web:2");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 3→0"));
  auto pods = rollout->server.list<Pod>();
  ASSERT_EQ(pods.size(), 3U);
  for (const auto& pod : pods) {
    EXPECT_THAT(rollout->take_changes(), IsEmpty()) << "while " << pod->meta.name << " still stops";
    ASSERT_TRUE(rollout->server.remove<Pod>(key_of(pod->meta), {.grace_period_seconds = 0, .uid = {}}).has_value());
    rollout->settle();
  }
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 0→3"));
}

TEST(Pause, ExampleJ_ChangesWaitForResumeButScalingDoesNot) {
  const auto rollout = Rollout::complete(deployment_of(4, count(1), count(1)));
  rollout->edit([](Deployment& d) { d.spec.paused = true; });
  EXPECT_EQ(rollout->reason_of(kConditionProgressing), kReasonPaused);
  rollout->set_image("web:2");
  EXPECT_THAT(rollout->take_changes(), IsEmpty());
  rollout->scale(6);
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 4→6"));
  rollout->make_ready(2);
  rollout->edit([](Deployment& d) { d.spec.paused = false; });
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 0→1", "v1 6→5", "v2 1→2"));
}

TEST(MinReadySeconds, ExampleK_OldPodsGoWhenTheNewOneHasBeenReadyLongEnough) {
  Deployment deployment = deployment_of(2, count(1), count(0));
  deployment.spec.min_ready_seconds = 2;
  const auto rollout = Rollout::complete(std::move(deployment));
  rollout->advance(seconds(5));
  rollout->set_image("web:2");
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v2 0→1"));
  rollout->make_ready(1);
  rollout->advance(milliseconds(1990) - seconds(0));
  EXPECT_THAT(rollout->take_changes(), IsEmpty());
  rollout->advance(milliseconds(20));
  EXPECT_THAT(rollout->take_changes(), ElementsAre("v1 2→1", "v2 1→2"));
}

TEST(CourseCluster, StaggeredReadinessGivesTheSequenceSeenOnTheRealCluster) {
  const auto rollout = Rollout::complete(deployment_of(4, count(1), count(1)));
  rollout->set_image("web:1.0.1");
  for (int i = 0; i < 4; ++i) rollout->make_ready(1);
  EXPECT_THAT(rollout->take_changes(),
              ElementsAre("v2 0→1", "v1 4→3", "v2 1→2", "v1 3→2", "v2 2→3", "v1 2→1", "v2 3→4", "v1 1→0"));
}

TEST(Deadline, APodlessRolloutTimesOutBetween600And601SecondsAfterItsLastProgress) {
  const auto rollout = Rollout::complete(deployment_of(2, count(1), count(0)));
  rollout->set_image("web:broken");
  const Deployment web = rollout->web();
  const SimTime last = *find_condition(web.status.conditions, kConditionProgressing)->last_update_time;
  rollout->advance(last + seconds(600) - rollout->clock.now());
  EXPECT_NE(rollout->reason_of(kConditionProgressing), kReasonDeadlineExceeded);
  rollout->advance(milliseconds(1100));
  EXPECT_EQ(rollout->reason_of(kConditionProgressing), kReasonDeadlineExceeded);
}

TEST(History, OnlyTheNewestOldVersionsAreKept) {
  Deployment deployment = deployment_of(1, count(1), count(0));
  deployment.spec.revision_history_limit = 2;
  const auto rollout = Rollout::complete(std::move(deployment));
  for (const char* image : {"web:2", "web:3", "web:4", "web:5"}) {
    rollout->set_image(image);
    rollout->make_ready(1);
  }
  std::vector<std::int64_t> revisions;
  for (const auto& replica_set : rollout->server.list<ReplicaSet>()) revisions.push_back(revision_of(replica_set->meta));
  EXPECT_THAT(revisions, ::testing::UnorderedElementsAre(3, 4, 5));
}

// ---------------------------------------------------------------- names, hashes, ownership

TEST(TemplateHash, IsFnv1aInTheDigitsThatNamesUse) {
  const std::string hash = template_hash(template_with_image("web:1"), std::nullopt);
  EXPECT_LE(hash.size(), 10U);
  EXPECT_EQ(hash.find_first_not_of("456789bcdf"), std::string::npos);
  EXPECT_EQ(template_hash(template_with_image("web:1"), std::nullopt), hash);
  EXPECT_NE(template_hash(template_with_image("web:2"), std::nullopt), hash);
  EXPECT_NE(template_hash(template_with_image("web:1"), 1), hash);
}

TEST(TemplateHash, DoesNotCountTheHashLabelItself) {
  PodTemplate labelled = template_with_image("web:1");
  labelled.labels.edit([](Labels& labels) { labels["pod-template-hash"] = "bcdf"; });
  EXPECT_EQ(template_hash(labelled, std::nullopt), template_hash(template_with_image("web:1"), std::nullopt));
  EXPECT_TRUE(same_template(labelled, template_with_image("web:1")));
  EXPECT_FALSE(same_template(labelled, template_with_image("web:2")));
}

TEST(NameCollision, ATakenNameRaisesTheCollisionCountAndAnotherHashIsTried) {
  const std::string taken = replica_set_name("web", template_hash(template_with_image("web:1"), std::nullopt));
  Rollout rollout(deployment_of(2, count(1), count(1)));
  ReplicaSet stranger;
  stranger.meta.namespace_ = "default";
  stranger.meta.name = taken;
  stranger.spec.replicas = 0;
  stranger.spec.selector = LabelSelector{{{"app", "other"}}, {}};
  PodTemplate other;
  other.labels = Labels{{"app", "other"}};
  stranger.spec.pod_template = other;
  ASSERT_TRUE(rollout.server.create(stranger).has_value());
  rollout.settle();
  EXPECT_EQ(rollout.web().status.collision_count, 1);
  const std::string name = replica_set_name("web", template_hash(template_with_image("web:1"), 1));
  ASSERT_TRUE(rollout.server.get<ReplicaSet>({"default", name}));
  EXPECT_EQ(rollout.server.get<ReplicaSet>({"default", name})->spec.replicas, 2);
}

TEST(Adoption, AnOwnerlessReplicaSetWithTheSameTemplateBecomesTheNewOne) {
  Rollout rollout(deployment_of(3, count(1), count(1)));
  ReplicaSet orphan;
  orphan.meta.namespace_ = "default";
  orphan.meta.name = "left-over";
  orphan.meta.labels = Labels{{"app", "web"}};
  orphan.spec.replicas = 1;
  orphan.spec.selector = LabelSelector{{{"app", "web"}}, {}};
  orphan.spec.pod_template = template_with_image("web:1");
  ASSERT_TRUE(rollout.server.create(orphan).has_value());
  rollout.settle();
  const auto all = rollout.server.list<ReplicaSet>();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]->meta.name, "left-over");
  EXPECT_EQ(all[0]->spec.replicas, 3);
  ASSERT_NE(controller_of(all[0]->meta), nullptr);
  EXPECT_EQ(controller_of(all[0]->meta)->uid, rollout.web().meta.uid);
  EXPECT_EQ(revision_of(all[0]->meta), 1);
}

TEST(Undo, SkipsWhenTheTemplateAlreadyMatchesAndRefusesWhatKubectlRefuses) {
  const auto rollout = Rollout::complete(deployment_of(2, count(1), count(0)));
  const auto no_history = undo(rollout->server, kWeb);
  ASSERT_FALSE(no_history.has_value());
  EXPECT_THAT(no_history.error().what, HasSubstr("no rollout history found"));
  const auto unknown = undo(rollout->server, kWeb, 7);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().what, "unable to find specified revision 7 in history");
  const std::int64_t before = rollout->server.resource_version();
  EXPECT_TRUE(undo(rollout->server, kWeb, 1).has_value());
  EXPECT_EQ(rollout->server.resource_version(), before) << "the template of revision 1 is the current one";
  rollout->edit([](Deployment& d) { d.spec.paused = true; });
  const auto paused = undo(rollout->server, kWeb, 1);
  ASSERT_FALSE(paused.has_value());
  EXPECT_THAT(paused.error().what, HasSubstr("cannot rollback a paused deployment"));
}

TEST(Selector, AnEmptyOneIsRefusedWithAWarning) {
  Deployment deployment = deployment_of(2, count(1), count(0));
  deployment.spec.selector = LabelSelector{};
  Rollout rollout(std::move(deployment));
  std::vector<std::string> reasons;
  rollout.deployments.on_event([&](const Deployment&, const PostEvent& event) { reasons.push_back(event.reason); });
  rollout.settle();
  EXPECT_THAT(rollout.server.list<ReplicaSet>(), IsEmpty());
  EXPECT_THAT(reasons, ::testing::Contains("SelectingAll"));
}

}  // namespace
}  // namespace tandem::control
