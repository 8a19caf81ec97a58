// Worked example D of kubernetes-semantics §7, and mechanism of StatefulSets, DaemonSets and EndpointSlices beyond the recorded cases.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/control/daemon_set/daemon_placement.hpp"
#include "core/control/daemon_set/daemon_set_sync.hpp"
#include "core/control/endpoint_slice/slice_reconciler.hpp"
#include "core/control/stateful_set/stateful_set_sync.hpp"

namespace tandem::control {
namespace {

/// A set whose pods are ready as soon as they exist, and gone as soon as they are deleted.
class ReadyWorld final : public StatefulSetActions {
 public:
  explicit ReadyWorld(std::int32_t replicas) {
    set.meta.name = std::string("s");
    set.spec.replicas = replicas;
    set_image("v1");
  }
  void set_image(std::string image) {
    cluster::Container container{.name = "c"};
    container.image = std::move(image);
    set.spec.pod_template = cluster::PodTemplate{.spec = cluster::PodSpec{.containers = {std::move(container)}}};
  }
  /// One sync; answers what it deleted.
  std::vector<std::string> sync(bool honour_max_unavailable = false) {
    deleted.clear();
    StatefulSetView view;
    view.set = set;
    for (const auto& [name, pod] : pods) view.pods.push_back(pod);
    view.revisions = revisions;
    view.honour_max_unavailable = honour_max_unavailable;
    sync_stateful_set(std::move(view), kTimeZero, *this);
    return deleted;
  }

  bool create_pod(const cluster::Pod& pod) override {
    cluster::Pod created = pod;
    created.status.phase = cluster::PodPhase::Running;
    created.status.conditions = {{.type = "Ready", .status = cluster::ConditionStatus::True}};
    pods[pod.meta.name] = std::make_shared<const cluster::Pod>(std::move(created));
    return true;
  }
  bool delete_pod(const StatefulPod& pod) override {
    const std::string name = pod->meta.name;
    deleted.push_back(name);
    pods.erase(name);
    return true;
  }
  cluster::ControllerRevision create_revision(cluster::ControllerRevision revision) override {
    revision.meta.name = fmt::format("r{}", revision.revision);
    revisions.push_back(revision);
    return revision;
  }
  cluster::ControllerRevision renumber_revision(const cluster::ControllerRevision& revision, std::int64_t number) override {
    for (auto& one : revisions) {
      if (one.meta.name == revision.meta.name) one.revision = number;
    }
    return revision;
  }
  void delete_revision(const cluster::ControllerRevision& revision) override {
    std::erase_if(revisions, [&](const auto& one) { return one.meta.name == revision.meta.name; });
  }
  void write_status(const cluster::StatefulSetStatus& status) override { set.status = status; }

  cluster::StatefulSet set;
  std::map<std::string, StatefulPod> pods;
  std::vector<cluster::ControllerRevision> revisions;
  std::vector<std::string> deleted;
};

TEST(Section7, ExampleD) {
  ReadyWorld world(3);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(world.sync().empty());
  ASSERT_EQ(world.pods.size(), 3u);
  world.set.spec.partition = 1;
  world.set_image("v2");
  std::vector<std::string> order;
  for (int i = 0; i < 8; ++i) {
    for (const std::string& name : world.sync()) order.push_back(name);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"s-2", "s-1"}));
  EXPECT_EQ(world.set.status.updated_replicas, 2);
  EXPECT_EQ(world.set.status.current_revision, "r1");
}

TEST(StatefulSet, MaxUnavailableCountsOnlyWithItsGate) {
  ReadyWorld world(4);
  world.set.spec.pod_management_policy = std::string("Parallel");
  world.set.spec.max_unavailable = cluster::IntOrString{std::string("50%")};
  for (int i = 0; i < 3; ++i) world.sync();
  world.set_image("v2");
  EXPECT_EQ(world.sync(true), (std::vector<std::string>{"s-3", "s-2"}));
  world.sync();
  EXPECT_EQ(world.sync(false).size(), 1u);
}

TEST(DaemonSet, FailedPodsBackOffDoubleAndAreForgotten) {
  FailedPodBackoff backoff;
  SimTime now = kTimeZero;
  EXPECT_FALSE(backoff.holds("n", now));
  for (std::int64_t delay : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}) {
    backoff.next("n", now);
    EXPECT_EQ(backoff.delay("n"), seconds(delay));
    EXPECT_TRUE(backoff.holds("n", now));
    EXPECT_FALSE(backoff.holds("n", now + seconds(delay)));
    now = now + seconds(delay);
  }
  backoff.next("n", now + seconds(2000));
  EXPECT_EQ(backoff.delay("n"), seconds(1));
}

TEST(DaemonSet, ItsPodIsTiedToTheNode) {
  cluster::DaemonSet set;
  const cluster::Pod pod = daemon_pod(set, "worker", "r1");
  EXPECT_EQ(target_node(pod), "worker");
  EXPECT_EQ(pod.spec->tolerations.size(), 6u);
}

TEST(EndpointSlices, AServiceWithoutPodsHasOneEmptySlice) {
  cluster::Service service;
  service.meta.name = std::string("s");
  service.spec.selector = cluster::Labels{{"app", "s"}};
  const auto none = [](const std::string&) -> cluster::Ptr<cluster::Node> { return nullptr; };
  SliceReconciliation first = reconcile_slices(service, {}, {}, none);
  ASSERT_EQ(first.create.size(), 1u);
  first.create[0].meta.name = std::string("s-1");
  const SliceReconciliation second = reconcile_slices(service, {}, first.create, none);
  EXPECT_TRUE(second.create.empty() && second.update.empty() && second.remove.empty());
  service.meta.labels = cluster::Labels{{"team", "t"}};
  EXPECT_EQ(reconcile_slices(service, {}, first.create, none).update.size(), 1u);
}

}  // namespace
}  // namespace tandem::control
