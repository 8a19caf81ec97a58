// How containers misbehave: they end, fail, hang, take memory, ignore signals, cannot be pulled.

#include <gtest/gtest.h>

#include "sim/model/memory.hpp"
#include "tests/unit/sim/lab.hpp"

namespace tandem::sim {
namespace {

using namespace tandem::literals;
using control::ProbeOutcome;
using control::ProbeResult;

constexpr std::int64_t kMiB = 1 << 20;

class BehaviourLab : public Lab {
 public:
  /// Starts the only container of a pod now, whose sandbox is made first.
  void start(const std::string& name, const std::function<void(control::ContainerRequest&)>& edit = {}) {
    control::ContainerRequest request;
    request.pod = pod(name, "10.244.0." + std::to_string(next_address_++));
    request.container_name = "app";
    request.image = "web";
    request.port = 8080;
    if (edit) edit(request);
    open().nodes().create_sandbox(request.pod, [this, request](const Status&) {
      model->nodes().start_container(request, [this, request](const Result<control::ContainerStarted>& started) {
        ASSERT_TRUE(started.has_value());
        containers[request.pod.name] = *started;
      });
    });
  }
  std::string id(const std::string& name) { return containers.at(name).container_id; }
  const control::ContainerExited* exit_of(const std::string& name) {
    for (const control::ContainerExited& exit : exits) {
      if (exit.container_id == id(name)) return &exit;
    }
    return nullptr;
  }
  control::ProbeRequest probe_request(const std::string& name, const std::string& path) {
    control::ProbeRequest request;
    request.container_id = id(name);
    request.pod = pod(name, "10.244.0.2");
    cluster::HttpGetAction action;
    action.path = path;
    request.probe.action = action;
    request.port = 8080;
    return request;
  }
  ProbeOutcome ask(const control::ProbeRequest& request) {
    std::optional<ProbeOutcome> outcome;
    model->nodes().probe(request, [&](const ProbeOutcome& answer) { outcome = answer; });
    while (!outcome && model->engine().step()) {
    }
    return outcome.value_or(ProbeOutcome{ProbeResult::Error, "no answer"});
  }
  std::string get(const std::string& name, const std::string& path) { return ask(probe_request(name, path)).message; }
  std::int64_t memory_of(const std::string& name) {
    std::int64_t bytes = -1;
    model->nodes().stats(id(name), [&](const Result<control::ContainerStats>& stats) { bytes = stats->memory_bytes; });
    while (bytes < 0 && model->engine().step()) {
    }
    return bytes;
  }

