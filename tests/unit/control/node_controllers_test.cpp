// What becomes of pods on nodes that are unknown, and what is said about nodes that go (kubernetes-semantics §4.7;
// pkg/controller/podgc/gc_controller.go and pkg/controller/nodelifecycle/node_lifecycle_controller.go, v1.34).

#include <gtest/gtest.h>

#include <vector>

#include "core/base/fake_clock.hpp"
#include "core/control/node_removal_reporter.hpp"
#include "core/control/pod_garbage_collector.hpp"

namespace tandem::control {
namespace {

using namespace cluster;

class NodeControllersTest : public ::testing::Test {
 protected:
  NodeControllersTest() : server_(clock_, DeliveryProfile::kubernetes(), 7), collector_(clock_, server_, milliseconds(10)), reporter_(clock_, server_, milliseconds(10)) {}

  void run_until(SimDuration time) { clock_.run_until(kTimeZero + time); }
  void add_node(const std::string& name) {
    Node node;
    node.meta.name = name;
    ASSERT_TRUE(server_.create(std::move(node)));
  }
  void delete_node(const std::string& name) { ASSERT_TRUE(server_.remove<Node>({{}, name})); }
  Ptr<Pod> add_pod(const std::string& name, const std::string& node, PodPhase phase = PodPhase::Running) {
    Pod pod;
    pod.meta.name = name;
    pod.meta.namespace_ = "default";
    pod.node_name = node;
    pod.status.phase = phase;
    const auto created = server_.create(std::move(pod));
    EXPECT_TRUE(created);
    return created.value_or(nullptr);
  }
  Ptr<Pod> pod(const std::string& name) { return server_.get<Pod>({"default", name}); }
  std::vector<Ptr<Event>> events() { return server_.list<Event>(); }

  FakeClock clock_;
  ApiServer server_;
  PodGarbageCollector collector_;
  NodeRemovalReporter reporter_;
};

TEST_F(NodeControllersTest, APodBoundToANodeThatNeverWasGoesAfterTheQuarantine) {
  run_until(seconds(1));
  add_pod("lost", "w9", PodPhase::Pending);
  bool failed = false;
  const Subscription watch = server_.on_commit<Pod>([&](const Change<Pod>& change) { failed = failed || change.object->status.phase == PodPhase::Failed; });
  run_until(milliseconds(59'900));
  ASSERT_TRUE(pod("lost"));
  EXPECT_FALSE(failed);
  run_until(seconds(61));
  EXPECT_TRUE(failed) << "Failed before it is deleted";
  EXPECT_FALSE(pod("lost"));
}

TEST_F(NodeControllersTest, APodBoundBeforeItsNodeRegistersStays) {
  add_pod("early", "w1");
  run_until(seconds(50));  // missed at 20 s, in quarantine until 60 s
  add_node("w1");
  run_until(seconds(300));
  ASSERT_TRUE(pod("early"));
  EXPECT_EQ(pod("early")->status.phase, PodPhase::Running);
}

TEST_F(NodeControllersTest, TheLookThatDeletesBeginsTheNextQuarantine) {
  add_node("w1");
  add_pod("first", "w1");
  run_until(seconds(1));
  delete_node("w1");
  run_until(seconds(59));  // missed at 20 s
  ASSERT_TRUE(pod("first"));
  run_until(seconds(61));
  ASSERT_FALSE(pod("first"));
  // Bound to the dead node after the look of 60 s that deleted: it need not be missed again first.
  add_pod("second", "w1");
  run_until(seconds(99));
  EXPECT_TRUE(pod("second"));
  run_until(seconds(101));
  EXPECT_FALSE(pod("second")) << "60 s + 40 s of quarantine";
}

TEST_F(NodeControllersTest, ANamesakeOfAnOrphanIsLeftAlone) {
  add_node("w1");
  add_node("w2");
  add_pod("web", "w1");
  run_until(seconds(1));
  delete_node("w1");
  // Just before the collector's patch commits, the pod gives way to a new one of its name.
  run_until(milliseconds(60'002));
  ASSERT_TRUE(server_.remove<Pod>({"default", "web"}, {.grace_period_seconds = 0}));
  const Ptr<Pod> successor = add_pod("web", "w2");
  run_until(seconds(200));
  ASSERT_TRUE(pod("web"));
  EXPECT_EQ(pod("web")->meta.uid, successor->meta.uid);
  EXPECT_EQ(pod("web")->status.phase, PodPhase::Running);
}

TEST_F(NodeControllersTest, AnEndReachedMeanwhileIsNotOverwritten) {
  add_node("w1");
  add_pod("job", "w1");
  run_until(seconds(1));
  delete_node("w1");
  run_until(milliseconds(60'002));
  ASSERT_TRUE(server_.patch<Pod>({"default", "job"}, [](Pod& stored) { stored.status.phase = PodPhase::Succeeded; }));
  PodPhase last = PodPhase::Running;
  const Subscription watch = server_.on_commit<Pod>([&](const Change<Pod>& change) { last = change.object->status.phase; });
  run_until(seconds(61));
  EXPECT_FALSE(pod("job"));
  EXPECT_EQ(last, PodPhase::Succeeded);
}

TEST_F(NodeControllersTest, ANodeThatGoesIsReportedAtTheNextLook) {
  add_node("w1");
  add_node("w2");
  run_until(seconds(11));
  const std::string uid = server_.get<Node>({{}, "w2"})->meta.uid;
  delete_node("w2");
  run_until(milliseconds(14'990));
  EXPECT_TRUE(events().empty());
  run_until(seconds(16));
  ASSERT_EQ(events().size(), 1U);
  const Event& event = *events().front();
  EXPECT_EQ(event.type, "Normal");
  EXPECT_EQ(event.reason, "RemovingNode");
  EXPECT_EQ(event.message, "Node w2 event: Removing Node w2 from Controller");
  EXPECT_EQ(event.involved_kind, "Node");
  EXPECT_EQ(event.involved_uid, uid);
  EXPECT_EQ(event.source_component, "node-controller");
  run_until(seconds(60));
  EXPECT_EQ(events().size(), 1U) << "once";
}

TEST_F(NodeControllersTest, ANodeThatIsBackAtTheNextLookIsNotReported) {
  add_node("w1");
  run_until(seconds(11));
  delete_node("w1");
  add_node("w1");
  run_until(seconds(60));
  EXPECT_TRUE(events().empty());
}

}  // namespace
}  // namespace tandem::control
