// One short Docker run of everything: manifests to pods, nginx following them, traffic, a rolling update under load, clean-up.
// And the test of design §5: CPU demand is spent, so two workers on one core need twice the wall time.

#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/run_scenario.hpp"
#include "core/judge/replay_input.hpp"
#include "core/judge/scheduling_replay.hpp"
#include "core/judge/rollouts.hpp"
#include "core/record/recording.hpp"
#include "core/traffic/stream.hpp"
#include "core/world/control_plane.hpp"
#include "host/files.hpp"
#include "real/docker/docker_world.hpp"
#include "real/docker/node_slices.hpp"
#include "tests/real/engine_fixture.hpp"

namespace tandem::docker {
namespace {

class DockerRun : public EngineTest {
 protected:
  DockerRun() : folder_(std::filesystem::temp_directory_path() / ("tandem-real-" + std::to_string(getpid()))) {}
  ~DockerRun() override { std::filesystem::remove_all(folder_); }

  /// The shipped scenario, shortened: the rollout at 6 s, a pod deleted at 14 s, 20 s in all, 50 requests a second.
  static scenario::Scenario short_scenario() {
    auto loaded = cli::load_scenario(std::string(TANDEM_SOURCE_DIR) + "/scenarios/rolling-update", {}, std::nullopt);
    EXPECT_TRUE(loaded.has_value());
    scenario::Scenario scenario = std::move(loaded->scenario);
    scenario.horizon = seconds(20);
    scenario.checks.clear();
    scenario.traffic.front().rate = 50;
    scenario.traffic.front().from = seconds(4);
    scenario.traffic.front().until = seconds(18);
    scenario.timeline.front().at = kTimeZero + seconds(6);
    scenario.timeline.back().at = kTimeZero + seconds(14);
    return scenario;
  }

  cli::RunResult run(const scenario::Scenario& scenario) {
    std::filesystem::create_directories(folder_);
    DockerWorld world;
    host::ProgressLine quiet(stderr, true);
    const cli::RunRequest request{.scenario = scenario,
                                  .scenario_path = "rolling-update",
                                  .folder = (folder_ / "run").string(),
                                  .overwrite = true,
                                  .calibration = {},
                                  .overrides = {},
                                  .interrupted = nullptr};
    auto result = cli::run_scenario(request, world, quiet);
    if (!result) {
      for (const Error& error : result.error()) ADD_FAILURE() << to_string(error);
      return {};
    }
    if (result->error) ADD_FAILURE() << to_string(*result->error);
    return std::move(*result);
  }

  std::filesystem::path folder_;
};

TEST_F(DockerRun, RollsUnderLoadLosesNothingAndLeavesNothing) {
  const std::size_t before = our_containers();
  const scenario::Scenario scenario = short_scenario();
  run(scenario);
  EXPECT_EQ(our_containers(), before) << "nothing of the run is left";

  const auto recording = record::Recording::open((folder_ / "run").string());
  ASSERT_TRUE(recording.has_value()) << to_string(recording.error());
  EXPECT_TRUE(recording->complete());
  ASSERT_EQ(recording->totals().size(), 1U);
  const record::TrafficTotals& users = recording->totals().front();
  EXPECT_NEAR(static_cast<double>(users.requests), 50 * 14, 4 * 26.5) << "Poisson: 700 ± 4 standard deviations";
  EXPECT_LE(static_cast<double>(users.failed), 0.02 * static_cast<double>(users.requests));
  bool saw_404 = false;
  bool saw_200 = false;
  for (const auto& [status, count] : users.by_status) {
    saw_404 = saw_404 || (status == 404 && count > 0);
    saw_200 = saw_200 || (status == 200 && count > 0);
  }
  EXPECT_TRUE(saw_404 && saw_200) << "clients see 404 turn into 200";

  const auto history = judge::RunHistory::of(*recording);
  const judge::DeploymentLife* web = history.deployment("default", "web");
  ASSERT_NE(web, nullptr);
  EXPECT_TRUE(web->states.back().complete());
  // The scheduler is the same code in both worlds; here its watches lag by the wall's clock.
  const auto decided_again = judge::reevaluate_all(*recording, scenario.scheduler);
  ASSERT_TRUE(decided_again.has_value()) << to_string(decided_again.error());
  EXPECT_TRUE(decided_again->mismatches.empty());
  const auto replayed = judge::replay_and_compare(*recording, history, *world::delivery_profile(scenario.delivery));
  ASSERT_TRUE(replayed.has_value()) << to_string(replayed.error());
  for (const judge::ReplayComparison& comparison : *replayed) EXPECT_TRUE(comparison.same_joined);

  const nlohmann::json host = nlohmann::json::parse(host::read_file((folder_ / "run" / "host.json").string(), 64 << 10).value_or("{}"));
  if (host.value("node_slices", "") == "enforced") {
    EXPECT_EQ(host.value("load_generator_scheduling", ""), "real-time") << "root owns the generator's control group, so it may";
  }
}

TEST(RealTime, IsForTheRunsOwnProcessesOnly) {
  EXPECT_FALSE(NodeSlices().make_real_time(getpid()));
  EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
}

TEST_F(DockerRun, TheSameRequestsAsInTheStreamAreSent) {
  const scenario::Scenario scenario = short_scenario();
  run(scenario);
  const auto recording = record::Recording::open((folder_ / "run").string());
  ASSERT_TRUE(recording.has_value());
  traffic::RequestStream stream({.name = scenario.traffic.front().name,
                                 .kind = traffic::ArrivalProcessKind::Poisson,
                                 .rate = 50,
                                 .from = kTimeZero + seconds(4),
                                 .until = kTimeZero + seconds(18)},
                                scenario.seed);
  std::map<std::uint64_t, std::int64_t> intended;
  traffic::PlannedRequest planned;
  while (stream.next(planned)) intended[planned.index] = planned.intended.ns;
  const record::RequestColumns& columns = recording->requests();
  ASSERT_EQ(columns.index.size(), intended.size());
  for (std::size_t i = 0; i < columns.index.size(); ++i) EXPECT_EQ(columns.intended[i], intended.at(columns.index[i]));
}

TEST_F(DockerRun, AFaultWithoutMechanismIsRefusedBeforeAnythingIsCreated) {
  scenario::Scenario scenario = short_scenario();
  scenario::Fault fault;
  fault.kind = "NetworkChaos";
  fault.action = "loss";
  scenario.timeline.push_back({kTimeZero + seconds(1), fault, {}});
  const auto report = DockerWorld().capabilities(scenario);
  ASSERT_FALSE(report.errors.empty());
  EXPECT_EQ(report.errors.front().code, ErrorCode::ScenarioFaultUnsupported);
}

TEST(NoEngine, IsAClearErrorWithAHint) {
  EngineAddress nowhere;
  nowhere.unix_socket = "/nonexistent/docker.sock";
  EngineClient engine(nowhere, nullptr);
  const auto info = engine.connect();
  ASSERT_FALSE(info.has_value());
  EXPECT_EQ(info.error().code, ErrorCode::EngineUnavailable);
  EXPECT_EQ(exit_code_of(info.error().code), 4);
  EXPECT_FALSE(info.error().hint.empty());
}

}  // namespace
}  // namespace tandem::docker
