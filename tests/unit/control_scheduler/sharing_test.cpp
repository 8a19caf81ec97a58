// Identical pods share verdicts and scores (class_results.hpp). Sharing must not be visible: the same history gives the same
// decisions as an algorithm that never saw a pod before.

#include "core/base/random.hpp"
#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control::scheduler {
namespace {

using namespace testing;  // NOLINT: notation of these tests

cluster::Pod of_template(const cluster::Pod& model, int number) {
  cluster::Pod made = model;  // specification and labels stay shared
  made.meta.name = model.meta.name + "-" + std::to_string(number);
  made.meta.uid = "uid-" + made.meta.name;
  return made;
}

std::vector<cluster::Pod> templates() {
  std::vector<cluster::Pod> models{pod("plain", "200m", "128Mi", {{"app", "plain"}}), pod("best-effort"),
                                   pod("large", "1500m", "3Gi", {{"app", "large"}})};
  models.push_back(with_spec(pod("picky", "100m", "64Mi"), [](cluster::PodSpec& spec) {
    spec.node_selector = {{"disk", "ssd"}};
    spec.affinity.node_affinity.emplace();
    spec.affinity.node_affinity->preferred = {{10, {{in("zone", {"a"})}, {}}}};
  }));
  models.push_back(with_spec(pod("spread", "100m", "64Mi", {{"app", "spread"}}), [](cluster::PodSpec& spec) {
    cluster::TopologySpreadConstraint hard;
    hard.topology_key = "zone";
    hard.max_skew = 2;
    hard.when_unsatisfiable = "DoNotSchedule";
    hard.label_selector = cluster::LabelSelector{{{"app", "spread"}}, {}};
    spec.topology_spread_constraints = {hard};
  }));
  models.push_back(with_spec(pod("loner", "100m", "64Mi", {{"app", "loner"}}), [](cluster::PodSpec& spec) {
    cluster::PodAffinityTerm apart;
    apart.topology_key = "kubernetes.io/hostname";
    apart.label_selector = cluster::LabelSelector{{{"app", "loner"}}, {}};
    spec.affinity.pod_anti_affinity.emplace();
    spec.affinity.pod_anti_affinity->required = {apart};
    spec.containers[0].ports.push_back({"", 8080, 8080, "", "TCP"});
  }));
  return models;
}

cluster::Node random_node(RandomStream& random, std::size_t number) {
  cluster::Labels labels{{"zone", random.below(2) != 0U ? "a" : "b"}};
  if (random.below(2) == 0) labels["disk"] = "ssd";
  cluster::Node made = node("n" + std::to_string(number), "4", "8Gi", labels);
  made.spec.unschedulable = random.below(10) == 0;
  if (random.below(5) == 0) made.spec.taints.push_back({"soft", "", "PreferNoSchedule", {}});
  if (random.below(2) == 0) { made.status.images.push_back({{"registry.example/app:1"}, 400LL * 1024 * 1024}); }
  return made;
}

TEST(Sharing, ChangesNoDecision) {
  RandomStream random(11, "sharing-test");
  Snapshot snapshot;
  for (std::size_t i = 0; i < 12; ++i) add_nodes(snapshot, {random_node(random, i)});
  SchedulingAlgorithm sharing(snapshot, default_plugins(), 0, 1);
  const std::vector<cluster::Pod> models = templates();
  std::vector<cluster::Pod> placed;
  for (int step = 0; step < 1500; ++step) {
    const std::uint64_t action = random.below(10);
    if (action == 0) add_nodes(snapshot, {random_node(random, random.below(14))});
    if (action == 1 && random.below(4) == 0) snapshot.remove_node("n" + std::to_string(random.below(14)));
    if (action >= 2 && action <= 4 && !placed.empty()) {
      const std::size_t leaving = random.below(placed.size());
      snapshot.remove_pod(cluster::key_of(placed[leaving].meta));
      placed.erase(placed.begin() + static_cast<std::ptrdiff_t>(leaving));
    }
    if (snapshot.order().empty()) continue;
    const cluster::Pod incoming = of_template(models[random.below(models.size())], step);
    const Decision ours = sharing.schedule_one(incoming, Detail::Full);
    const Decision fresh = schedule_one(incoming, snapshot, default_profile(), 1);
    ASSERT_EQ(ours.message, fresh.message) << "step " << step;
    ASSERT_EQ(ours.detail->rejected, fresh.detail->rejected) << "step " << step;
    ASSERT_EQ(totals(ours), totals(fresh)) << "step " << step;
    ASSERT_EQ(tied(snapshot, ours), tied(snapshot, fresh)) << "step " << step;
    if (ours.node.empty()) continue;
    snapshot.assume(incoming, ours.node);
    placed.push_back(incoming);
  }
  EXPECT_GT(placed.size(), 20U);
}

TEST(Ties, AreDrawnBySeedAndPodName) {
  Snapshot snapshot;
  for (int i = 0; i < 8; ++i) add_nodes(snapshot, {node("n" + std::to_string(i), "4", "8Gi")});
  std::map<std::string, int> chosen;
  bool seed_matters = false;
  for (int i = 0; i < 800; ++i) {
    const cluster::Pod incoming = pod("p" + std::to_string(i));
    const Decision decision = schedule_one(incoming, snapshot, default_profile(), 1, Detail::Outcome);
    EXPECT_EQ(decision.node, schedule_one(incoming, snapshot, default_profile(), 1, Detail::Outcome).node);
    seed_matters =
        seed_matters || decision.node != schedule_one(incoming, snapshot, default_profile(), 2, Detail::Outcome).node;
    ++chosen[decision.node];
  }
  EXPECT_TRUE(seed_matters);
  ASSERT_EQ(chosen.size(), 8U);
  // Binomial with mean 100 and standard deviation 9.4: five deviations either way.
  for (const auto& [name, times] : chosen) EXPECT_NEAR(times, 100, 47) << name;
}

TEST(Profiles, NameTheWrongPluginAndTheNearestRightOne) {
  Profile profile = default_profile();
  profile.plugins.push_back({"NodeResourceFit", 1});
  profile.plugins.push_back({"NodeName", -1});
  profile.percentage_of_nodes_to_score = 101;
  const auto configured = configure(profile);
  ASSERT_FALSE(configured.has_value());
  ASSERT_EQ(configured.error().size(), 4U) << "all errors at once";
  EXPECT_EQ(configured.error()[0].code, ErrorCode::ValueOutOfRange);
  EXPECT_EQ(configured.error()[1].code, ErrorCode::ValueNotAllowed);
  EXPECT_EQ(configured.error()[1].hint, "did you mean NodeResourcesFit?");
  EXPECT_EQ(configured.error()[2].code, ErrorCode::ValueDuplicateName);
}

TEST(Profiles, WithoutAPluginItsRuleIsGone) {
  Snapshot snapshot;
  add_nodes(snapshot, {node("n", "1", "1Gi")});
  Profile profile = default_profile();
  std::erase_if(profile.plugins, [](const EnabledPlugin& plugin) { return plugin.name == "NodeResourcesFit"; });
  EXPECT_EQ(schedule_one(pod("p", "2"), snapshot, profile, 1).node, "n");
  EXPECT_EQ(decide(snapshot, pod("p", "2")).node, "");
}

}  // namespace
}  // namespace tandem::control::scheduler
