// Graceful deletion, finalizers and garbage collection (kubernetes-semantics §4.6, reference/kubernetes-api §9).

#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

using namespace tandem::literals;

class ApiDeletion : public ApiServerTest {};

TEST_F(ApiDeletion, ABoundPodIsMarkedAndStaysUntilDeletedWithGraceZero) {
  ASSERT_TRUE(server.create(make_pod("web", "worker")));
  clock.run_until(kTimeZero + 10_s);
  ASSERT_TRUE(server.remove<Pod>(kWeb));
  const auto marked = server.get<Pod>(kWeb);
  ASSERT_TRUE(marked);
  EXPECT_EQ(marked->meta.deletion_timestamp, kTimeZero + 40_s) << "now + terminationGracePeriodSeconds";
  EXPECT_EQ(marked->meta.deletion_grace_period_seconds, 30);
  EXPECT_EQ(marked->meta.generation, 2) << "recorded: a pod marked for deletion has generation 2";
  ASSERT_TRUE(server.remove<Pod>(kWeb, {.grace_period_seconds = 0, .uid = {}}));
  EXPECT_FALSE(server.get<Pod>(kWeb));
}

TEST_F(ApiDeletion, AGraceCanOnlyShrink) {
  ASSERT_TRUE(server.create(make_pod("web", "worker")));
  ASSERT_TRUE(server.remove<Pod>(kWeb, {.grace_period_seconds = 20, .uid = {}}));
  const auto marked = server.get<Pod>(kWeb);
  clock.run_until(kTimeZero + 3_s);
  EXPECT_EQ(*server.remove<Pod>(kWeb), marked) << "no word about the grace: nothing changes";
  EXPECT_EQ(*server.remove<Pod>(kWeb, {.grace_period_seconds = 60, .uid = {}}), marked);
  ASSERT_TRUE(server.remove<Pod>(kWeb, {.grace_period_seconds = 5, .uid = {}}));
  const auto shortened = server.get<Pod>(kWeb);
  EXPECT_EQ(shortened->meta.deletion_timestamp, kTimeZero + 5_s) << "counted from the first request";
  EXPECT_EQ(shortened->meta.deletion_grace_period_seconds, 5);
  EXPECT_EQ(shortened->meta.generation, marked->meta.generation);
}

TEST_F(ApiDeletion, UnboundAndFinishedPodsGoAtOnce) {
  ASSERT_TRUE(server.create(make_pod("web")));
  ASSERT_TRUE(server.remove<Pod>(kWeb));
  EXPECT_FALSE(server.get<Pod>(kWeb));

  Pod finished = make_pod("web", "worker");
  finished.status.phase = PodPhase::Failed;
  ASSERT_TRUE(server.create(finished));
  ASSERT_TRUE(server.remove<Pod>(kWeb));
  EXPECT_FALSE(server.get<Pod>(kWeb));
}

TEST_F(ApiDeletion, ANegativeGraceMeansOneSecond) {
  ASSERT_TRUE(server.create(make_pod("web", "worker")));
  ASSERT_TRUE(server.remove<Pod>(kWeb, {.grace_period_seconds = -1, .uid = {}}));
  EXPECT_EQ(server.get<Pod>(kWeb)->meta.deletion_grace_period_seconds, 1);
}

TEST_F(ApiDeletion, AUidThatIsNotTheObjectsIsAConflict) {
  ASSERT_TRUE(server.create(make_pod("web")));
  EXPECT_EQ(server.remove<Pod>(kWeb, {.grace_period_seconds = {}, .uid = "other"}).error().code, ErrorCode::ApiConflict);
  EXPECT_TRUE(server.get<Pod>(kWeb));
}

