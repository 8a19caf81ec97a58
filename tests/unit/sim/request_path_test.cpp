#include "sim/model/request_path.hpp"

#include <gtest/gtest.h>

#include "core/base/digest.hpp"
#include "core/traffic/stream.hpp"
#include "tests/unit/sim/lab.hpp"

namespace tandem::sim {
namespace {

using namespace tandem::literals;
using record::RequestOutcome;

balance::BalancerSpec balancer(const std::function<void(balance::BalancerSpec&)>& change) {
  balance::BalancerSpec spec;
  change(spec);
  return spec;
}

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

// ---------------------------------------------------------------- things that go wrong

TEST(RequestPath, ClientsGiveUpAtTheirTimeoutAndTheWorkGoesOnInVain) {
  Lab lab;
  lab.image("web").routes = {route("/", 300_ms)};
  lab.traffic("users", kSlow, {}, 200_ms).timeout = 250_ms;
  lab.traffic("patient", kSlow, 500_ms, 600_ms).timeout = 5_s;
  lab.serve({"worker0"});
  lab.run_until(5_s);
  EXPECT_EQ(lab.latencies_ms(0), (std::vector<double>{-1, -1}));
  EXPECT_EQ(lab.records[0].outcome, RequestOutcome::Timeout);
  EXPECT_EQ(lab.records[0].end, kTimeZero + 250_ms);
  EXPECT_EQ(lab.records[1].end, kTimeZero + 350_ms);
  EXPECT_EQ(lab.records[0].replica, "");
  // Both abandoned requests are served before it: until 600 ms.
  EXPECT_EQ(lab.latencies_ms(1), (std::vector<double>{400}));
}

TEST(RequestPath, AReplicaThatFinishesOnTermLosesNothing) {
  Lab lab;
  lab.image("web").routes = {route("/", 50_ms)};
  lab.image("web").drain = 20_ms;
  lab.traffic("burst", 100, {}, 60_ms);
  lab.serve({"worker0", "worker1"});
  lab.run_until(5_ms);
  lab.model->nodes().stop_container(lab.containers.at("a").container_id, 30_s);
  lab.run_until(5_s);
  // a accepts until 25 ms (requests 0 and 2), finishes both, and refuses request 4, which b takes at the second try.
  EXPECT_EQ(lab.replicas(), "ababbb");
  EXPECT_EQ(lab.record_of(4).attempts, 2);
  EXPECT_EQ(lab.record_of(2).end, kTimeZero + 100_ms);
  ASSERT_EQ(lab.exits.size(), 1U);
  EXPECT_EQ(lab.exits[0].exit_code, 0);
  EXPECT_EQ(lab.exits[0].finished_at, kTimeZero + 100_ms);
}

TEST(RequestPath, AReplicaThatAbortsOnTermLosesWhatIsInFlight) {
  for (const bool get : {true, false}) {
    Lab lab;
    lab.image("web").routes = {route("/", 50_ms)};
    lab.image("web").on_terminate = scenario::OnTerminate::Abort;
    lab.image("web").drain = 20_ms;
    lab.traffic("one", kSlow, {}, 100_ms).method = get ? "GET" : "POST";
    lab.serve({"worker0", "worker1"});
    lab.run_until(5_ms);
    lab.model->nodes().stop_container(lab.containers.at("a").container_id, 30_s);
    lab.run_until(5_s);
    ASSERT_EQ(lab.exits.size(), 1U);
    EXPECT_EQ(lab.exits[0].exit_code, 0);
    EXPECT_EQ(lab.exits[0].finished_at, kTimeZero + 25_ms);
    // A GET is repeated at the other one; a POST whose bytes were sent is not.
    EXPECT_EQ(lab.replicas(), get ? "b" : "-");
    EXPECT_EQ(lab.record_of(0).attempts, get ? 2 : 1);
    EXPECT_EQ(lab.record_of(0).status, get ? 200 : 502);
    EXPECT_EQ(lab.record_of(0).end, kTimeZero + (get ? 75_ms : 25_ms));
  }
}

TEST(RequestPath, TheGraceEndsWithAKill) {
  Lab lab;
  lab.image("web").routes = {route("/", 500_ms)};
  lab.calibration.container_stop = {7, 0, 0};
  lab.traffic("one", kSlow, {}, 100_ms);
  lab.serve({"worker0"});
  lab.run_until(5_ms);
  lab.model->nodes().stop_container(lab.containers.at("a").container_id, 100_ms);
  lab.run_until(5_s);
  ASSERT_EQ(lab.exits.size(), 1U);
  EXPECT_EQ(lab.exits[0].exit_code, 137);
  EXPECT_EQ(lab.exits[0].finished_at, kTimeZero + 105_ms);
  EXPECT_EQ(lab.record_of(0).status, 502);
  EXPECT_EQ(lab.record_of(0).end, kTimeZero + 105_ms);
}

TEST(RequestPath, ADeadProcessRefusesWhileItsSandboxIsThereAndIsSilentAfterwards) {
  Lab lab;
  lab.traffic("users", kSlow, {}, 400_ms);
  lab.serve({"worker0", "worker1"}, balancer([](auto& spec) { spec.connect_timeout = 1_s; spec.max_fails = 0; }));
  lab.run_until(50_ms);
  lab.model->nodes().kill_container(lab.containers.at("a").container_id);
  lab.run_until(150_ms);
  lab.model->nodes().remove_sandbox(lab.pods[0], [](const Status&) {});
  lab.run_until(5_s);
  EXPECT_EQ(lab.replicas(), "abbb");
  EXPECT_EQ(lab.record_of(1).attempts, 1);
  // Round robin comes back to a at request 2: nobody answers for the address, so the connection times out.
  EXPECT_EQ(lab.record_of(2).attempts, 2);
  EXPECT_EQ(lab.latencies_ms()[2], 1010);
}

TEST(RequestPath, ARefusalCostsNoTime) {
  Lab lab;
  lab.traffic("users", kSlow, {}, 300_ms);
  lab.serve({"worker0", "worker1"}, balancer([](auto& spec) { spec.max_fails = 0; }));
  lab.run_until(150_ms);
  lab.model->nodes().kill_container(lab.containers.at("a").container_id);
  lab.run_until(5_s);
  EXPECT_EQ(lab.replicas(), "abb");
  EXPECT_EQ(lab.record_of(2).attempts, 2);
  EXPECT_EQ(lab.latencies_ms()[2], 10);
}

TEST(RequestPath, AGoneAddressIsReportedUnreachableAfterThreeSeconds) {
  Lab lab;
  lab.traffic("one", kSlow, {}, 100_ms);
  lab.start_balancer(balancer([](auto& spec) { spec.connect_timeout = 60_s; }));
  lab.set_backends({lab.pod("ghost", "10.244.9.9")});
  lab.run_until({});
  lab.start_traffic();
  lab.run_until(10_s);
  EXPECT_EQ(lab.record_of(0).status, 502);
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{3000}));
}

