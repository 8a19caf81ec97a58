// Write latency, rate limits and events as clients see them (kubernetes-semantics §2.7, §10).

#include <memory>
#include <nlohmann/json.hpp>

#include "core/cluster/token_bucket.hpp"
#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

using namespace tandem::literals;

class KubernetesTiming : public ApiServerTest {
 protected:
  KubernetesTiming() : ApiServerTest(DeliveryProfile::kubernetes()) {}
};

TEST_F(KubernetesTiming, TheCommitAndTheAnswerComeOneWriteLatencyLater) {
  ApiClient client(server, "test", {});
  bool answered = false;
  client.create<Deployment>(make_deployment("web"), [&](Result<Ptr<Deployment>> result) {
    answered = true;
    ASSERT_TRUE(result);
    EXPECT_EQ(clock.now(), kTimeZero + 5_ms);
    EXPECT_EQ((*result)->meta.creation_timestamp, kTimeZero + 5_ms);
  });
  clock.run_until(kTimeZero + 4999_us);
  EXPECT_EQ(server.get<Deployment>(kWeb), nullptr) << "not earlier";
  clock.run_until(kTimeZero + 5_ms);
  EXPECT_TRUE(answered);
}

TEST_F(KubernetesTiming, AConflictIsFoundAtTheMomentOfTheCommit) {
  const auto read = *server.create(make_deployment("web"));
  ApiClient slow(server, "slow", {});
  ErrorCode code = ErrorCode::Internal;
  Deployment edited = *read;
  edited.spec.replicas = 7;
  slow.update<Deployment>(edited, [&](Result<Ptr<Deployment>> result) { code = result.error().code; });
  clock.run_until(kTimeZero + 1_ms);
  ASSERT_TRUE(server.patch<Deployment>(kWeb, [](Deployment& d) { d.spec.replicas = 2; }));
  clock.run_until(kTimeZero + 1_s);
  EXPECT_EQ(code, ErrorCode::ApiConflict);
}

TEST_F(KubernetesTiming, AReplicaSetsHundredPodsTakeTwoTokensEach) {
  // kubernetes-semantics §10.2 A: 20 tokens a second, 30 saved, batches of 1, 2, 4, … creations, each followed by an event.
  ApiClient client(server, "replicaset-controller", DeliveryProfile::kubernetes().controller_limit);
  const auto owner = *server.create(make_replica_set("web", 100));
  std::vector<SimTime> created;
  int wanted = 100;
  int batch = 1;
  int outstanding = 0;
  std::function<void()> start_batch = [&] {
    outstanding = std::min(batch, wanted);
    wanted -= outstanding;
    batch *= 2;
    for (int i = outstanding; i > 0; --i) {
      Pod pod = make_pod("");
      pod.meta.generate_name = "web-";
      client.create<Pod>(pod, [&](Result<Ptr<Pod>> result) {
        ASSERT_TRUE(result);
        created.push_back(clock.now());
        client.event(*owner, "Normal", "SuccessfulCreate", "Created pod: " + (*result)->meta.name);
        if (--outstanding == 0 && wanted > 0) start_batch();
      });
    }
  };
  SimTime last_write;
  const Subscription events = server.on_commit<Event>([&](const Change<Event>&) { last_write = clock.now(); });
  start_batch();
  clock.run_until(kTimeZero + 60_s);
  ASSERT_EQ(created.size(), 100u);
  EXPECT_LE(created[14], kTimeZero + 40_ms) << "the first 15 pods: batches 1, 2, 4, 8";
  // Events beyond the spam filter's burst of 25 cost nothing (they are never sent), so 125 calls draw on the bucket; the
  // 125th token comes (125 - 30) / 20 s after the start and the pod that holds it one write later.
  EXPECT_EQ(std::max(created.back(), last_write), kTimeZero + 4750_ms + 5_ms);
}

TEST(TokenBucketTest, TwoHundredTokensOfThirtySavedAndTwentyASecondTakeEightAndAHalfSeconds) {
  TokenBucket bucket({20, 30});
  SimTime last;
  for (int i = 1; i <= 200; ++i) {
    last = bucket.reserve(kTimeZero);
    if (i == 30) { EXPECT_EQ(last, kTimeZero) << "the burst"; }
    if (i == 31) { EXPECT_EQ(last, kTimeZero + 50_ms); }
  }
  EXPECT_EQ(last, kTimeZero + 8500_ms) << "(200 - 30) / 20 s";
}

