#include "sim/model/request_path.hpp"

#include <gtest/gtest.h>

#include "core/traffic/stream.hpp"
#include "tests/unit/sim/lab.hpp"

namespace tandem::sim {
namespace {

using namespace tandem::literals;
using record::RequestOutcome;

/// 10 requests a second, so request i is intended at i * 100 ms.
constexpr double kSlow = 10;

TEST(RequestPath, AnUnloadedRequestTakesTheSumOfItsParts) {
  Lab lab;
  lab.calibration.client_overhead = {0.1, 0, 0};
  lab.calibration.round_trip = {0.2, 0, 0};
  lab.calibration.proxy_request = {0.3, 0, 0};
  lab.calibration.proxy_cpu = {0.1, 0, 0};
  lab.calibration.app_request = {0.05, 0, 0};
  lab.calibration.cpu_speed = 0.5;
  lab.image("web").routes = {route("/", 2_ms, 1_ms)};
  lab.traffic("users", kSlow, {}, 1_s);
  lab.serve({"worker0"});
  lab.run_until(2_s);
  // 0.1 + 0.2 + 0.3 + 0.2 + 0.05 + 2 / 0.5 + 1
  EXPECT_EQ(lab.latencies_ms(), std::vector<double>(10, 5.85));
  const record::RequestRecord& record = lab.record_of(3);
  EXPECT_EQ(record.intended, kTimeZero + 300_ms);
  EXPECT_EQ(record.sent, kTimeZero + 300'050_us);
  EXPECT_EQ(record.queued, 0_ms);
  EXPECT_EQ(record.service, 5'050_us);
  EXPECT_EQ(record.cpu, 4'050_us);
  EXPECT_EQ(record.throttled, 0_ms);
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.replica, "a");
  EXPECT_EQ(record.attempts, 1);
}

TEST(RequestPath, NodesThatAreMachinesOfTheirOwnAddTheirLinks) {
  Lab lab;
  lab.calibration = no_overheads(0);
  lab.scenario.cluster.nodes[0].link = {1e6, 300_us};
  lab.image("web").routes[0].response_bytes = 1'000;
  lab.traffic("users", kSlow, {}, 100_ms);
  lab.serve({"worker0"});
  lab.run_until(1_s);
  // 200 bytes there and 1,000 back at 1 MB/s, the latency twice, 10 ms of CPU.
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{10 + 0.6 + 0.2 + 1.0}));
}

TEST(RequestPath, OneWorkerServesInOrderOfArrival) {
  Lab lab;
  lab.traffic("burst", 1000, {}, 5_ms);
  lab.serve({"worker0"});
  lab.run_until(1_s);
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{10, 19, 28, 37, 46}));
  EXPECT_EQ(lab.record_of(4).queued, 36_ms);
  EXPECT_EQ(lab.record_of(4).service, 10_ms);
}

TEST(RequestPath, SharedWorkersTakeTurns) {
  Lab lab;
  lab.image("web").discipline = scenario::Discipline::Shared;
  lab.traffic("two", 200, {}, 10_ms);
  lab.serve({"worker0"});
  lab.run_until(1_s);
  // The first alone for 5 ms, then both at half speed: 15 ms; the second has 5 ms left then.
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{15, 15}));
  EXPECT_EQ(lab.record_of(1).queued, 0_ms);
}

TEST(RequestPath, WaitingHoldsAFifoWorkerButNoSharedOne) {
  for (const bool shared : {false, true}) {
    Lab lab;
    lab.image("web").routes = {route("/", 1_ms, 9_ms)};
    lab.image("web").discipline = shared ? scenario::Discipline::Shared : scenario::Discipline::Fifo;
    lab.traffic("two", 500, {}, 4_ms);
    lab.serve({"worker0"});
    lab.run_until(1_s);
    EXPECT_EQ(lab.latencies_ms(), shared ? (std::vector<double>{10, 10}) : (std::vector<double>{10, 18}));
  }
}

TEST(RequestPath, MoreThanWorkersAndBacklogAreRefusedAndBecome502) {
  Lab lab;
  lab.image("web").workers = 2;
  lab.image("web").backlog = 1;
  lab.traffic("burst", 1000, {}, 5_ms);
  lab.serve({"worker0"});
  lab.run_until(1_s);
  EXPECT_EQ(lab.replicas(), "aaa--");
  EXPECT_EQ(lab.record_of(3).status, 502);
  EXPECT_EQ(lab.record_of(3).outcome, RequestOutcome::Ok);
  EXPECT_EQ(lab.record_of(3).attempts, 1);
  EXPECT_EQ(lab.record_of(3).service, SimDuration{-1});
}