TEST(RequestPath, PassiveHealthSparesClientsTheDeadPeer) {
  Lab lab;
  lab.traffic("users", kSlow, {}, 3_s);
  lab.serve({"worker0", "worker1"}, balancer([](auto& spec) { spec.connect_timeout = 200_ms; spec.max_fails = 1; spec.fail_timeout = 10_s; }));
  lab.run_until(1_s);
  lab.model->nodes().kill_container(lab.containers.at("a").container_id);
  lab.model->nodes().remove_sandbox(lab.pods[0], [](const Status&) {});
  lab.run_until(20_s);
  int retried = 0;
  for (const record::RequestRecord& record : lab.records) retried += record.attempts == 2 ? 1 : 0;
  // Only those sent before the first failure is known (200 ms: at most two) meet the dead peer.
  EXPECT_GE(retried, 1);
  EXPECT_LE(retried, 2);
}

TEST(RequestPath, AReplicaThatDoesNotAnswerRunsIntoTheReadTimeout) {
  Lab lab;
  lab.image("web").routes = {route("/", 0_ms, 10_s)};
  lab.traffic("one", kSlow, {}, 100_ms);
  lab.serve({"worker0"}, balancer([](auto& spec) { spec.read_timeout = 2_s; }));
  lab.run_until(20_s);
  EXPECT_EQ(lab.record_of(0).status, 504);
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{2000}));
}

