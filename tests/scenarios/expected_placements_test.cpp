// What a student reads in scenarios/*/expected is what comes out.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/run_scenario.hpp"
#include "core/cluster/json.hpp"
#include "core/judge/utilisation_table.hpp"
#include "core/record/recording.hpp"
#include "sim/sim_world.hpp"
#include "tests/support/expected_placements.hpp"

namespace tandem {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> with_placements() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(TANDEM_SOURCE_DIR) / "scenarios")) {
    if (fs::exists(entry.path() / "expected/placements.txt")) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class ExpectedPlacementsOf : public ::testing::TestWithParam<std::string> {
 protected:
  ExpectedPlacementsOf() : folder_(fs::temp_directory_path() / ("tandem-placements-" + std::to_string(getpid()))) { fs::create_directories(folder_); }
  ~ExpectedPlacementsOf() override { fs::remove_all(folder_); }

  fs::path source() const { return fs::path(TANDEM_SOURCE_DIR) / "scenarios" / GetParam(); }
  record::Recording run(std::uint64_t seed) {
    const auto loaded = cli::load_scenario(source().string(), {}, seed);
    EXPECT_TRUE(loaded);
    sim::SimWorld world;
    host::ProgressLine quiet(stderr, true);
    const cli::RunRequest request{.scenario = loaded->scenario,
                                  .scenario_path = GetParam(),
                                  .folder = (folder_ / "run").string(),
                                  .overwrite = true,
                                  .calibration = {},
                                  .overrides = {},
                                  .interrupted = nullptr};
    EXPECT_TRUE(cli::run_scenario(request, world, quiet));
    return std::move(*record::Recording::open(request.folder));
  }

  fs::path folder_;
};

/// Ties between nodes fall differently from seed to seed; everything else may not.
TEST_P(ExpectedPlacementsOf, HoldForThreeSeeds) {
  const testing::ExpectedPlacements expected = testing::read_expected_placements((source() / "expected/placements.txt").string());
  ASSERT_FALSE(expected.pods.empty());
  for (const std::uint64_t seed : {42U, 7U, 2026U}) {
    SCOPED_TRACE(seed);
    testing::expect_placements(expected, run(seed));
  }
}

// ---------------------------------------------------------------- the assignment, as the real scheduler was given it

/// Cases of the family scheduler/kind-assignment (tests/truth), as recorded from kube-scheduler v1.34.
nlohmann::json recorded_assignment(const std::string& name) {
  std::ifstream in(fs::path(TANDEM_SOURCE_DIR) / "tests/scenarios/recorded_assignment.json");
  for (const nlohmann::json& one : nlohmann::json::parse(in)) {
    if (one.at("name") == name) return one;
  }
  ADD_FAILURE() << "no recorded case " << name;
  return {};
}

void expect_same_cluster(const scenario::Scenario& scenario, const nlohmann::json& recorded) {
  ASSERT_EQ(scenario.cluster.nodes.size(), recorded.at("nodes").size());
  for (std::size_t i = 0; i < scenario.cluster.nodes.size(); ++i) {
    const scenario::NodeSpec& ours = scenario.cluster.nodes[i];
    const nlohmann::json& theirs = recorded.at("nodes")[i];
    EXPECT_EQ(ours.name, theirs.at("metadata").at("name"));
    EXPECT_EQ(nlohmann::json(ours.labels), theirs.at("metadata").at("labels")) << ours.name;
    nlohmann::json taints = nlohmann::json::array();
    for (const cluster::Taint& taint : ours.taints) {
      nlohmann::json one{{"key", taint.key}, {"effect", taint.effect}};
      if (!taint.value.empty()) one["value"] = taint.value;
      taints.push_back(std::move(one));
    }
    EXPECT_EQ(taints, theirs.at("spec").value("taints", nlohmann::json::array())) << ours.name;
  }
}

class RecordedAssignment : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

/// The shipped cluster and pods are those that were recorded, and so are the order, the ties and the message that we expect.
TEST_P(RecordedAssignment, IsTheShippedOne) {
  const auto [folder, name] = GetParam();
  const fs::path source = fs::path(TANDEM_SOURCE_DIR) / "scenarios" / folder;
  const nlohmann::json recorded = recorded_assignment(name);
  const auto loaded = cli::load_scenario(source.string(), {}, std::nullopt);
  ASSERT_TRUE(loaded);
  expect_same_cluster(loaded->scenario, recorded);
  const nlohmann::json spec = cluster::to_json(loaded->scenario.objects.at(0)).at("spec").at("template").at("spec");
  const nlohmann::json& pod = recorded.at("pods").at(0).at("spec");
  EXPECT_EQ(spec.at("affinity"), pod.at("affinity"));
  EXPECT_EQ(spec.value("tolerations", nlohmann::json()), pod.value("tolerations", nlohmann::json()));

  const testing::ExpectedPlacements expected = testing::read_expected_placements((source / "expected/placements.txt").string());
  ASSERT_EQ(expected.pods.size(), recorded.at("steps").size());
  std::set<std::string> messages;
  for (std::size_t i = 0; i < expected.pods.size(); ++i) {
    const nlohmann::json& step = recorded.at("steps")[i];
    const std::vector<std::string> allowed = split(expected.pods[i].second, '|');
    if (step.at("result") != "scheduled") {
      EXPECT_EQ(expected.pods[i].second, "-");
      messages.insert(step.at("message").get<std::string>());
      continue;
    }
    // The best nodes: all that we allow, unless one of them has a pod already.
    const bool first = i == 0 || expected.pods[i - 1].second != expected.pods[i].second;
    if (first) {
      EXPECT_EQ(step.at("best"), nlohmann::json(allowed)) << expected.pods[i].first;
    }
    EXPECT_NE(std::find(allowed.begin(), allowed.end(), step.at("chosen").get<std::string>()), allowed.end()) << expected.pods[i].first;
  }
  EXPECT_EQ(messages, expected.messages);
}

INSTANTIATE_TEST_SUITE_P(Both, RecordedAssignment,
                         ::testing::Values(std::pair{"scheduling-assignment", "kind-assignment-25005-scale5"},
                                           std::pair{"scheduling-assignment-toleration", "kind-assignment-25010-scale5-toleration"}));

/// expected/utilisation.txt: "# … --resource NAME", then what `tandem utilisation` prints of the run with the scenario's own seed.
TEST(ExpectedUtilisation, IsWhatTheSimulationGives) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(TANDEM_SOURCE_DIR) / "scenarios")) {
    std::ifstream in(entry.path() / "expected/utilisation.txt");
    std::string first;
    if (!std::getline(in, first)) continue;
    ++files;
    const std::size_t flag = first.find("--resource ");
    ASSERT_NE(flag, std::string::npos) << entry.path();
    const std::string expected{std::istreambuf_iterator<char>(in), {}};
    const auto loaded = cli::load_scenario(entry.path().string(), {}, std::nullopt);
    ASSERT_TRUE(loaded);
    const fs::path folder = fs::temp_directory_path() / ("tandem-utilisation-" + std::to_string(getpid()));
    sim::SimWorld world;
    host::ProgressLine quiet(stderr, true);
    const cli::RunRequest request{.scenario = loaded->scenario,
                                  .scenario_path = entry.path().filename().string(),
                                  .folder = folder.string(),
                                  .overwrite = true,
                                  .calibration = {},
                                  .overrides = {},
                                  .interrupted = nullptr};
    ASSERT_TRUE(cli::run_scenario(request, world, quiet));
    const auto table = judge::utilisation_table(judge::RunHistory::of(*record::Recording::open(request.folder)), seconds(5), first.substr(flag + 11));
    ASSERT_TRUE(table);
    EXPECT_EQ(judge::utilisation_text(*table), expected) << entry.path();
    fs::remove_all(folder);
  }
  EXPECT_GE(files, 3);
}

INSTANTIATE_TEST_SUITE_P(All, ExpectedPlacementsOf, ::testing::ValuesIn(with_placements()), [](const auto& parameter) {
  std::string name = parameter.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace tandem