TEST_F(ApiDeletion, TheDeletedChangeCarriesTheLastStateWithTheVersionOfTheDeletion) {
  ASSERT_TRUE(server.create(make_pod("web")));
  std::vector<Change<Pod>> changes;
  const Subscription watching = server.watch<Pod>({}, [&](const Change<Pod>& change) { changes.push_back(change); });
  ASSERT_TRUE(server.remove<Pod>(kWeb));
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[1].type, ChangeType::Deleted);
  EXPECT_EQ(changes[1].object, changes[1].previous);
  EXPECT_EQ(changes[1].object->meta.name, "web");
  EXPECT_EQ(changes[1].object->meta.resource_version, server.resource_version());
}

TEST_F(ApiDeletion, FinalizersHoldAnObjectUntilTheLastIsGone) {
  Deployment deployment = make_deployment("web");
  deployment.meta.finalizers = {"a/x", "b/y"};
  ASSERT_TRUE(server.create(deployment));
  ASSERT_TRUE(server.remove<Deployment>(kWeb));
  const auto marked = server.get<Deployment>(kWeb);
  ASSERT_TRUE(marked);
  EXPECT_EQ(marked->meta.deletion_timestamp, clock.now());
  EXPECT_EQ(marked->meta.generation, 2);
  EXPECT_EQ(*server.remove<Deployment>(kWeb), marked) << "asking again changes nothing";

  const auto drop = [&](std::string_view finalizer) {
    return server.patch<Deployment>(kWeb, [&](Deployment& d) { std::erase(d.meta.finalizers, finalizer); });
  };
  ASSERT_TRUE(drop("a/x"));
  EXPECT_TRUE(server.get<Deployment>(kWeb));
  ASSERT_TRUE(drop("b/y"));
  EXPECT_FALSE(server.get<Deployment>(kWeb));
}

TEST_F(ApiDeletion, APodWithAFinalizerStaysEvenWithGraceZero) {
  Pod pod = make_pod("web", "worker");
  pod.meta.finalizers = {"batch.kubernetes.io/job-tracking"};
  ASSERT_TRUE(server.create(pod));
  ASSERT_TRUE(server.remove<Pod>(kWeb, {.grace_period_seconds = 0, .uid = {}}));
  ASSERT_TRUE(server.get<Pod>(kWeb));
  EXPECT_TRUE(is_terminating(server.get<Pod>(kWeb)->meta));
  ASSERT_TRUE(server.patch<Pod>(kWeb, [](Pod& p) { p.meta.finalizers.clear(); }));
  EXPECT_FALSE(server.get<Pod>(kWeb));
}

TEST_F(ApiDeletion, AnEditOfATerminatingPodDoesNotRemoveIt) {
  ASSERT_TRUE(server.create(make_pod("web", "worker")));
  ASSERT_TRUE(server.remove<Pod>(kWeb));
  ASSERT_TRUE(server.patch<Pod>(kWeb, [](Pod& pod) { pod.status.phase = PodPhase::Succeeded; }));
  EXPECT_TRUE(server.get<Pod>(kWeb)) << "the kubelet's delete with grace 0 does";
}

class Ownership : public ApiServerTest {
 protected:
  explicit Ownership(DeliveryProfile profile = DeliveryProfile::instant()) : ApiServerTest(std::move(profile)) {
    const auto deployment = *server.create(make_deployment("web"));
    ReplicaSet replica_set = make_replica_set("web-1");
    replica_set.meta.owner_references = {owner_of(deployment->meta, "Deployment")};
    const auto stored = *server.create(replica_set);
    for (const char* name : {"web-1-a", "web-1-b"}) {
      Pod pod = make_pod(name, "worker");
      pod.meta.owner_references = {owner_of(stored->meta, "ReplicaSet")};
      EXPECT_TRUE(server.create(pod));
    }
    EXPECT_TRUE(server.create(make_pod("lonely", "worker")));
  }

  std::size_t terminating_pods() {
    std::size_t count = 0;
    for (const auto& pod : server.list<Pod>()) count += is_terminating(pod->meta) ? 1 : 0;
    return count;
  }
};

