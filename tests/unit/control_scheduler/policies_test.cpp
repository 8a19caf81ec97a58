// Policies beside the default ones, and arguments of plugins.

#include <nlohmann/json.hpp>

#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control::scheduler {
namespace {

using namespace testing;  // NOLINT: notation of these tests
using scenario::ScoringStrategy;

/// The default filters, and one plugin that scores.
Profile scored_by(std::string_view plugin, scenario::PluginArgs args = {}) {
  Profile profile = default_profile();
  for (EnabledPlugin& enabled : profile.plugins) enabled.weight = enabled.name == plugin ? 1 : 0;
  const bool known = std::any_of(profile.plugins.begin(), profile.plugins.end(),
                                 [&](const EnabledPlugin& enabled) { return enabled.name == plugin; });
  if (!known) profile.plugins.push_back({std::string(plugin), 1, true, true});
  profile.args = std::move(args);
  return profile;
}

Column raw_scores(const Snapshot& snapshot, const cluster::Pod& incoming, std::string_view plugin, scenario::PluginArgs args) {
  return scores(schedule_one(incoming, snapshot, scored_by(plugin, std::move(args)), 1), plugin, &PluginScores::raw);
}

TEST(MostAllocated, PrefersFullNodes) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("empty", "4", "8Gi"), node("half", "4", "8Gi")});
  snapshot.set_pod(on("half", pod("holder", "2", "4Gi")));
  scenario::PluginArgs args;
  args.node_resources_fit.strategy = ScoringStrategy::MostAllocated;
  EXPECT_EQ(raw_scores(snapshot, pod("p", "1", "2Gi"), "NodeResourcesFit", args), (Column{{"empty", 25}, {"half", 75}}));
  args.node_resources_fit.resources = {{"cpu", 3}, {"memory", 1}};
  EXPECT_EQ(raw_scores(snapshot, pod("p", "1", "4Gi"), "NodeResourcesFit", args), (Column{{"empty", 31}, {"half", 81}}));
}

TEST(RequestedToCapacityRatio, GivesTheNodeScoreOfKubernetesDocumentation) {
  // kubernetes.io, "Resource Bin Packing", node 1: foo (1 + 2) of 4, memory (256 + 256) of 1024 MiB, cpu (1 + 2) of 8, weights 5,
  // 1 and 3, shape 0 → 0, 100 → 10. There: 7, 5, 3 and 5 on the old scale of 10; the same on the scale of 100 is below.
  Snapshot snapshot;
  cluster::Node first = node("node1", "8", "1Gi");
  first.status.allocatable.insert_or_assign("intel.com/foo", quantity("4"));
  cluster::Node second = first;
  second.meta.name = "node2";
  second.status.allocatable.insert_or_assign("intel.com/foo", quantity("8"));
  add_nodes(snapshot, {first, second});
  const auto asks = [](const char* name, const char* cpu, const char* foo) {
    return with_spec(pod(name, cpu, "256Mi"), [&](cluster::PodSpec& spec) {
      spec.containers[0].resources.requests.insert_or_assign("intel.com/foo", quantity(foo));
    });
  };
  snapshot.set_pod(on("node1", asks("holder", "1", "1")));
  scenario::PluginArgs args;
  auto& fit = args.node_resources_fit;
  fit.strategy = ScoringStrategy::RequestedToCapacityRatio;
  fit.resources = {{"intel.com/foo", 5}, {"memory", 1}, {"cpu", 3}};
  fit.shape = {{0, 0}, {100, 10}};
  // foo 75, memory 50, cpu 37: (375 + 50 + 111) / 9 = 59.6. node2: foo 25, memory 25, cpu 25.
  EXPECT_EQ(raw_scores(snapshot, asks("p", "2", "2"), "NodeResourcesFit", args), (Column{{"node1", 60}, {"node2", 25}}));
  fit.shape = {{0, 10}, {100, 0}};  // least requested: 25, 50, 63; node2: 75 three times
  EXPECT_EQ(raw_scores(snapshot, asks("p", "2", "2"), "NodeResourcesFit", args), (Column{{"node1", 40}, {"node2", 75}}));
}

TEST(RequestedToCapacityRatio, LeavesOutResourcesThatScoreNothing) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("a", "10", "10Gi"), node("b", "10", "10Gi")});
  scenario::PluginArgs args;
  auto& fit = args.node_resources_fit;
  fit.strategy = ScoringStrategy::RequestedToCapacityRatio;
  fit.shape = {{0, 0}, {50, 0}, {100, 10}};
  // cpu 80 % → 60; memory 10 % → 0 and out of the mean.
  EXPECT_EQ(raw_scores(snapshot, pod("p", "8", "1Gi"), "NodeResourcesFit", args)["a"], 60);
}

