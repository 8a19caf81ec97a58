// What watchers see, when, and in which order.

#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

using namespace tandem::literals;

class ApiWatch : public ApiServerTest {
 protected:
  void scale(std::int32_t replicas) {
    ASSERT_TRUE(server.patch<Deployment>(kWeb, [&](Deployment& d) { d.spec.replicas = replicas; }));
  }
};

TEST_F(ApiWatch, ExistingObjectsComeAsAddedAtOnceThenChangesAfterTheDelay) {
  ASSERT_TRUE(server.create(make_deployment("web", 1)));
  std::vector<std::string> seen;
  const Subscription watching = server.watch<Deployment>(2_ms, [&](const Change<Deployment>& change) {
    seen.push_back(std::to_string(static_cast<int>(change.type)) + ":" + std::to_string(change.object->spec.replicas) + "@" +
                   std::to_string(clock.now().ns / 1'000'000));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"0:1@0"}));
  clock.run_until(kTimeZero + 10_ms);
  scale(2);
  scale(3);
  EXPECT_EQ(seen.size(), 1u) << "nothing inside the commit";
  clock.run_until(kTimeZero + 12_ms);
  EXPECT_EQ(seen, (std::vector<std::string>{"0:1@0", "1:2@12", "1:3@12"}));
}

TEST_F(ApiWatch, AWatcherDoesNotSeeAgainWhatItsListHadAlready) {
  std::vector<std::int32_t> early;
  const Subscription first = server.watch<Deployment>(2_ms, [&](const Change<Deployment>& c) {
    early.push_back(c.object->spec.replicas);
  });
  ASSERT_TRUE(server.create(make_deployment("web", 1)));
  std::vector<std::int32_t> late;
  const Subscription second = server.watch<Deployment>(2_ms, [&](const Change<Deployment>& c) {
    late.push_back(c.object->spec.replicas);
  });
  scale(5);
  clock.run_until(kTimeZero + 2_ms);
  EXPECT_EQ(early, (std::vector<std::int32_t>{1, 5}));
  EXPECT_EQ(late, (std::vector<std::int32_t>{1, 5}));
}

TEST_F(ApiWatch, DelaysNeverReorderAndTheOrderHoldsAcrossKinds) {
  std::vector<std::string> seen;
  const Subscription deployments =
      server.watch<Deployment>(5_ms, [&](const Change<Deployment>& c) { seen.push_back("d" + c.object->meta.name); });
  const Subscription pods = server.watch<Pod>(5_ms, [&](const Change<Pod>& c) { seen.push_back("p" + c.object->meta.name); });
  ASSERT_TRUE(server.create(make_pod("1")));
  ASSERT_TRUE(server.create(make_deployment("2")));
  clock.run_until(kTimeZero + 1_ms);
  ASSERT_TRUE(server.create(make_pod("3")));
  clock.run_until(kTimeZero + 1_s);
  EXPECT_EQ(seen, (std::vector<std::string>{"p1", "d2", "p3"}));
}

TEST_F(ApiWatch, WithoutDelayAHandlersWritesAreDeliveredAfterItAndBeforeTheOutermostCommitReturns) {
  std::vector<std::string> log;
  const Subscription first = server.watch<Deployment>({}, [&](const Change<Deployment>& change) {
    const std::int32_t replicas = change.object->spec.replicas;
    log.push_back("first begins " + std::to_string(replicas));
    if (replicas < 3) scale(replicas + 1);
    log.push_back("first ends " + std::to_string(replicas));
  });
  const Subscription second = server.watch<Deployment>(
      {}, [&](const Change<Deployment>& change) { log.push_back("second " + std::to_string(change.object->spec.replicas)); });
  ASSERT_TRUE(server.create(make_deployment("web", 1)));
  EXPECT_EQ(log, (std::vector<std::string>{"first begins 1", "first ends 1", "second 1", "first begins 2", "first ends 2",
                                           "second 2", "first begins 3", "first ends 3", "second 3"}));
}

TEST_F(ApiWatch, ObserversRunInsideTheCommitBeforeWatchersAndSeeEveryVersion) {
  std::vector<std::string> log;
  const Subscription observer = server.on_commit<Deployment>([&](const Change<Deployment>& change) {
    log.push_back("commit " + std::to_string(change.object->meta.resource_version));
    EXPECT_EQ(server.get<Deployment>(kWeb), change.object);
  });
  const Subscription watcher = server.watch<Deployment>({}, [&](const Change<Deployment>& change) {
    log.push_back("watch " + std::to_string(change.object->meta.resource_version));
    if (change.object->spec.replicas == 1) scale(2);
  });
  ASSERT_TRUE(server.create(make_deployment("web", 1)));
  EXPECT_EQ(log, (std::vector<std::string>{"commit 1", "watch 1", "commit 2", "watch 2"}));
}