TEST_F(Ownership, DependentsFollowTheirOwnerGracefullyWithinTheCallAtTheInstantProfile) {
  std::vector<std::string> order;
  const Subscription deployments = server.watch<Deployment>({}, [&](const Change<Deployment>& change) {
    if (change.type == ChangeType::Deleted) {
      order.push_back("deployment gone");
      EXPECT_TRUE(server.get<ReplicaSet>({"default", "web-1"})) << "watchers of the owner come first";
    }
  });
  const Subscription sets = server.watch<ReplicaSet>({}, [&](const Change<ReplicaSet>& change) {
    if (change.type == ChangeType::Deleted) order.push_back("replica set gone");
  });
  ASSERT_TRUE(server.remove<Deployment>(kWeb));
  EXPECT_EQ(order, (std::vector<std::string>{"deployment gone", "replica set gone"}));
  EXPECT_TRUE(server.list<ReplicaSet>().empty());
  EXPECT_EQ(server.list<Pod>().size(), 3u) << "pods terminate with their grace";
  EXPECT_EQ(terminating_pods(), 2u);
}

TEST_F(Ownership, AnObjectWithASecondLivingOwnerOnlyLosesTheDanglingReference) {
  const auto other = *server.create(make_replica_set("other"));
  ASSERT_TRUE(server.patch<Pod>({"default", "web-1-a"}, [&](Pod& pod) {
    OwnerReference second = owner_of(other->meta, "ReplicaSet");
    second.controller = false;
    pod.meta.owner_references.push_back(second);
  }));
  ASSERT_TRUE(server.remove<ReplicaSet>({"default", "web-1"}));
  const auto kept = server.get<Pod>({"default", "web-1-a"});
  EXPECT_FALSE(is_terminating(kept->meta));
  ASSERT_EQ(kept->meta.owner_references.size(), 1u);
  EXPECT_EQ(kept->meta.owner_references[0].uid, other->meta.uid);
  EXPECT_TRUE(is_terminating(server.get<Pod>({"default", "web-1-b"})->meta));
}

TEST_F(Ownership, AnObjectCreatedForAnOwnerThatIsAlreadyGoneIsGarbage) {
  const auto owner = server.get<ReplicaSet>({"default", "web-1"});
  ASSERT_TRUE(server.remove<ReplicaSet>({"default", "web-1"}));
  Pod late = make_pod("late");
  late.meta.owner_references = {owner_of(owner->meta, "ReplicaSet")};
  ASSERT_TRUE(server.create(late));
  EXPECT_FALSE(server.get<Pod>({"default", "late"}));
}

class DelayedOwnership : public Ownership {
 protected:
  DelayedOwnership() : Ownership(DeliveryProfile::kubernetes()) {}
};

TEST_F(DelayedOwnership, GarbageWaitsForAWatchAndAWrite) {
  ASSERT_TRUE(server.remove<Deployment>(kWeb));
  clock.run_until(kTimeZero + 6999_us);
  EXPECT_EQ(server.list<ReplicaSet>().size(), 1u);
  clock.run_until(kTimeZero + 7_ms);
  EXPECT_TRUE(server.list<ReplicaSet>().empty()) << "2 ms watch + 5 ms write";
  EXPECT_EQ(terminating_pods(), 0u);
  clock.run_until(kTimeZero + 14_ms);
  EXPECT_EQ(terminating_pods(), 2u);
}

TEST_F(DelayedOwnership, AServerDestroyedWithGarbageOutstandingLeavesNoTimerBehind) {
  FakeClock other_clock;
  {
    ApiServer other(other_clock, DeliveryProfile::kubernetes(), 1);
    const auto set = *other.create(make_replica_set("set"));
    Pod pod = make_pod("pod");
    pod.meta.owner_references = {owner_of(set->meta, "ReplicaSet")};
    ASSERT_TRUE(other.create(pod));
    const Subscription watching = other.watch<Pod>(2_ms, [](const Change<Pod>&) {});
    ASSERT_TRUE(other.remove<ReplicaSet>({"default", "set"}));
    EXPECT_NE(other_clock.next(), kTimeNever);
  }
  EXPECT_EQ(other_clock.next(), kTimeNever);
}

}  // namespace
}  // namespace tandem::cluster