TEST(RequestPath, ARefusedAttemptGoesToTheNextUpstream) {
  Lab lab;
  lab.image("web").backlog = 0;
  // Two at a time for two replicas of one place each, then a third that nobody takes.
  lab.traffic("burst", 1000, {}, 3_ms);
  lab.serve({"worker0", "worker1"});
  lab.run_until(1_s);
  EXPECT_EQ(lab.replicas(), "ab-");
  EXPECT_EQ(lab.record_of(2).attempts, 2);
  EXPECT_EQ(lab.record_of(2).status, 502);
}

TEST(RequestPath, LeastConnAvoidsTheSlowReplica) {
  Lab lab;
  lab.image("slow").routes = {route("/", 100_ms)};
  // On the beat of the answers a request would meet one that leaves in the same instant: 1 ms later it is gone.
  lab.image("web").routes = {route("/", 9_ms)};
  lab.traffic("users", 100, {}, 100_ms);
  lab.start_balancer(balancer([](auto& spec) { spec.policy = "least_conn"; }));
  for (const auto& [name, image] : {std::pair{"a", "slow"}, std::pair{"b", "web"}, std::pair{"c", "web"}}) {
    lab.pods.push_back(lab.pod(name, std::string("10.244.0.") + std::to_string(lab.pods.size() + 2)));
    lab.start_pod(lab.pods.back(), image);
  }
  lab.set_backends(lab.pods);
  lab.run_until({});
  lab.start_traffic();
  lab.run_until(1_s);
  // a is busy from 0 to 100 ms; b and c, always both idle, take turns.
  EXPECT_EQ(lab.replicas(), "abcbcbcbcb");
}

TEST(RequestPath, InstancesHaveStatesOfTheirOwnAndAreDealtToInTurn) {
  Lab lab;
  lab.traffic("users", kSlow, {}, 800_ms);
  lab.serve({"worker0", "worker1"}, balancer([](auto& spec) { spec.instances = 2; }));
  lab.run_until(2_s);
  EXPECT_EQ(lab.replicas(), "aabbaabb");
}

TEST(RequestPath, AProxyWorkerHandlesOneRequestAtATime) {
  Lab lab;
  lab.calibration.proxy_request = {4, 0, 0};
  lab.calibration.proxy_cpu = {4, 0, 0};
  lab.image("web").routes = {route("/", 0_ms)};
  lab.traffic("burst", 1000, {}, 3_ms);
  lab.serve({"worker0"});
  lab.run_until(1_s);
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{4, 7, 10}));
}

TEST(RequestPath, TheProxyCompetesWithThePodsOfItsHost) {
  Lab lab;
  lab.calibration = no_overheads(1);
  lab.calibration.proxy_request = {10, 0, 0};
  lab.calibration.proxy_cpu = {10, 0, 0};
  lab.traffic("two", 100, {}, 20_ms);
  lab.serve({"worker0"});
  lab.run_until(1_s);
  // Proxy 0–10 for the first. Then pod (first) and proxy (second) share one core: both until 30. Pod (second) until 40.
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{30, 30}));
}

TEST(RequestPath, ExponentialDemandsAreThoseOfTheStream) {
  Lab lab;
  lab.image("web").routes = {route("/", 3_ms, {}, true)};
  lab.image("web").workers = 8;
  lab.traffic("users", 100, {}, 1_s);
  lab.serve({"worker0"});
  lab.run_until(10_s);
  traffic::RequestStream stream({"users", traffic::ArrivalProcessKind::Constant, 100, kTimeZero, kTimeZero + 1_s}, 42);
  traffic::PlannedRequest planned;
  std::uint64_t count = 0;
  while (stream.next(planned)) {
    const record::RequestRecord& record = lab.record_of(planned.index);
    EXPECT_EQ(record.intended, planned.intended);
    EXPECT_NEAR(static_cast<double>(record.cpu.ns), planned.demand_factor * 3e6, 0.51);
    ++count;
  }
  EXPECT_EQ(count, lab.records.size());
}

TEST(RequestPath, ThrottlingIsReportedWithTheRequestThatSuffersIt) {
  Lab lab;
  lab.image("web").routes = {route("/", 80_ms)};
  lab.traffic("one", kSlow, {}, 100_ms);
  lab.start_balancer();
  lab.pods.push_back(lab.pod("a", "10.244.0.2"));
  lab.start_pod(lab.pods[0], "web", 500);
  lab.set_backends(lab.pods);
  lab.run_until({});
  lab.start_traffic();
  lab.run_until(2_s);
  const record::RequestRecord& record = lab.record_of(0);
  EXPECT_EQ(record.cpu, 80_ms);
  // How long the pauses are depends on where the container's periods begin; they are all that service has beyond the work.
  EXPECT_GT(record.throttled, 0_ms);
  EXPECT_LE(record.throttled, 100_ms);
  EXPECT_EQ(record.service, record.cpu + record.throttled);
}

