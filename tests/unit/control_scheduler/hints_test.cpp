// Which events wake which rejected pod (kubernetes-semantics §1.2), plugin by plugin.

#include "tests/unit/control_scheduler/support.hpp"

namespace tandem::control::scheduler {
namespace {

using namespace testing;  // NOLINT: notation of these tests
using Kind = ClusterEvent::Kind;

cluster::Ptr<cluster::Node> share(cluster::Node each) { return std::make_shared<cluster::Node>(std::move(each)); }

ClusterEvent node_added(const cluster::Node& added) { return {Kind::NodeAdded, nullptr, share(added), nullptr, nullptr}; }
ClusterEvent node_updated(const cluster::Node& before, const cluster::Node& after) {
  return {Kind::NodeUpdated, share(before), share(after), nullptr, nullptr};
}
ClusterEvent pod_added(const cluster::Pod& added) {
  return {Kind::AssignedPodAdded, nullptr, nullptr, nullptr, on("n", added)};
}
ClusterEvent pod_deleted(const cluster::Pod& deleted) {
  return {Kind::AssignedPodDeleted, nullptr, nullptr, on("n", deleted), nullptr};
}

bool wakes(std::string_view plugin, const cluster::Pod& rejected, const ClusterEvent& event) {
  const Snapshot snapshot;
  const auto made = make_plugin(plugin);
  EXPECT_TRUE(made.has_value());
  return (*made)->worth_retrying({rejected, *snapshot.class_of(rejected), snapshot}, event);
}

TEST(Hints, ResourcesWakeWhenAPodGoesOrABigEnoughNodeComes) {
  const cluster::Pod rejected = pod("p", "2", "1Gi");
  EXPECT_TRUE(wakes("NodeResourcesFit", rejected, pod_deleted(pod("other"))));
  EXPECT_FALSE(wakes("NodeResourcesFit", rejected, pod_added(pod("other"))));
  EXPECT_TRUE(wakes("NodeResourcesFit", rejected, node_added(node("n", "2", "4Gi"))));
  EXPECT_FALSE(wakes("NodeResourcesFit", rejected, node_added(node("n", "1", "4Gi"))));
  EXPECT_TRUE(wakes("NodeResourcesFit", rejected, node_updated(node("n", "1", "4Gi"), node("n", "2", "4Gi"))));
  EXPECT_FALSE(wakes("NodeResourcesFit", rejected, node_updated(node("n", "2", "4Gi"), node("n", "2", "4Gi", {{"a", "b"}}))));
}

TEST(Hints, NodeAffinityWakesWhenANodeBeginsToMatch) {
  const cluster::Pod rejected = with_spec(pod("p"), [](cluster::PodSpec& spec) { spec.node_selector = {{"disk", "ssd"}}; });
  const cluster::Node plain = node("n", "1", "1Gi");
  const cluster::Node matching = node("n", "1", "1Gi", {{"disk", "ssd"}});
  EXPECT_TRUE(wakes("NodeAffinity", rejected, node_updated(plain, matching)));
  EXPECT_FALSE(wakes("NodeAffinity", rejected, node_updated(matching, matching)));
  EXPECT_FALSE(wakes("NodeAffinity", rejected, node_added(plain)));
  EXPECT_FALSE(wakes("NodeAffinity", rejected, pod_deleted(pod("other"))));
}

TEST(Hints, UncordonAndTolerableTaintsWake) {
  cluster::Node cordoned = node("n", "1", "1Gi");
  cordoned.spec.unschedulable = true;
  const cluster::Node open = node("n", "1", "1Gi");
  EXPECT_TRUE(wakes("NodeUnschedulable", pod("p"), node_updated(cordoned, open)));
  EXPECT_FALSE(wakes("NodeUnschedulable", pod("p"), node_updated(open, cordoned)));
  EXPECT_FALSE(wakes("NodeUnschedulable", pod("p"), node_added(cordoned)));

  const cluster::Node tainted = node("n", "1", "1Gi", {}, {{"dedicated", "db", "NoSchedule", {}}});
  EXPECT_TRUE(wakes("TaintToleration", pod("p"), node_updated(tainted, open)));
  EXPECT_FALSE(wakes("TaintToleration", pod("p"), node_updated(open, tainted)));
  EXPECT_FALSE(wakes("TaintToleration", pod("p"), node_added(tainted)));
}

TEST(Hints, PortsWakeOnlyWhenAWantedOneIsFreed) {
  const auto with_port = [](const char* name, std::int32_t port) {
    return with_spec(pod(name), [&](cluster::PodSpec& spec) { spec.containers[0].ports.push_back({"", 80, port, "", "TCP"}); });
  };
  EXPECT_TRUE(wakes("NodePorts", with_port("p", 8080), pod_deleted(with_port("other", 8080))));
  EXPECT_FALSE(wakes("NodePorts", with_port("p", 8080), pod_deleted(with_port("other", 9090))));
  EXPECT_TRUE(wakes("NodePorts", with_port("p", 8080), node_added(node("n", "1", "1Gi"))));
}

TEST(Hints, SpreadingWakesForMatchingPodsAndNewDomains) {
  const cluster::Pod rejected = with_spec(pod("p", nullptr, nullptr, {{"app", "web"}}), [](cluster::PodSpec& spec) {
    cluster::TopologySpreadConstraint hard;
    hard.topology_key = "zone";
    hard.when_unsatisfiable = "DoNotSchedule";
    hard.label_selector = cluster::LabelSelector{{{"app", "web"}}, {}};
    spec.topology_spread_constraints = {hard};
  });
  EXPECT_TRUE(wakes("PodTopologySpread", rejected, pod_added(pod("other", nullptr, nullptr, {{"app", "web"}}))));
  EXPECT_FALSE(wakes("PodTopologySpread", rejected, pod_added(pod("other", nullptr, nullptr, {{"app", "db"}}))));
  cluster::Pod elsewhere = pod("other", nullptr, nullptr, {{"app", "web"}});
  elsewhere.meta.namespace_ = "team";
  EXPECT_FALSE(wakes("PodTopologySpread", rejected, pod_deleted(elsewhere)));
  EXPECT_TRUE(wakes("PodTopologySpread", rejected, node_added(node("n", "1", "1Gi", {{"zone", "a"}}))));
  EXPECT_FALSE(wakes("PodTopologySpread", rejected, node_added(node("n", "1", "1Gi"))));
}

TEST(Hints, APodRejectedOnlyByOthersAntiAffinityIsNotWokenWhenTheyGo) {
  const auto refuses = [](const char* name, const char* app) {
    return with_spec(pod(name, nullptr, nullptr, {{"app", "web"}}), [&](cluster::PodSpec& spec) {
      cluster::PodAffinityTerm term;
      term.topology_key = "kubernetes.io/hostname";
      term.label_selector = cluster::LabelSelector{{{"app", app}}, {}};
      spec.affinity.pod_anti_affinity.emplace();
      spec.affinity.pod_anti_affinity->required = {term};
    });
  };
  EXPECT_TRUE(wakes("InterPodAffinity", refuses("p", "db"), pod_deleted(pod("db", nullptr, nullptr, {{"app", "db"}}))));
  EXPECT_FALSE(wakes("InterPodAffinity", refuses("p", "db"), pod_deleted(pod("cache", nullptr, nullptr, {{"app", "cache"}}))));
  EXPECT_FALSE(wakes("InterPodAffinity", pod("p", nullptr, nullptr, {{"app", "web"}}), pod_deleted(refuses("other", "web"))));
}

cluster::Pod with_affinity(const char* key, bool anti) {
  return with_spec(pod("p"), [&](cluster::PodSpec& spec) {
    cluster::PodAffinityTerm term;
    term.topology_key = key;
    term.label_selector = cluster::LabelSelector{{{"app", "db"}}, {}};
    auto& side = anti ? spec.affinity.pod_anti_affinity : spec.affinity.pod_affinity;
    side.emplace().required = {term};
  });
}

TEST(Hints, AffinityWakesForNodesThatGetOrChangeItsKey) {
  const cluster::Pod rejected = with_affinity("rack", false);
  const cluster::Node bare = node("n", "1", "1Gi");
  const cluster::Node in_r1 = node("n", "1", "1Gi", {{"rack", "r1"}});
  const cluster::Node in_r2 = node("n", "1", "1Gi", {{"rack", "r2"}});
  EXPECT_TRUE(wakes("InterPodAffinity", rejected, node_added(in_r1)));
  EXPECT_FALSE(wakes("InterPodAffinity", rejected, node_added(bare)));
  EXPECT_TRUE(wakes("InterPodAffinity", rejected, node_updated(bare, in_r1)));
  EXPECT_TRUE(wakes("InterPodAffinity", rejected, node_updated(in_r1, in_r2)));
  EXPECT_FALSE(wakes("InterPodAffinity", rejected, node_updated(in_r1, bare)));
}

TEST(Hints, AntiAffinityWakesForNewNodesAndForThoseThatLoseOrChangeItsKey) {
  const cluster::Pod rejected = with_affinity("rack", true);
  const cluster::Node bare = node("n", "1", "1Gi");
  const cluster::Node in_r1 = node("n", "1", "1Gi", {{"rack", "r1"}});
  const cluster::Node in_r2 = node("n", "1", "1Gi", {{"rack", "r2"}});
  EXPECT_TRUE(wakes("InterPodAffinity", rejected, node_added(bare)));
  EXPECT_FALSE(wakes("InterPodAffinity", rejected, node_updated(bare, in_r1)));
  EXPECT_TRUE(wakes("InterPodAffinity", rejected, node_updated(in_r1, in_r2)));
  EXPECT_TRUE(wakes("InterPodAffinity", rejected, node_updated(in_r1, bare)));
}

ClusterEvent own_update(const cluster::Pod& before, const cluster::Pod& after) {
  return {Kind::OwnPodUpdated, nullptr, nullptr, std::make_shared<cluster::Pod>(before), std::make_shared<cluster::Pod>(after)};
}

TEST(Hints, ChangesOfThePodItselfWakeThePluginsTheyConcern) {
  const cluster::Pod before = pod("p", "2", "1Gi", {{"app", "web"}});
  const cluster::Pod smaller = pod("p", "1", "1Gi", {{"app", "web"}});
  const cluster::Pod relabelled = pod("p", "2", "1Gi", {{"app", "db"}});
  const cluster::Pod tolerant = with_spec(before, [](cluster::PodSpec& spec) {
    spec.tolerations = {{"node.kubernetes.io/unschedulable", "Exists", "", "", std::nullopt, {}}};
  });
  EXPECT_TRUE(wakes("NodeResourcesFit", smaller, own_update(before, smaller)));
  EXPECT_FALSE(wakes("NodeResourcesFit", before, own_update(smaller, before)));
  EXPECT_TRUE(wakes("PodTopologySpread", relabelled, own_update(before, relabelled)));
  EXPECT_TRUE(wakes("InterPodAffinity", relabelled, own_update(before, relabelled)));
  EXPECT_FALSE(wakes("NodeAffinity", relabelled, own_update(before, relabelled)));
  EXPECT_TRUE(wakes("TaintToleration", tolerant, own_update(before, tolerant)));
  EXPECT_TRUE(wakes("NodeUnschedulable", tolerant, own_update(before, tolerant)));
  EXPECT_FALSE(wakes("NodeUnschedulable", relabelled, own_update(before, relabelled)));
}

}  // namespace
}  // namespace tandem::control::scheduler
