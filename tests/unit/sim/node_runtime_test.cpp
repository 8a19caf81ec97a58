#include "sim/model/node_runtime.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "sim/engine/simgrid_network.hpp"
#include "tests/unit/sim/lab.hpp"

namespace tandem::sim {
namespace {

using namespace tandem::literals;
using control::ProbeOutcome;
using control::ProbeResult;

control::ProbeRequest http_probe(const Lab& lab, const std::string& pod, std::string path, std::int32_t port = 8080) {
  control::ProbeRequest request;
  request.container_id = lab.containers.at(pod).container_id;
  request.pod = {"uid-" + pod, "default", pod, "worker0", "10.244.1.2"};
  cluster::HttpGetAction action;
  action.path = std::move(path);
  request.probe.action = action;
  request.port = port;
  return request;
}

/// Asks and runs on until the answer is there.
ProbeOutcome ask(Lab& lab, const control::ProbeRequest& request) {
  std::optional<ProbeOutcome> outcome;
  lab.open().nodes().probe(request, [&](const ProbeOutcome& answer) { outcome = answer; });
  EXPECT_FALSE(outcome.has_value()) << "answers never come inside the call";
  while (!outcome && lab.open().engine().step()) {
  }
  return outcome.value_or(ProbeOutcome{ProbeResult::Error, "no answer"});
}

TEST(SimNodeRuntime, AContainerRunsAfterCreateAndStartAndListensAfterItsStartup) {
  Lab lab;
  lab.calibration.sandbox_create = {50, 0, 0};
  lab.calibration.container_create = {300, 0, 0};
  lab.calibration.container_start = {120, 0, 0};
  lab.image("web").startup = 600_ms;
  lab.start_pod(lab.pod("a", "10.244.1.2"));
  lab.run_until(469_ms);
  EXPECT_TRUE(lab.containers.empty());
  lab.run_until(471_ms);
  ASSERT_EQ(lab.containers.count("a"), 1U);
  EXPECT_EQ(lab.containers["a"].started_at, kTimeZero + 470_ms);
  EXPECT_EQ(lab.containers["a"].container_id.size(), 64U);
  lab.run_until(1'069_ms);
  const ProbeOutcome early = ask(lab, http_probe(lab, "a", "/"));
  EXPECT_EQ(early.result, ProbeResult::Failure);
  EXPECT_EQ(early.message, "Get \"http://10.244.1.2:8080/\": dial tcp 10.244.1.2:8080: connect: connection refused");
  lab.run_until(1'071_ms);
  EXPECT_EQ(ask(lab, http_probe(lab, "a", "/")).result, ProbeResult::Success);
}

TEST(SimNodeRuntime, DelaysHaveTheMeasuredMeanAndSpread) {
  Lab lab;
  lab.calibration.container_create = {300, 60, 0};
  std::vector<double> delays;
  for (int i = 0; i < 4000; ++i) {
    const std::string name = "pod" + std::to_string(i);
    lab.start_pod(lab.pod(name, "10.244.0." + std::to_string(i)));
    lab.run_until(seconds(10 * (i + 1)));
    delays.push_back(to_milliseconds(lab.containers.at(name).started_at - (kTimeZero + seconds(10 * i))));
  }
  double mean = 0;
  double square = 0;
  for (const double delay : delays) mean += delay / 4000;
  for (const double delay : delays) square += (delay - mean) * (delay - mean) / 4000;
  EXPECT_NEAR(mean, 300, 3 * 60 / std::sqrt(4000.0));
  EXPECT_NEAR(std::sqrt(square), 60, 6);
  EXPECT_GE(*std::min_element(delays.begin(), delays.end()), 240);
}

TEST(SimNodeRuntime, StartsOnABusyHostTakeLonger) {
  Lab lab;
  lab.calibration = no_overheads(2);
  lab.calibration.container_start = {200, 0, 0};
  for (const char* name : {"a", "b", "c", "d"}) lab.start_pod(lab.pod(name, "10.244.0." + std::to_string(name[0])));
  lab.run_until(5_s);
  // A quarter of it waiting, then four times 150 ms of CPU time on two cores.
  for (const auto& [name, started] : lab.containers) EXPECT_EQ(started.started_at, kTimeZero + 350_ms);
}

TEST(SimNodeRuntime, ProbesSayWhatTheKubeletSays) {
  Lab lab;
  lab.calibration.probe = {2, 0, 0};
  lab.image("web").routes = {route("/", 10_ms), route("/slow", 0_ms, 3_s)};
  lab.start_pod(lab.pod("a", "10.244.1.2"));
  lab.run_until(1_s);
  const SimTime before = lab.now();
  EXPECT_EQ(ask(lab, http_probe(lab, "a", "/?x=y")).result, ProbeResult::Success);
  EXPECT_EQ(lab.now() - before, 12_ms);

  const ProbeOutcome missing = ask(lab, http_probe(lab, "a", "/healthz"));
  EXPECT_EQ(missing.result, ProbeResult::Failure);
  EXPECT_EQ(missing.message, "HTTP probe failed with statuscode: 404");

  const ProbeOutcome closed = ask(lab, http_probe(lab, "a", "healthz", 9090));
  EXPECT_EQ(closed.message, "Get \"http://10.244.1.2:9090/healthz\": dial tcp 10.244.1.2:9090: connect: connection refused");

  const ProbeOutcome slow = ask(lab, http_probe(lab, "a", "/slow"));
  EXPECT_EQ(slow.message,
            "Get \"http://10.244.1.2:8080/slow\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");

  control::ProbeRequest tcp = http_probe(lab, "a", "/");
  tcp.probe.action = cluster::TcpSocketAction{};
  EXPECT_EQ(ask(lab, tcp).result, ProbeResult::Success);
  tcp.port = 9090;
  EXPECT_EQ(ask(lab, tcp).message, "dial tcp 10.244.1.2:9090: connect: connection refused");

  control::ProbeRequest command = http_probe(lab, "a", "/");
  command.probe.action = cluster::ExecAction{{"true"}};
  EXPECT_EQ(ask(lab, command).result, ProbeResult::Success);
  lab.model->nodes().kill_container(lab.containers.at("a").container_id);
  EXPECT_EQ(ask(lab, command).result, ProbeResult::Error);
  EXPECT_EQ(ask(lab, http_probe(lab, "a", "/")).message,
            "Get \"http://10.244.1.2:8080/\": dial tcp 10.244.1.2:8080: connect: connection refused");
}

TEST(SimNodeRuntime, AProbeWaitsBehindRequestsAndIsCutOffByTheEndOfTheProcess) {
  Lab lab;
  lab.image("web").routes = {route("/", 300_ms)};
  lab.traffic("one", 10, {}, 100_ms);
  lab.serve({"worker0"});
  lab.run_until(1_ms);
  EXPECT_EQ(ask(lab, http_probe(lab, "a", "/")).result, ProbeResult::Success);
  EXPECT_EQ(lab.now(), kTimeZero + 600_ms);
  std::optional<ProbeOutcome> outcome;
  lab.model->nodes().probe(http_probe(lab, "a", "/"), [&](const ProbeOutcome& answer) { outcome = answer; });
  lab.run_until(700_ms);
  lab.model->nodes().kill_container(lab.containers.at("a").container_id);
  lab.run_until(701_ms);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->message, "Get \"http://10.244.1.2:8080/\": EOF");
}

TEST(SimNodeRuntime, TheExitIsReportedAfterTheEngineNoticedIt) {
  Lab lab;
  lab.calibration.container_stop = {230, 0, 0};
  lab.image("web").drain = 100_ms;
  lab.start_pod(lab.pod("a", "10.244.1.2"));
  lab.run_until(1_s);
  lab.model->nodes().stop_container(lab.containers.at("a").container_id, 30_s);
  lab.run_until(1'329_ms);
  EXPECT_TRUE(lab.exits.empty());
  lab.run_until(1'331_ms);
  ASSERT_EQ(lab.exits.size(), 1U);
  EXPECT_EQ(lab.exits[0].container_id, lab.containers.at("a").container_id);
  EXPECT_EQ(lab.exits[0].exit_code, 0);
  EXPECT_EQ(lab.exits[0].finished_at, kTimeZero + 1'100_ms);
  // Stopping what has stopped does nothing, and there is one report.
  lab.model->nodes().stop_container(lab.containers.at("a").container_id, 0_s);
  lab.run_until(60_s);
  EXPECT_EQ(lab.exits.size(), 1U);
}

TEST(SimNodeRuntime, StatsCountCpuTimeAndThrottling) {
  Lab lab;
  lab.image("web").routes = {route("/", 100_ms)};
  lab.traffic("one", 1, {}, 1_s);
  lab.start_balancer();
  lab.pods.push_back(lab.pod("a", "10.244.1.2"));
  lab.start_pod(lab.pods[0], "web", 200);
  lab.set_backends(lab.pods);
  lab.run_until({});
  lab.start_traffic();
  lab.run_until(2_s);
  std::optional<control::ContainerStats> stats;
  const auto ask_stats = [&] {
    lab.model->nodes().stats(lab.containers.at("a").container_id, [&](const Result<control::ContainerStats>& answer) {
      ASSERT_TRUE(answer.has_value());
      stats = *answer;
    });
    lab.run_until(lab.now() - kTimeZero + 1_ms);
  };
  ask_stats();
  EXPECT_EQ(stats->cpu_used, 100_ms);
  EXPECT_EQ(stats->throttled, lab.record_of(0).throttled);
  lab.model->nodes().kill_container(lab.containers.at("a").container_id);
  ask_stats();
  EXPECT_EQ(stats->cpu_used, 100_ms);
}

TEST(SimNodeRuntime, ExecAnswersWhileTheContainerRuns) {
  Lab lab;
  lab.start_pod(lab.pod("a", "10.244.1.2"));
  lab.run_until(1_s);
  std::optional<Result<int>> known, unknown;
  const std::string id = lab.containers.at("a").container_id;
  lab.model->nodes().exec(id, {"ls"}, [&](const Result<int>& answer) { known = answer; });
  lab.model->nodes().exec("nobody", {"ls"}, [&](const Result<int>& answer) { unknown = answer; });
  lab.run_until(2_s);
  ASSERT_TRUE(known && unknown);
  EXPECT_EQ(*known, 0);
  EXPECT_FALSE(unknown->has_value());
}

TEST(SimNodeRuntime, PulledImagesComeThroughTheNetworkOnceANode) {
  Lab lab;
  lab.scenario.registry = scenario::RegistrySpec{};  // 30 MB/s, 1 ms, 500 ms a pull
  lab.image("big").preloaded = false;
  lab.image("big").size_bytes = 60'000'000;
  SimNodeRuntime& nodes = lab.open().nodes();
  EXPECT_TRUE(needs_bulk_transfers(lab.scenario));
  EXPECT_TRUE(nodes.image_present("worker0", "web"));
  EXPECT_FALSE(nodes.image_present("worker0", "big"));
  std::vector<std::pair<SimTime, Result<control::ImagePulled>>> pulls;
  const auto note = [&](const Result<control::ImagePulled>& result) { pulls.emplace_back(lab.now(), result); };
  nodes.pull_image("worker0", "big", note);
  nodes.pull_image("worker1", "big", note);
  nodes.pull_image("worker2", "unheard-of", note);
  lab.run_until(60_s);
  ASSERT_EQ(pulls.size(), 3U);
  EXPECT_EQ(pulls[0].second.error().what, "failed to resolve reference \"unheard-of\": not found");
  for (int i : {1, 2}) {
    const auto& [time, result] = pulls[static_cast<std::size_t>(i)];
    ASSERT_TRUE(result.has_value());
    EXPECT_FALSE(result->already_present);
    EXPECT_EQ(result->bytes, 60'000'000);
    // Two share the registry's 30 MB/s: 4 s, and 1.1 ms of latency.
    EXPECT_EQ(time, kTimeZero + 500_ms + 4_s + 1'100_us);
  }
  EXPECT_TRUE(nodes.image_present("worker0", "big"));
  EXPECT_FALSE(nodes.image_present("worker2", "big"));
  nodes.pull_image("worker0", "big", note);
  lab.run_until(61_s);
  EXPECT_TRUE(pulls.back().second->already_present);
}

TEST(SimNodeRuntime, ARunWithoutPullsLeavesSimGridAlone) {
  Lab lab;
  lab.scenario.registry = scenario::RegistrySpec{};
  EXPECT_FALSE(needs_bulk_transfers(lab.scenario));
  lab.traffic("users", 100, {}, 1_s);
  lab.serve({"worker0"});
  lab.run_until(2_s);
  EXPECT_EQ(lab.records.size(), 100U);
  EXPECT_TRUE(simgrid_is_free());
}

TEST(SimNodeRuntime, ContainersWithoutSandboxOrImageAreRefused) {
  Lab lab;
  std::vector<Result<control::ContainerStarted>> answers;
  control::ContainerRequest request;
  request.pod = lab.pod("a", "10.244.1.2");
  request.container_name = "app";
  request.image = "web";
  const auto note = [&](const Result<control::ContainerStarted>& answer) { answers.push_back(answer); };
  lab.open().nodes().start_container(request, note);
  lab.model->nodes().create_sandbox(request.pod, [](const Status&) {});
  lab.run_until(1_ms);
  request.image = "unheard-of";
  lab.model->nodes().start_container(request, note);
  // A sandbox that goes while its container starts takes it along.
  lab.run_until(2_ms);
  request.image = "web";
  lab.model->nodes().start_container(request, note);
  lab.model->nodes().remove_sandbox(request.pod, [](const Status&) {});
  lab.run_until(1_s);
  ASSERT_EQ(answers.size(), 3U);
  for (const auto& answer : answers) EXPECT_EQ(answer.error().code, ErrorCode::EngineRefused);
}

// ---------------------------------------------------------------- faults and samples

scenario::Fault fault(std::string kind, std::string action, std::string node = {}) {
  scenario::Fault made;
  made.kind = std::move(kind);
  made.action = std::move(action);
  made.node = std::move(node);
  return made;
}

TEST(SimFaultInjector, SaysBeforehandWhatItCannotDo) {
  EXPECT_EQ(SimFaultInjector::refusal_of(fault("NetworkChaos", "partition", "worker0")), "");
  EXPECT_EQ(SimFaultInjector::refusal_of(fault("PodChaos", "pod-kill")), "");
  EXPECT_EQ(SimFaultInjector::refusal_of(fault("PodChaos", "container-kill")), "");
  EXPECT_NE(SimFaultInjector::refusal_of(fault("NetworkChaos", "partition")), "");
  EXPECT_NE(SimFaultInjector::refusal_of(fault("NetworkChaos", "delay", "worker0")), "");
  EXPECT_NE(SimFaultInjector::refusal_of(fault("PodChaos", "pod-failure")), "");
  EXPECT_NE(SimFaultInjector::refusal_of(fault("IOChaos", "latency")), "");
  scenario::Fault odd = fault("NetworkChaos", "partition", "worker0");
  odd.parameters["latency"] = "10ms";
  EXPECT_NE(SimFaultInjector::refusal_of(odd), "");
  scenario::Fault fixed = fault("PodChaos", "pod-kill");
  fixed.mode = scenario::SelectionMode::Fixed;
  EXPECT_NE(SimFaultInjector::refusal_of(fixed), "");
}

cluster::Pod labelled(const control::PodIdentity& identity) {
  cluster::Pod pod;
  pod.meta.name = identity.name;
  pod.meta.namespace_ = identity.namespace_;
  pod.meta.labels = cluster::Labels{{"app", "web"}};
  pod.node_name = identity.node_name;
  return pod;
}

TEST(SimFaultInjector, PartitionsANodeUntilItIsHealed) {
  Lab lab;
  cluster::ApiServer server(lab.open().engine(), cluster::DeliveryProfile::instant(), 1);
  const auto faults = lab.model->make_fault_injector(server);
  EXPECT_FALSE(faults->apply(1, fault("NetworkChaos", "partition", "nowhere")));
  ASSERT_TRUE(faults->apply(2, fault("NetworkChaos", "partition", "worker1")));
  ASSERT_TRUE(faults->apply(3, fault("NetworkChaos", "partition", "worker1")));
  EXPECT_FALSE(faults->apply(3, fault("NetworkChaos", "partition", "worker1")));
  EXPECT_TRUE(lab.model->network().reachable(0));
  EXPECT_FALSE(lab.model->network().reachable(1));
  ASSERT_TRUE(faults->heal(2));
  EXPECT_FALSE(lab.model->network().reachable(1));
  ASSERT_TRUE(faults->heal(3));
  ASSERT_TRUE(faults->heal(3));
  EXPECT_TRUE(lab.model->network().reachable(1));
}

TEST(SimFaultInjector, KillsPodsThroughTheApiServerAndContainersDirectly) {
  Lab lab;
  cluster::ApiServer server(lab.open().engine(), cluster::DeliveryProfile::instant(), 1);
  const auto faults = lab.model->make_fault_injector(server);
  for (const char* name : {"a", "b", "c"}) {
    control::PodIdentity identity = lab.pod(name, std::string("10.244.0.") + std::to_string(name[0]));
    const auto made = server.create(labelled(identity));
    ASSERT_TRUE(made.has_value());
    identity.uid = (*made)->meta.uid;
    lab.start_pod(identity);
  }
  lab.run_until(1_s);
  scenario::Fault kill = fault("PodChaos", "container-kill");
  kill.selector.match_labels = {{"app", "web"}};
  kill.mode = scenario::SelectionMode::Fixed;
  kill.parameters["value"] = "2";
  ASSERT_TRUE(faults->apply(1, kill));
  lab.run_until(2_s);
  ASSERT_EQ(lab.exits.size(), 2U);
  EXPECT_EQ(lab.exits[0].exit_code, 137);
  EXPECT_EQ(server.list<cluster::Pod>().size(), 3U);

  kill.action = "pod-kill";
  kill.mode = scenario::SelectionMode::One;
  kill.parameters.clear();
  ASSERT_TRUE(faults->apply(2, kill));
  EXPECT_EQ(server.list<cluster::Pod>().size(), 2U);
  kill.selector.match_labels = {{"app", "db"}};
  ASSERT_TRUE(faults->apply(3, kill));
  EXPECT_EQ(server.list<cluster::Pod>().size(), 2U);
}

TEST(Sampler, ReportsUseOfNodesAndContainersAndDisturbsNothing) {
  const auto run = [](bool sampling, std::vector<record::Sample>& samples) {
    Lab lab;
    lab.image("web").routes = {route("/", 4_ms, {}, true)};
    lab.traffic("users", 100, {}, 10_s).arrivals = scenario::ArrivalKind::Poisson;
    lab.start_balancer();
    lab.pods.push_back(lab.pod("a", "10.244.1.2"));
    lab.start_pod(lab.pods[0], "web", 450);
    lab.set_backends(lab.pods);
    lab.run_until({});
    std::unique_ptr<Sampler> sampler;
    if (sampling) sampler = lab.model->make_sampler([&](const record::Sample& sample) { samples.push_back(sample); });
    lab.start_traffic();
    lab.run_until(20_s);
    return lab.records;
  };
  std::vector<record::Sample> samples;
  const auto with = run(true, samples);
  EXPECT_EQ(run(false, samples), with);
  ASSERT_EQ(samples.size(), 20U * (3 + 2));
  double node = 0;
  double container = 0;
  double throttled = 0;
  for (const record::Sample& sample : samples) {
    if (sample.entity == "node/worker0") node += sample.value;
    if (sample.entity == "container/a/app" && sample.metric == "cpu.used_cores") container += sample.value;
    if (sample.entity == "container/a/app" && sample.metric == "cpu.throttled_share") throttled += sample.value;
    if (sample.entity == "node/worker1") {
      EXPECT_EQ(sample.value, 0);
    }
  }
  double demanded = 0;
  for (const record::RequestRecord& record : with) demanded += static_cast<double>(record.cpu.ns) * 1e-9;
  EXPECT_NEAR(node, demanded, 1e-6);
  EXPECT_NEAR(container, demanded, 1e-6);
  EXPECT_GT(throttled, 0);
}

}  // namespace
}  // namespace tandem::sim