TEST(RequestPath, ConnectionsToACutOffNodeTimeOutAndGoElsewhere) {
  Lab lab;
  lab.traffic("users", kSlow, {}, 300_ms);
  lab.serve({"worker0", "worker1"}, balancer([](auto& spec) { spec.connect_timeout = 500_ms; spec.max_fails = 0; }));
  lab.run_until(50_ms);
  lab.model->network().cut(1);
  lab.run_until(5_s);
  EXPECT_EQ(lab.replicas(), "aaa");
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{10, 510, 10}));
  EXPECT_EQ(lab.record_of(1).attempts, 2);
}

TEST(RequestPath, AnswersFromACutOffNodeArriveWithTheFirstRetransmissionAfterItIsHealed) {
  Lab lab;
  lab.image("web").routes = {route("/", 0_ms, 500_ms)};
  lab.traffic("one", kSlow, {}, 100_ms);
  lab.serve({"worker0"});
  lab.run_until(100_ms);
  lab.model->network().cut(0);
  lab.run_until(2_s);
  lab.model->network().heal(0);
  lab.run_until(10_s);
  // Sent at 0.5 s, again at 0.7, 1.1, 1.9 and 3.5 s.
  EXPECT_EQ(lab.latencies_ms(), (std::vector<double>{3500}));
}

TEST(RequestPath, FinishWaitsForWhatIsInFlight) {
  Lab lab;
  lab.image("web").routes = {route("/", 400_ms)};
  lab.traffic("users", 5, {}, 100_s);
  lab.serve({"worker0"});
  lab.run_until(1_s);
  EXPECT_EQ(lab.model->requests().totals().in_flight, 4U);
  ASSERT_TRUE(lab.model->requests().finish());
  EXPECT_EQ(lab.model->requests().totals().in_flight, 0U);
  EXPECT_EQ(lab.records.size(), 6U);  // sent at 0, 0.2, …, 1.0 and none after
}

