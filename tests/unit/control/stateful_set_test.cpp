// Single syncs of the stateful set controller, each against a rule of pkg/controller/statefulset (v1.34) that the recorded
// timelines do not reach.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/control/stateful_set/stateful_set_sync.hpp"

namespace tandem::control {
namespace {

using cluster::ControllerRevision;
using cluster::Pod;
using cluster::PodPhase;
using cluster::StatefulSet;

constexpr SimTime kNow = kTimeZero + seconds(100);

class RecordingActions final : public StatefulSetActions {
 public:
  bool create_pod(const Pod& pod) override {
    log.push_back("create " + pod.meta.name + " " + pod.meta.labels->at(std::string(kControllerRevisionLabel)));
    return true;
  }
  bool delete_pod(const StatefulPod& pod) override {
    log.push_back("delete " + pod->meta.name);
    return true;
  }
  ControllerRevision create_revision(ControllerRevision revision) override { return revision; }
  ControllerRevision renumber_revision(const ControllerRevision& revision, std::int64_t) override { return revision; }
  void delete_revision(const ControllerRevision&) override {}
  void write_status(const cluster::StatefulSetStatus&) override {}
  std::vector<std::string> log;
};

cluster::PodTemplate template_of(const std::string& image) {
  return {.spec = cluster::PodSpec{.containers = {{.name = "c", .image = image}}}};
}

/// A set whose status says revision "old" is current; its template is that of revision "new".
StatefulSetView view_of(std::int32_t replicas) {
  StatefulSetView view;
  view.set.meta = {.name = "s", .namespace_ = "default", .uid = "s", .generation = 1};
  view.set.spec.replicas = replicas;
  view.set.spec.pod_template = template_of("v2");
  view.set.status.current_revision = "old";
  view.revisions = {{.meta = {.name = "old"}, .revision = 1, .pod_template = template_of("v1")},
                    {.meta = {.name = "new"}, .revision = 2, .pod_template = template_of("v2")}};
  return view;
}

Pod pod_of(const StatefulSetView& view, std::int32_t ordinal, PodPhase phase, SimTime ready_since) {
  Pod pod = stateful_pod(view.set, view.revisions.back(), ordinal);
  pod.status.phase = phase;
  pod.status.conditions = {{.type = "Ready", .status = cluster::ConditionStatus::True, .last_transition_time = ready_since}};
  return pod;
}

std::vector<std::string> sync(StatefulSetView view) {
  RecordingActions actions;
  sync_stateful_set(std::move(view), kNow, actions);
  return actions.log;
}

using Log = std::vector<std::string>;

TEST(StatefulSetTest, MissingPodsBelowThePartitionKeepTheOldRevisionWhateverTheStrategy) {
  for (const char* strategy : {"RollingUpdate", "OnDelete"}) {
    StatefulSetView view = view_of(3);
    view.set.spec.pod_management_policy = "Parallel";
    view.set.spec.update_strategy = strategy;
    view.set.spec.start_ordinal = 5;
    view.set.spec.partition = 2;
    view.set.status.current_replicas = 3;
    EXPECT_EQ(sync(view), (Log{"create s-5 old", "create s-6 old", "create s-7 new"})) << strategy;
  }
}

TEST(StatefulSetTest, WithoutRollingUpdateAsManyKeepTheOldRevisionAsHadIt) {
  StatefulSetView view = view_of(3);
  view.set.spec.pod_management_policy = "Parallel";
  view.set.status.current_replicas = 1;
  ASSERT_FALSE(view.set.spec.partition);
  EXPECT_EQ(sync(view), (Log{"create s-0 old", "create s-1 new", "create s-2 new"}));
  view.set.spec.update_strategy = "OnDelete";
  EXPECT_EQ(sync(view), (Log{"create s-0 new", "create s-1 new", "create s-2 new"}));
}

TEST(StatefulSetTest, ReadyButNotYetAvailableCondemnedPodIsTheFirstUnavailableOne) {
  StatefulSetView view = view_of(1);
  view.set.spec.min_ready_seconds = 30;
  const auto add = [&](std::int32_t ordinal, SimTime ready_since) {
    view.pods.push_back(std::make_shared<const Pod>(pod_of(view, ordinal, PodPhase::Running, ready_since)));
  };
  add(0, kTimeZero);
  add(1, kNow - seconds(10));
  EXPECT_EQ(sync(view), (Log{"delete s-1"})) << "nothing else is unavailable, so there is nothing to wait for";
  add(2, kNow - seconds(5));
  EXPECT_EQ(sync(view), (Log{})) << "the lower one is unavailable first";
}

}  // namespace
}  // namespace tandem::control