TEST(BalancedAllocation, OverThreeResourcesUsesTheStandardDeviation) {
  Snapshot snapshot;
  cluster::Node gpu = node("gpu", "10", "10Gi");
  gpu.status.allocatable.insert_or_assign("example.com/gpu", quantity("10"));
  add_nodes(snapshot, {gpu, node("plain", "10", "10Gi")});
  const cluster::Pod incoming = with_spec(pod("p", "1", "2Gi"), [](cluster::PodSpec& spec) {
    spec.containers[0].resources.requests.insert_or_assign("example.com/gpu", quantity("6"));
  });
  snapshot.set_node(std::make_shared<cluster::Node>([] {
    cluster::Node other = node("gpu2", "10", "10Gi");
    other.status.allocatable.insert_or_assign("example.com/gpu", quantity("10"));
    return other;
  }()));
  scenario::PluginArgs args;
  args.balanced_allocation.resources = {{"cpu", 1}, {"memory", 1}, {"example.com/gpu", 1}};
  // Shares 0.1, 0.2, 0.6: mean 0.3, standard deviation sqrt((0.04 + 0.01 + 0.09) / 3) = 0.216.
  EXPECT_EQ(raw_scores(snapshot, incoming, "NodeResourcesBalancedAllocation", args)["gpu"], 78);
}

TEST(NodeResourcesFitFilter, LeavesIgnoredExtendedResourcesAlone) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("n", "4", "8Gi")});
  const cluster::Pod incoming = with_spec(pod("p", "1"), [](cluster::PodSpec& spec) {
    spec.containers[0].resources.requests.insert_or_assign("example.com/gpu", quantity("1"));
  });
  EXPECT_EQ(schedule_one(incoming, snapshot, default_profile(), 1).node, "");
  Profile by_name = default_profile();
  by_name.args.node_resources_fit.ignored_resources = {"example.com/gpu"};
  EXPECT_EQ(schedule_one(incoming, snapshot, by_name, 1).node, "n");
  Profile by_group = default_profile();
  by_group.args.node_resources_fit.ignored_resource_groups = {"example.com"};
  EXPECT_EQ(schedule_one(incoming, snapshot, by_group, 1).node, "n");
}

TEST(DefaultSpreading, FollowsAListOfConstraints) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("a", "4", "8Gi", {{"rack", "r1"}}), node("b", "4", "8Gi", {{"rack", "r2"}})});
  snapshot.set_owner_selector("ReplicaSet", {"default", "web"}, {{{"app", "web"}}, {}});
  const auto replica = [](const std::string& name) {
    cluster::Pod made = pod(name, "100m", "64Mi", {{"app", "web"}});
    made.meta.owner_references.push_back({"apps/v1", "ReplicaSet", "web", "uid-web", true, true});
    return made;
  };
  snapshot.set_pod(on("a", replica("w1")));
  Profile strict = default_profile();
  auto& spread = strict.args.pod_topology_spread;
  spread.system_defaults = false;
  cluster::TopologySpreadConstraint by_rack;
  by_rack.topology_key = "rack";
  by_rack.when_unsatisfiable = "DoNotSchedule";
  spread.default_constraints = {by_rack};
  const Decision decision = schedule_one(replica("w2"), snapshot, strict, 1);
  EXPECT_EQ(decision.node, "b");
  ASSERT_EQ(decision.detail->rejected.size(), 1U);
  EXPECT_EQ(decision.detail->rejected[0].plugin, "PodTopologySpread");
}

/// Three nodes with room for two pods each.
class Choices : public ::testing::Test {
 protected:
  Choices() { add_nodes(snapshot, {node("n1", "2", "4Gi"), node("n2", "2", "4Gi"), node("n3", "2", "4Gi")}); }

  std::string place(std::string_view plugin, int number) {
    if (!algorithm) {
      algorithm.emplace(snapshot, std::move(configure(scored_by(plugin)).value()), 100, 1);
    }
    const cluster::Pod incoming = pod("p" + std::to_string(number), "1", "1Gi");
    const Decision decision = algorithm->schedule_one(incoming);
    if (!decision.node.empty()) snapshot.assume(incoming, decision.node);
    return decision.node;
  }

  Snapshot snapshot;
  std::optional<SchedulingAlgorithm> algorithm;
};

TEST_F(Choices, FirstFitFillsOneNodeAfterTheOther) {
  std::vector<std::string> nodes;
  for (int i = 0; i < 7; ++i) nodes.push_back(place("FirstFit", i));
  EXPECT_EQ(nodes, (std::vector<std::string>{"n1", "n1", "n2", "n2", "n3", "n3", ""}));
}