/// Pods die, restart, nodes are cut off, balancers reload, all at random moments.
struct Chaos {
  explicit Chaos(std::uint64_t seed, SimDuration startup = 30_ms) {
    lab.scenario.seed = seed;
    lab.calibration = scenario::Calibration{};
    lab.calibration.host_cores = 2;
    lab.calibration.container_create = {50, 10, 0};
    lab.image("web").routes = {route("/", 4_ms, 1_ms, true)};
    lab.image("web").workers = 2;
    lab.image("web").backlog = 3;
    lab.image("web").startup = startup;
    lab.image("rude").routes = {route("/", 4_ms, {}, true)};
    lab.image("rude").on_terminate = scenario::OnTerminate::Abort;
    for (int i = 0; i < 2; ++i) {
      scenario::TrafficSpec& spec = lab.traffic(i == 0 ? "gets" : "posts", 150, {}, 6_s);
      spec.arrivals = scenario::ArrivalKind::Poisson;
      spec.method = i == 0 ? "GET" : "POST";
      spec.timeout = i == 0 ? 400_ms : 3_s;
      spec.keep_alive = i == 0;
    }
    lab.start_balancer(balancer([](auto& spec) { spec.policy = "least_conn"; spec.instances = 2; spec.connect_timeout = 300_ms; spec.read_timeout = 800_ms; spec.fail_timeout = {}; }));
    random = RandomStream(seed, "chaos");
    for (int i = 0; i < 4; ++i) replace(i);
    lab.start_traffic();
    for (int i = 0; i < 40; ++i) {
      const SimTime at = kTimeZero + milliseconds(static_cast<std::int64_t>(random.below(7000)));
      lab.model->engine().at(at, EventClass::Timeline, 0, [this] { strike(); });
    }
  }
  void replace(int place) {
    const std::string name = "pod" + std::to_string(next_name++);
    places[static_cast<std::size_t>(place)] =
        lab.pod(name, "10.244.0." + std::to_string(2 + place), "worker" + std::to_string(place % 3));
    lab.start_pod(places[static_cast<std::size_t>(place)], next_name % 3 == 0 ? "rude" : "web", next_name % 2 == 0 ? 700 : 0);
    lab.set_backends(places);
  }
  void strike() {
    const auto place = static_cast<int>(random.below(4));
    const std::string name = places[static_cast<std::size_t>(place)].name;
    const std::uint64_t what = random.below(4);
    const auto container = lab.containers.find(name);
    if (what == 0) {
      const auto node = static_cast<std::uint32_t>(random.below(3));
      const auto duration = milliseconds(static_cast<std::int64_t>(random.below(1500)));
      lab.model->network().cut(node);
      lab.model->engine().after(duration, EventClass::Timeline, 0, [this, node] { lab.model->network().heal(node); });
    } else if (container != lab.containers.end() && what == 1) {
      lab.model->nodes().kill_container(container->second.container_id);
    } else if (container != lab.containers.end()) {
      lab.model->nodes().stop_container(container->second.container_id, 50_ms);
      const control::PodIdentity gone = places[static_cast<std::size_t>(place)];
      lab.model->nodes().remove_sandbox(gone, [this, place](const Status&) { replace(place); });
    }
  }
  /// One hash of everything the clients saw.
  std::string run() {
    RequestPath& requests = lab.open().requests();
    for (SimTime time; time < kTimeZero + 8_s; time = time + 10_ms) {
      lab.model->engine().run_until(time);
      const RequestPath::Totals& totals = requests.totals();
      EXPECT_EQ(totals.sent, totals.answered + totals.failed + totals.in_flight);
    }
    EXPECT_TRUE(requests.finish());
    Sha256 digest;
    for (const record::RequestRecord& record : lab.records) {
      digest.update_u64(record.index << 8 | record.traffic);
      digest.update_u64(static_cast<std::uint64_t>(record.end.ns));
      digest.update_u64(static_cast<std::uint64_t>(record.service.ns));
      digest.update_u64(static_cast<std::uint64_t>(record.status) << 8 | static_cast<std::uint64_t>(record.outcome));
      digest.update(record.replica);
    }
    return digest.hex();
  }
  Lab lab;
  RandomStream random;
  std::vector<control::PodIdentity> places = std::vector<control::PodIdentity>(4);
  int next_name = 0;
};

TEST(RequestPath, EveryRequestEndsInExactlyOneRecordWhateverHappens) {
  std::map<RequestOutcome, int> outcomes;
  std::map<int, int> statuses;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Chaos chaos(seed);
    chaos.run();
    const RequestPath::Totals totals = chaos.lab.open().requests().totals();
    EXPECT_EQ(totals.in_flight, 0U) << "seed " << seed;
    EXPECT_EQ(totals.sent, chaos.lab.records.size()) << "seed " << seed;
    std::set<std::pair<std::uint32_t, std::uint64_t>> seen;
    for (const record::RequestRecord& record : chaos.lab.records) {
      EXPECT_TRUE(seen.emplace(record.traffic, record.index).second) << "seed " << seed;
      EXPECT_GE(record.end, record.sent);
      EXPECT_GE(record.sent, record.intended);
      EXPECT_LE(record.end, record.intended + chaos.lab.scenario.traffic[record.traffic].timeout);
      ++outcomes[record.outcome];
      ++statuses[record.status];
    }
  }
  // The storm was one: everything that can happen did.
  EXPECT_GT(outcomes[RequestOutcome::Timeout], 0);
  EXPECT_GT(statuses[200], 1000);
  EXPECT_GT(statuses[502], 0);
  EXPECT_GT(statuses[504], 0);
}

TEST(RequestPath, TheSameSeedGivesTheSameRunAndAnythingElseAnother) {
  const std::string first = Chaos(5).run();
  EXPECT_EQ(Chaos(5).run(), first);
  EXPECT_NE(Chaos(6).run(), first);
  EXPECT_NE(Chaos(5, 60_ms).run(), first);
}

}  // namespace
}  // namespace tandem::sim