TEST(TokenBucketTest, SchedulerBindsAHundredAtOnceAndTheOtherTwoHundredByFourSeconds) {
  TokenBucket bucket({50, 100});  // §10.2 B: 300 pods become schedulable at once
  SimTime last;
  for (int i = 0; i < 300; ++i) last = bucket.reserve(kTimeZero);
  EXPECT_EQ(last, kTimeZero + 4_s);
}

TEST(TokenBucketTest, TokensRefillContinuouslyUpToTheBurst) {
  TokenBucket bucket({10, 2});
  EXPECT_EQ(bucket.reserve(kTimeZero), kTimeZero);
  EXPECT_EQ(bucket.reserve(kTimeZero), kTimeZero);
  EXPECT_EQ(bucket.reserve(kTimeZero), kTimeZero + 100_ms);
  EXPECT_FALSE(bucket.try_take(kTimeZero + 150_ms)) << "the reserved token is gone";
  EXPECT_TRUE(bucket.try_take(kTimeZero + 200_ms));
  // A long rest saves two tokens, not more.
  EXPECT_TRUE(bucket.try_take(kTimeZero + 100_s));
  EXPECT_TRUE(bucket.try_take(kTimeZero + 100_s));
  EXPECT_FALSE(bucket.try_take(kTimeZero + 100_s));
}

TEST_F(KubernetesTiming, CallsWaitForTokensInTheOrderTheyWereMade) {
  ApiClient client(server, "test", {.qps = 10, .burst = 1});
  std::vector<std::pair<std::string, SimTime>> answers;
  for (const char* name : {"c", "a", "b"}) {
    client.create<Pod>(make_pod(name), [&, name](Result<Ptr<Pod>>) { answers.emplace_back(name, clock.now()); });
  }
  clock.run_until(kTimeZero + 1_s);
  EXPECT_EQ(answers, (std::vector<std::pair<std::string, SimTime>>{
                         {"c", kTimeZero + 5_ms}, {"a", kTimeZero + 105_ms}, {"b", kTimeZero + 205_ms}}));
}

TEST_F(KubernetesTiming, EventsUseASecondBucketWhereOneIsGiven) {
  const auto pod = *server.create(make_pod("web"));
  ApiClient client(server, "scheduler", {.qps = 1, .burst = 1}, RateLimit{.qps = 1, .burst = 1});
  SimTime bound;
  client.event(*pod, "Normal", "Scheduled", "first");
  client.bind(kWeb, pod->meta.uid, "worker", [&](Result<Ptr<Pod>> result) {
    ASSERT_TRUE(result);
    bound = clock.now();
  });
  clock.run_until(kTimeZero + 10_s);
  EXPECT_EQ(bound, kTimeZero + 5_ms) << "the event took no token of the calls";
}

TEST_F(KubernetesTiming, CallsUnderWayEndSilentlyWithTheirClient) {
  auto client = std::make_unique<ApiClient>(server, "test", RateLimit{});
  client->create<Pod>(make_pod("web"), [](Result<Ptr<Pod>>) { FAIL() << "nobody is there any more"; });
  client.reset();
  clock.run_until(kTimeZero + 1_s);
  EXPECT_EQ(server.get<Pod>(kWeb), nullptr);
}

class InstantClient : public ApiServerTest {
 protected:
  ApiClient client{server, "deployment-controller", {}};
};

TEST_F(InstantClient, EverythingHappensInsideTheCall) {
  bool answered = false;
  client.create<Deployment>(make_deployment("web"), [&](Result<Ptr<Deployment>> result) { answered = result.has_value(); });
  EXPECT_TRUE(answered);
  client.patch<Deployment>(kWeb, [](Deployment& d) { d.spec.replicas = 4; }, {});
  EXPECT_EQ(server.get<Deployment>(kWeb)->spec.replicas, 4) << "an answer is optional";
  client.remove<Deployment>(kWeb, {}, {});
  EXPECT_EQ(server.get<Deployment>(kWeb), nullptr);
  EXPECT_EQ(clock.next(), kTimeNever) << "no timer";
}