 private:
  int next_address_ = 2;
};

TEST(ContainerEnd, ComesByItselfInTheFirstStartsOnly) {
  BehaviourLab lab;
  lab.image("web").exit = scenario::ExitSpec{10_s, 3, 2};
  lab.start("first");
  lab.start("second", [](control::ContainerRequest& request) { request.restart_count = 1; });
  lab.start("third", [](control::ContainerRequest& request) { request.restart_count = 2; });
  lab.run_until(100_s);
  ASSERT_NE(lab.exit_of("first"), nullptr);
  EXPECT_EQ(lab.exit_of("first")->exit_code, 3);
  EXPECT_EQ(lab.exit_of("first")->finished_at, kTimeZero + 10_s);
  EXPECT_NE(lab.exit_of("second"), nullptr);
  EXPECT_EQ(lab.exit_of("third"), nullptr);
}

TEST(ContainerEnd, BeforeItWhatIsInFlightIsReset) {
  BehaviourLab lab;
  lab.image("web").routes = {route("/", 0_ms, 5_s)};
  lab.image("web").exit = scenario::ExitSpec{2_s, 0, 0};
  lab.start("a");
  lab.run_until(1_s);
  control::ProbeRequest request = lab.probe_request("a", "/");
  request.probe.timeout_seconds = 10;
  EXPECT_EQ(lab.ask(request).message, "Get \"http://10.244.0.2:8080/\": EOF");
  EXPECT_EQ(lab.now(), kTimeZero + 2_s);
}

TEST(ContainerEnd, ASignalBeforeItListensKillsIt) {
  BehaviourLab lab;
  lab.image("web").startup = 5_s;
  lab.image("web").drain = 3_s;
  lab.start("a");
  lab.run_until(1_s);
  lab.model->nodes().stop_container(lab.id("a"), 30_s);
  lab.run_until(2_s);
  ASSERT_NE(lab.exit_of("a"), nullptr);
  EXPECT_EQ(lab.exit_of("a")->exit_code, 143);
  EXPECT_EQ(lab.exit_of("a")->finished_at, kTimeZero + 1_s);
}

TEST(ContainerEnd, WhoIgnoresTheSignalIsKilledWhenTheGraceIsOverAndGracesOnlyShrink) {
  BehaviourLab lab;
  lab.image("web").on_terminate = scenario::OnTerminate::Ignore;
  lab.start("a");
  lab.run_until(1_s);
  lab.model->nodes().stop_container(lab.id("a"), 10_s);
  lab.run_until(2_s);
  EXPECT_EQ(lab.get("a", "/"), "") << "it goes on serving";
  lab.model->nodes().stop_container(lab.id("a"), 60_s);
  lab.run_until(12_s);
  ASSERT_NE(lab.exit_of("a"), nullptr);
  EXPECT_EQ(lab.exit_of("a")->exit_code, 137);
  EXPECT_FALSE(lab.exit_of("a")->oom_killed);
  EXPECT_EQ(lab.exit_of("a")->finished_at, kTimeZero + 11_s);
}

TEST(Ports, OfAPodBelongToOneContainerEach) {
  BehaviourLab lab;
  lab.image("proxy").routes = {route("/", 1_ms)};
  lab.image("batch").routes.clear();
  const control::PodIdentity pod = lab.pod("p", "10.244.0.9");
  lab.open().nodes().create_sandbox(pod, [](const Status&) {});
  lab.run_until(1_ms);
  const auto start = [&](const std::string& image, std::int32_t port) {
    control::ContainerRequest request;
    request.pod = pod;
    request.container_name = image;
    request.image = image;
    request.port = port;
    lab.model->nodes().start_container(request, [&lab, image](const Result<control::ContainerStarted>& started) { lab.containers[image] = *started; });
    lab.run_until(lab.now() - kTimeZero + 1_s);
  };
  start("web", 8080);
  start("batch", 0);  // nothing to answer: it does not listen
  start("proxy", 0);  // 8080 by default, and that is taken
  ASSERT_EQ(lab.exits.size(), 1U);
  EXPECT_EQ(lab.exits[0].container_id, lab.id("proxy"));
  EXPECT_EQ(lab.exits[0].exit_code, 1);
  lab.model->nodes().kill_container(lab.id("web"));
  start("proxy", 0);
  EXPECT_EQ(lab.exits.size(), 2U) << "the port is free again";
}

TEST(Failures, LastAsLongAsTheImageSays) {
  BehaviourLab lab;
  lab.image("web").routes = {route("/", 1_ms), route("/healthz", 1_ms)};
  lab.image("web").failures = {{"/healthz", 10_s, 20_s, 503, false}};
  lab.start("a");
  lab.run_until(9'900_ms);
  EXPECT_EQ(lab.get("a", "/healthz"), "");
  lab.run_until(10_s);
  EXPECT_EQ(lab.get("a", "/healthz?deep=1"), "HTTP probe failed with statuscode: 503");
  EXPECT_EQ(lab.get("a", "/"), "");
  lab.run_until(20_s);
  EXPECT_EQ(lab.get("a", "/healthz"), "");
}

TEST(Failures, AHangingPathTakesNoWorkerAndEndsWithTheProcess) {
  BehaviourLab lab;
  scenario::ImageSpec& image = lab.image("web");
  image.workers = 1;
  image.backlog = 0;
  image.failures = {{"/stuck*", {}, std::nullopt, 500, true}};
  lab.start("a");
  lab.run_until(1_s);
  EXPECT_EQ(lab.get("a", "/stuck"),
            "Get \"http://10.244.0.2:8080/stuck\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
  EXPECT_EQ(lab.now(), kTimeZero + 2_s);
  EXPECT_EQ(lab.get("a", "/"), "") << "one worker and no backlog, and still there is room";
  control::ProbeRequest patient = lab.probe_request("a", "/stuck/too");
  patient.probe.timeout_seconds = 60;
  lab.model->engine().at(kTimeZero + 5_s, EventClass::Timeline, 0, [&] { lab.model->nodes().stop_container(lab.id("a"), 30_s); });
  EXPECT_EQ(lab.ask(patient).message, "Get \"http://10.244.0.2:8080/stuck/too\": EOF");
  EXPECT_EQ(lab.now(), kTimeZero + 5_s) << "it does not hold the end up";
}

TEST(Failures, ClientsOfAHangingServerTimeOut) {
  BehaviourLab lab;
  lab.image("web").failures = {{"/*", 500_ms, std::nullopt, 500, true}};
  lab.traffic("users", 10, {}, 1_s).timeout = 2_s;
  lab.serve({"worker0"});
  lab.run_until(10_s);
  ASSERT_EQ(lab.records.size(), 10U);
  int timed_out = 0;
  for (const record::RequestRecord& record : lab.records) timed_out += record.outcome == record::RequestOutcome::Timeout;
  EXPECT_EQ(timed_out, 5);
}

TEST(Memory, BeyondItsLimitAContainerIsKilled) {
  BehaviourLab lab;
  lab.image("web").memory = scenario::MemorySpec{20 * kMiB, 2 * kMiB, 1024 * kMiB};
  const auto limited = [](std::int64_t bytes) { return [bytes](control::ContainerRequest& request) { request.memory_limit_bytes = bytes; }; };
  lab.start("small", limited(30 * kMiB));
  lab.start("none");
  lab.start("tiny", limited(10 * kMiB));
  lab.run_until(4_s);
  EXPECT_EQ(lab.memory_of("small"), 28 * kMiB);
  ASSERT_NE(lab.exit_of("tiny"), nullptr);
  EXPECT_EQ(lab.exit_of("tiny")->finished_at, kTimeZero);
  lab.run_until(60_s);
  ASSERT_NE(lab.exit_of("small"), nullptr);
  EXPECT_EQ(lab.exit_of("small")->exit_code, 137);
  EXPECT_TRUE(lab.exit_of("small")->oom_killed);
  EXPECT_NEAR(to_seconds(lab.exit_of("small")->finished_at - kTimeZero), 5, 1e-6);
  EXPECT_EQ(lab.exit_of("none"), nullptr);
  EXPECT_EQ(lab.memory_of("none"), 140 * kMiB);
}

TEST(Memory, StopsAtItsPeak) {
  BehaviourLab lab;
  lab.image("web").memory = scenario::MemorySpec{0, 10 * kMiB, 64 * kMiB};
  lab.start("a", [](control::ContainerRequest& request) { request.memory_limit_bytes = 64 * kMiB; });
  lab.run_until(100_s);
  EXPECT_EQ(lab.exit_of("a"), nullptr);
  EXPECT_EQ(lab.memory_of("a"), 64 * kMiB);
}

/// What NodeMemory kills, and when, in seconds.
struct Kills {
  explicit Kills(std::int64_t capacity)
      : memory(engine, {capacity, 0}, [this](std::uint32_t container) {
          killed.emplace_back(container, to_seconds(engine.now() - kTimeZero));
          memory.remove(container);
        }) {}
  Engine engine;
  std::vector<std::pair<std::uint32_t, double>> killed;
  NodeMemory memory;
};

TEST(NodeMemory, AFullNodeKillsTheWorstOne) {
  Kills node(100 * kMiB);
  node.memory.add(1, {{60 * kMiB, 0, 200 * kMiB}, 0, -997, kTimeZero});
  node.memory.add(2, {{10 * kMiB, 2 * kMiB, 20 * kMiB}, 0, 900, kTimeZero});  // full after 5 s
  node.memory.add(3, {{0, kMiB, 200 * kMiB}, 0, 100, kTimeZero});
  node.engine.run_until(kTimeZero + 1000_s);
  // 60 + 20 + t exceeds 100 after 20 s; the second one weighs 20 MiB + 90 % of the node. Then 60 + t exceeds it after 40 s.
  ASSERT_EQ(node.killed.size(), 2U);
  EXPECT_EQ(node.killed[0].first, 2U);
  EXPECT_NEAR(node.killed[0].second, 20, 1e-6);
  EXPECT_EQ(node.killed[1].first, 3U);
  EXPECT_NEAR(node.killed[1].second, 40, 1e-6);
}

TEST(NodeMemory, OfEqualsTheYoungestAndTwoAtOnceOneAfterTheOther) {
  Kills node(100 * kMiB);
  for (std::uint32_t container : {1, 2, 3}) node.memory.add(container, {{60 * kMiB, 0, 60 * kMiB}, 0, 0, kTimeZero});
  node.engine.run_until(kTimeZero + 1_s);
  ASSERT_EQ(node.killed.size(), 2U);
  EXPECT_EQ(node.killed[0], (std::pair<std::uint32_t, double>(3, 0)));
  EXPECT_EQ(node.killed[1].first, 2U);
}

TEST(NodeMemory, NothingRunsWhileNobodyCanExceedAnything) {
  Kills node(100 * kMiB);
  node.memory.add(1, {{10 * kMiB, kMiB, 50 * kMiB}, 50 * kMiB, 0, kTimeZero});
  node.memory.add(2, {{10 * kMiB, kMiB, 50 * kMiB}, 0, 0, kTimeZero});
  EXPECT_FALSE(node.engine.step()) << "no timer is armed";
}

TEST(NodeMemory, HugeAmountsDoNotOverflow) {
  Kills node(std::int64_t{1} << 50);
  for (std::uint32_t container = 0; container < 4; ++container) {
    node.memory.add(container, {{1'000'000'000'000, 1'000'000'000'000, 1'000'000'000'000}, 0, 0, kTimeZero});
    node.memory.add(10 + container, {{0, 1, 1'000'000'000'000}, 0, 0, kTimeZero});
  }
  node.engine.run_until(kTimeZero + 1000_s);
  EXPECT_TRUE(node.killed.empty());
  EXPECT_EQ(node.memory.held(0), 1'000'000'000'000);
  EXPECT_EQ(node.memory.held(10), 1000);
}

TEST(Commands, TakeTheirTimeAndEndWithTheContainer) {
  BehaviourLab lab;
  lab.start("a");
  lab.run_until(1_s);
  std::vector<std::string> ended;
  const auto note = [&](const char* name) {
    return [&ended, &lab, name](const Result<int>& code) {
      ended.push_back(std::string(name) + " " + to_string(lab.now()) + " " + (code ? std::to_string(*code) : code.error().what));
    };
  };
  lab.model->nodes().exec(lab.id("a"), {"sh", "-c", "sleep 2; exit 4"}, note("short"));
  lab.model->nodes().exec(lab.id("a"), {"sleep", "60"}, note("long"));
  lab.run_until(5_s);
  lab.model->nodes().kill_container(lab.id("a"));
  lab.run_until(100_s);
  EXPECT_EQ(ended, (std::vector<std::string>{"short 3.000s 4", "long 5.000s the container has ended"}));
}

TEST(Commands, OfProbesHaveTheProbesTimeout) {
  BehaviourLab lab;
  lab.start("a");
  lab.run_until(1_s);
  control::ProbeRequest request = lab.probe_request("a", "/");
  request.probe.action = cluster::ExecAction{{"sleep", "3"}};
  const ProbeOutcome late = lab.ask(request);
  EXPECT_EQ(late.result, ProbeResult::Failure);
  EXPECT_EQ(late.message, "command timed out: \"sleep 3\" timed out after 1s");
  EXPECT_EQ(lab.now(), kTimeZero + 2_s);
  request.probe.action = cluster::ExecAction{{"false"}};
  EXPECT_EQ(lab.ask(request).result, ProbeResult::Failure);
  request.probe.action = cluster::GrpcAction{};
  EXPECT_EQ(lab.ask(request).result, ProbeResult::Failure);
}

TEST(Hooks, GetAnyAnswerOrNone) {
  BehaviourLab lab;
  lab.image("web").routes = {route("/", 1_ms)};
  lab.start("a");
  lab.run_until(1_s);
  std::vector<bool> good;
  const auto hook = [&](const std::string& path, std::int32_t port) {
    cluster::HttpGetAction action;
    action.path = path;
    lab.model->nodes().http_get({lab.id("a"), lab.pod("a", "10.244.0.2"), action, port}, [&](const Status& status) { good.push_back(status.has_value()); });
    lab.run_until(lab.now() - kTimeZero + 1_s);
  };
  hook("/quit", 8080);  // 404 is an answer
  hook("/", 9090);
  lab.model->nodes().kill_container(lab.id("a"));
  hook("/", 8080);
  EXPECT_EQ(good, (std::vector<bool>{true, false, false}));
}

TEST(Images, ThatNobodyHasCannotBePulled) {
  BehaviourLab lab;
  scenario::ImageSpec& image = lab.image("secret");
  image.pullable = image.preloaded = false;
  EXPECT_FALSE(needs_bulk_transfers(lab.scenario));
  EXPECT_FALSE(lab.open().nodes().image_present("worker0", "secret"));
  std::string error;
  lab.model->nodes().pull_image("worker0", "secret", [&](const Result<control::ImagePulled>& result) { error = result.error().what; });
  lab.run_until(1_s);
  EXPECT_EQ(error, "failed to resolve reference \"secret\": not found");
}

TEST(Probes, ARedirectIsAWarning) {
  BehaviourLab lab;
  lab.image("web").routes = {route("/", 1_ms)};
  lab.image("web").routes[0].status = 302;
  lab.start("a");
  lab.run_until(1_s);
  EXPECT_EQ(lab.ask(lab.probe_request("a", "/")).result, ProbeResult::Warning);
}

}  // namespace
}  // namespace tandem::sim