TEST_F(ApiWatch, ASubscriptionMayEndInItsOwnHandlerOrInAnothers) {
  int own = 0;
  int other = 0;
  Subscription self;
  Subscription victim;
  self = server.watch<Pod>({}, [&](const Change<Pod>&) {
    ++own;
    self = Subscription();
    victim = Subscription();
  });
  victim = server.watch<Pod>({}, [&](const Change<Pod>&) { ++other; });
  ASSERT_TRUE(server.create(make_pod("a")));
  ASSERT_TRUE(server.create(make_pod("b")));
  EXPECT_EQ(own, 1);
  EXPECT_EQ(other, 0);
}

TEST_F(ApiWatch, ASubscriptionMayBeginInAHandlerAndSeesEachChangeOnce) {
  std::vector<std::string> inner_saw;
  Subscription inner;
  const Subscription outer = server.watch<Pod>({}, [&](const Change<Pod>& change) {
    if (change.object->meta.name != "a") return;
    inner = server.watch<Pod>({}, [&](const Change<Pod>& c) { inner_saw.push_back(c.object->meta.name); });
  });
  ASSERT_TRUE(server.create(make_pod("a")));
  ASSERT_TRUE(server.create(make_pod("b")));
  EXPECT_EQ(inner_saw, (std::vector<std::string>{"a", "b"}));
}

TEST_F(ApiWatch, ASubscriptionMayOutliveItsServer) {
  Subscription survivor;
  {
    FakeClock other_clock;
    ApiServer other(other_clock, DeliveryProfile::instant(), 1);
    survivor = other.watch<Pod>({}, [](const Change<Pod>&) {});
  }
  survivor = Subscription();
}

TEST_F(ApiWatch, ManyChangesOfOneMomentCostOneTimer) {
  const Subscription watching = server.watch<Pod>(2_ms, [](const Change<Pod>&) {});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(server.create(make_pod("pod-" + std::to_string(i))));
  int timers = 0;
  while (clock.step()) ++timers;
  EXPECT_EQ(timers, 1);
}

class Informers : public ApiServerTest {};

TEST_F(Informers, TheCacheLagsByTheDelayAndIsUpdatedBeforeItsHandlersRun) {
  Informer<Deployment> informer(server, 2_ms);
  int calls = 0;
  informer.on_change([&](const Change<Deployment>& change) {
    ++calls;
    EXPECT_EQ(informer.get(kWeb), change.object);
  });
  ASSERT_TRUE(server.create(make_deployment("web")));
  EXPECT_EQ(informer.get(kWeb), nullptr);
  clock.run_until(kTimeZero + 2_ms);
  EXPECT_EQ(informer.get(kWeb), server.get<Deployment>(kWeb));
  EXPECT_EQ(calls, 1);
}

TEST_F(Informers, ALateHandlerGetsTheCacheAsAdded) {
  ASSERT_TRUE(server.create(make_deployment("web")));
  Informer<Deployment> informer(server, 2_ms);
  std::vector<ChangeType> types;
  informer.on_change([&](const Change<Deployment>& change) { types.push_back(change.type); });
  EXPECT_EQ(types, (std::vector<ChangeType>{ChangeType::Added}));
}

TEST_F(Informers, PodsAreFoundByControllerAndByNode) {
  Informer<Pod> informer(server, {});
  const auto owner = *server.create(make_replica_set("set"));
  const auto names = [](const std::vector<Ptr<Pod>>& pods) {
    std::string out;
    for (const auto& pod : pods) out += pod->meta.name;
    return out;
  };
  for (const char* name : {"c", "a", "b"}) {
    Pod pod = make_pod(name);
    pod.meta.owner_references = {owner_of(owner->meta, "ReplicaSet")};
    ASSERT_TRUE(server.create(pod));
  }
  ASSERT_TRUE(server.create(make_pod("stranger", "worker")));
  EXPECT_EQ(names(informer.controlled_by(owner->meta.uid)), "abc");
  EXPECT_EQ(names(informer.on_node("worker")), "stranger");

  ASSERT_TRUE(server.bind({"default", "b"}, "", "worker"));
  EXPECT_EQ(names(informer.on_node("worker")), "bstranger");
  ASSERT_TRUE(server.patch<Pod>({"default", "a"}, [](Pod& pod) { pod.meta.owner_references[0].controller = false; }));
  EXPECT_EQ(names(informer.controlled_by(owner->meta.uid)), "bc") << "an owner that is no controller";
  ASSERT_TRUE(server.patch<Pod>({"default", "c"}, [](Pod& pod) { pod.meta.owner_references.clear(); }));
  EXPECT_EQ(names(informer.controlled_by(owner->meta.uid)), "b") << "released";
  ASSERT_TRUE(server.remove<Pod>({"default", "b"}, {.grace_period_seconds = 0, .uid = {}}));
  EXPECT_TRUE(informer.controlled_by(owner->meta.uid).empty());
  EXPECT_EQ(names(informer.on_node("worker")), "stranger");
}

}  // namespace
}  // namespace tandem::cluster