TEST_F(Choices, RoundRobinGoesAroundAndSkipsFullNodes) {
  snapshot.set_pod(on("n2", pod("holder", "2", "1Gi")));
  std::vector<std::string> nodes;
  for (int i = 0; i < 5; ++i) nodes.push_back(place("RoundRobin", i));
  EXPECT_EQ(nodes, (std::vector<std::string>{"n1", "n3", "n1", "n3", ""}));
}

TEST(RandomChoice, IsUniformAndReproducible) {
  Snapshot snapshot;
  for (int i = 0; i < 8; ++i) add_nodes(snapshot, {node("n" + std::to_string(i), "4", "8Gi")});
  const Profile profile = scored_by("Random");
  std::map<std::string, int> chosen;
  for (int i = 0; i < 800; ++i) {
    const cluster::Pod incoming = pod("p" + std::to_string(i));
    const std::string name = schedule_one(incoming, snapshot, profile, 1, Detail::Outcome).node;
    EXPECT_EQ(name, schedule_one(incoming, snapshot, profile, 1, Detail::Outcome).node);
    ++chosen[name];
  }
  ASSERT_EQ(chosen.size(), 8U);
  for (const auto& [name, times] : chosen) EXPECT_NEAR(times, 100, 47) << name;  // five standard deviations
}

/// Answers what the test says, and remembers what it was asked.
class ScriptedPolicy final : public ExternalPolicy {
 public:
  explicit ScriptedPolicy(std::string answer) : answer_(std::move(answer)) {}
  Result<std::string> ask(const std::string& line) override {
    asked = nlohmann::json::parse(line);
    return answer_;
  }
  nlohmann::json asked;

 private:
  std::string answer_;
};

Decision decided_by(const std::shared_ptr<ScriptedPolicy>& policy) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("a", "4", "8Gi"), node("b", "4", "8Gi"), node("small", "1", "1Gi")});
  snapshot.set_pod(on("b", pod("holder", "1", "1Gi", {{"app", "db"}})));
  auto plugins = configure(scored_by("ExternalPolicy"), policy);
  EXPECT_TRUE(plugins.has_value());
  SchedulingAlgorithm algorithm(snapshot, std::move(*plugins), 100, 1);
  return algorithm.schedule_one(pod("p", "2", "1Gi"), Detail::Full);
}

TEST(AnExternalPolicy, IsAskedAboutFeasibleNodesAndDecides) {
  const auto policy = std::make_shared<ScriptedPolicy>(R"({"id": "default/p", "scores": {"a": 3, "b": 70}})");
  const Decision decision = decided_by(policy);
  EXPECT_EQ(decision.node, "b");
  ASSERT_EQ(policy->asked.at("nodes").size(), 2U) << "the node that is too small is not asked about";
  EXPECT_EQ(policy->asked.at("requests").at("cpu"), 2000);
  EXPECT_EQ(policy->asked.at("pod").at("metadata").at("name"), "p");
  const auto& b = policy->asked.at("nodes").at(1);
  EXPECT_EQ(b.at("name"), "b");
  EXPECT_EQ(b.at("allocatable").at("cpu"), 4000);
  EXPECT_EQ(b.at("requested").at("cpu"), 1000);
  EXPECT_EQ(b.at("pods").at(0).at("labels").at("app"), "db");
}

TEST(AnExternalPolicy, ThatAnswersNonsenseFailsTheAttemptWithAReason) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"gibberish", "it is no JSON object"},
      {R"({"id": "other", "scores": {}})", "its id is not the question's"},
      {R"({"id": "default/p"})", "it has no scores"},
      {R"({"id": "default/p", "scores": {"c": 1}})", "it scores c, which was not asked about"},
      {R"({"id": "default/p", "scores": {"small": 1}})", "it scores small, which was not asked about"},
      {R"({"id": "default/p", "scores": {"a": 101}})", "the score of a is out of range"},
      {R"({"id": "default/p", "scores": {"a": 0.5}})", "the score of a is no integer"}};
  for (const auto& [answer, reason] : cases) {
    const Decision decision = decided_by(std::make_shared<ScriptedPolicy>(answer));
    EXPECT_TRUE(decision.failed) << answer;
    EXPECT_EQ(decision.node, "");
    EXPECT_NE(decision.message.find(reason), std::string::npos) << decision.message;
    EXPECT_TRUE(decision.message.starts_with("running PreScore plugin \"ExternalPolicy\": ")) << decision.message;
  }
}

TEST(AnExternalPolicy, WithoutAProcessIsRefused) {
  const auto configured = configure(scored_by("ExternalPolicy"));
  ASSERT_FALSE(configured.has_value());
  EXPECT_EQ(configured.error().front().code, ErrorCode::ValueMissing);
}

}  // namespace
}  // namespace tandem::control::scheduler