TEST(RequestPath, UnmatchedPathsAnswer404) {
  Lab lab;
  lab.image("web").routes = {route("/", 1_ms), route("/chat/*", 2_ms), route("/chat/x", 3_ms)};
  lab.traffic("root", kSlow, {}, 100_ms).route = "/?a=b";
  lab.traffic("other", kSlow, {}, 100_ms).route = "/other";
  lab.traffic("chat", kSlow, {}, 100_ms).route = "/chat/y?institution=z";
  lab.traffic("exact", kSlow, {}, 100_ms).route = "/chat/x";
  lab.image("web").workers = 4;
  lab.serve({"worker0"});
  lab.run_until(1_s);
  EXPECT_EQ(lab.latencies_ms(0), std::vector<double>{1});
  EXPECT_EQ(lab.latencies_ms(1), std::vector<double>{0});
  EXPECT_EQ(lab.latencies_ms(2), std::vector<double>{2});
  EXPECT_EQ(lab.latencies_ms(3), std::vector<double>{3});
  for (const record::RequestRecord& record : lab.records) EXPECT_EQ(record.status, record.traffic == 1 ? 404 : 200);
}

TEST(RequestPath, WithoutABalancerConnectionsAreRefused) {
  Lab lab;
  lab.calibration.round_trip = {0.4, 0, 0};
  lab.traffic("users", kSlow, {}, 200_ms);
  lab.start_traffic();
  lab.run_until(50_ms);
  lab.start_balancer();  // and from now on there is one, with nobody behind it
  lab.run_until(1_s);
  EXPECT_EQ(lab.record_of(0).outcome, RequestOutcome::Refused);
  EXPECT_EQ(lab.record_of(0).end, kTimeZero + 400_us);
  EXPECT_EQ(lab.record_of(1).outcome, RequestOutcome::Ok);
  EXPECT_EQ(lab.record_of(1).status, 502);
}

TEST(RequestPath, UnknownProductsAndSecondBalancersAreRefused) {
  Lab lab;
  std::vector<Status> answers;
  const auto note = [&](const Status& status) { answers.push_back(status); };
  lab.open().requests().start("default/web", balancer([](auto& spec) { spec.product = "abacus"; }), note);
  lab.open().requests().start("default/web", {}, note);
  lab.open().requests().start("default/web", {}, note);
  lab.open().requests().set_backends("default/db", {}, note);
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0].error().code, ErrorCode::ValueNotAllowed);
  EXPECT_TRUE(answers[1].has_value());
  EXPECT_EQ(answers[2].error().code, ErrorCode::ValueDuplicateName);
  EXPECT_EQ(answers[3].error().code, ErrorCode::UsageNotFound);
}

TEST(RequestPath, ReloadsTakeTheirTimeAndTheNewestListWins) {
  Lab lab;
  lab.calibration.balancer_reload = {60, 0, 0};
  lab.traffic("users", 100, {}, 200_ms);
  lab.image("web").workers = 8;
  lab.start_balancer();
  for (const char* name : {"a", "b", "c"}) {
    lab.pods.push_back(lab.pod(name, std::string("10.244.0.") + std::to_string(lab.pods.size() + 2)));
    lab.start_pod(lab.pods.back());
  }
  lab.run_until({});
  lab.start_traffic();
  lab.set_backends({lab.pods[0]});
  lab.run_until(30_ms);
  lab.set_backends({lab.pods[1]});  // queued behind the one in progress …
  lab.run_until(40_ms);
  lab.set_backends({lab.pods[2]});  // … and superseded
  lab.run_until(1_s);
  // Nobody until 60 ms, a until 120 ms, then c; b never.
  EXPECT_EQ(lab.replicas(), "------aaaaaacccccccc");
  EXPECT_EQ(lab.reloads, (std::vector<SimTime>{kTimeZero + 60_ms, kTimeZero + 120_ms, kTimeZero + 120_ms}));
}

TEST(RequestPath, RequestsStayWithTheReplicaTheyHaveAcrossAReload) {
  Lab lab;
  lab.image("web").routes = {route("/", 100_ms)};
  lab.traffic("users", 20, {}, 100_ms);
  lab.serve({"worker0", "worker1"});
  lab.run_until(10_ms);
  lab.set_backends({lab.pods[1]});
  lab.run_until(1_s);
  EXPECT_EQ(lab.replicas(), "ab");
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{100, 100}));
}

TEST(RequestPath, KeepAliveUsesConnectionsAgain) {
  Lab lab;
  lab.image("web").workers = 8;
  lab.traffic("closing", kSlow, {}, 400_ms);
  // Two overlap (10 ms each, every 5 ms), so two connections go round; the last one used is used first.
  lab.traffic("keeping", 200, {}, 40_ms).keep_alive = true;
  lab.serve({"worker0"});
  lab.run_until(1_s);
  std::map<std::uint32_t, std::set<std::uint64_t>> connections;
  for (const record::RequestRecord& record : lab.records) connections[record.traffic].insert(record.connection);
  EXPECT_EQ(connections[0].size(), 4U);
  EXPECT_EQ(connections[1].size(), 2U);
}

}  // namespace
}  // namespace tandem::sim