TEST_F(InstantClient, AnEventNamesItsObjectSourceAndTime) {
  const auto deployment = *server.create(make_deployment("web"));
  clock.run_until(kTimeZero + 20_s);
  client.event(*deployment, "Normal", "ScalingReplicaSet", "Scaled up replica set web-1 from 0 to 1");
  const auto events = server.list<Event>();
  ASSERT_EQ(events.size(), 1u);
  const Event& event = *events[0];
  EXPECT_EQ(event.meta.namespace_, "default");
  // 2026-01-01T00:00:20Z in nanoseconds since 1970, in hex, as client-go names events.
  EXPECT_EQ(event.meta.name, "web.188672569611c800");
  EXPECT_EQ(event.involved_kind, "Deployment");
  EXPECT_EQ(event.involved_uid, deployment->meta.uid);
  EXPECT_EQ(event.source_component, "deployment-controller");
  EXPECT_EQ(event.count, 1);
  EXPECT_EQ(event.first_timestamp, kTimeZero + 20_s);
  EXPECT_EQ(to_json(event)["involvedObject"]["apiVersion"], "apps/v1");
}

TEST_F(InstantClient, EventsOfOneMomentHaveDifferentNames) {
  const auto pod = *server.create(make_pod("web"));
  client.event(*pod, "Normal", "A", "one");
  client.event(*pod, "Normal", "B", "two");
  EXPECT_EQ(server.list<Event>().size(), 2u);
}

TEST_F(InstantClient, EqualEventsCountUp) {
  const auto pod = *server.create(make_pod("web"));
  for (int i = 0; i < 4; ++i) {
    clock.run_until(kTimeZero + seconds(i));
    client.event(*pod, "Warning", "BackOff", "Back-off restarting failed container");
  }
  const auto events = server.list<Event>();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]->count, 4);
  EXPECT_EQ(events[0]->first_timestamp, kTimeZero);
  EXPECT_EQ(events[0]->last_timestamp, kTimeZero + 3_s);
}

TEST_F(InstantClient, FromTheTenthDifferentMessageOnEventsAreCombined) {
  const auto set = *server.create(make_replica_set("web"));
  for (int i = 1; i <= 12; ++i) client.event(*set, "Normal", "SuccessfulCreate", "Created pod: web-" + std::to_string(i));
  std::map<std::string, int> counts;
  for (const auto& event : server.list<Event>()) counts[event->message] = event->count;
  EXPECT_EQ(counts.size(), 10u);
  EXPECT_EQ(counts.at("Created pod: web-9"), 1);
  EXPECT_EQ(counts.at("(combined from similar events): Created pod: web-12"), 3) << "10th, 11th and 12th";
}

TEST_F(InstantClient, SimilarEventsAreForgottenAfterTenQuietMinutes) {
  const auto set = *server.create(make_replica_set("web"));
  for (int i = 1; i <= 9; ++i) client.event(*set, "Normal", "SuccessfulCreate", "pod " + std::to_string(i));
  clock.run_until(kTimeZero + 601_s);
  client.event(*set, "Normal", "SuccessfulCreate", "pod 10");
  bool combined = false;
  for (const auto& event : server.list<Event>()) combined = combined || event->message.starts_with("(combined");
  EXPECT_FALSE(combined);
}

TEST_F(InstantClient, AnObjectsEventsAreDroppedAfterABurstOfTwentyFiveUntilFiveMinutesHavePassed) {
  const auto pod = *server.create(make_pod("web"));
  const auto other = *server.create(make_pod("other"));
  const auto send = [&](int i) { client.event(*pod, "Normal", "R" + std::to_string(i), "text"); };
  for (int i = 0; i < 30; ++i) send(i);
  EXPECT_EQ(server.list<Event>().size(), 25u);
  client.event(*other, "Normal", "R", "text");
  EXPECT_EQ(server.list<Event>().size(), 26u) << "the filter counts by object";
  clock.run_until(kTimeZero + 299_s);
  send(31);
  EXPECT_EQ(server.list<Event>().size(), 26u);
  clock.run_until(kTimeZero + 300_s);
  send(32);
  EXPECT_EQ(server.list<Event>().size(), 27u);
}

}  // namespace
}  // namespace tandem::cluster
