// Our own control plane, recorded while pods follow fates written here, then read back: sizes, rollouts, replay.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/fake_clock.hpp"
#include "core/control/controller_runtime.hpp"
#include "core/control/deployment_controller.hpp"
#include "core/control/replica_set_controller.hpp"
#include "core/judge/attribution.hpp"
#include "core/judge/replay_input.hpp"
#include "core/judge/rollouts.hpp"
#include "tests/unit/judge/small_rollout.hpp"

namespace tandem::judge {
namespace {

using namespace testing;
using namespace cluster;

/// Plays scheduler and kubelets: a pod is bound 10 ms after its creation, runs 290 ms later, and is Ready when `startup` (of the
/// number of pods created before it) has passed; a deleted one is gone 400 ms later.
class RecordedControlPlane {
 public:
  RecordedControlPlane(DeliveryProfile profile, std::function<SimDuration(int)> startup, std::string world = "sim")
      : builder_(std::move(world)),
        server_(clock_, profile, 7),
        informers_(server_, profile.watch_delay),
        deployments_(clock_, server_, informers_.shared()),
        replica_sets_(clock_, server_, informers_.shared()),
        startup_(std::move(startup)) {
    observe<Deployment>();
    observe<ReplicaSet>();
    observe<Pod>();
    subscriptions_.push_back(server_.watch<Pod>(SimDuration{}, [this](const Change<Pod>& change) { live(change); }));
  }

  void deploy(int replicas) {
    Deployment deployment;
    deployment.meta.name = "web";
    deployment.meta.namespace_ = "default";
    deployment.spec.replicas = replicas;
    deployment.spec.strategy.max_surge.value = 1;
    deployment.spec.strategy.max_unavailable.value = 1;
    deployment.spec.selector = LabelSelector{{{"app", "web"}}, {}};
    deployment.spec.pod_template = pod_template("web:1.0.0");
    ASSERT_TRUE(server_.create(deployment));
  }
  void at(std::int64_t ms, std::function<void()> action) { clock_.at(at_ms(ms), EventClass::Timeline, 0, std::move(action)); }
  void set_image(std::int64_t ms, const std::string& image) {
    at(ms, [this, ms, image] {
      builder_.action(ms, "setImage deployment/web app=" + image);
      ASSERT_TRUE(server_.patch<Deployment>({"default", "web"}, [&](Deployment& d) { d.spec.pod_template = pod_template(image); }));
    });
  }
  void delete_a_pod(std::int64_t ms) {
    at(ms, [this] {
      const auto pods = server_.list<Pod>("default");
      ASSERT_FALSE(pods.empty());
      ASSERT_TRUE(server_.remove<Pod>(key_of(pods.front()->meta)));
    });
  }
  record::Recording run(std::int64_t ms) {
    clock_.run_until(at_ms(ms));
    return builder_.finish(ms);
  }

 private:
  template <class T>
  void observe() {
    subscriptions_.push_back(server_.on_commit<T>([this](const Change<T>& change) { builder_.writer().object_changed(change.committed_at, change.type, *change.object); }));
  }
  void after(SimDuration delay, std::function<void()> action) { clock_.after(delay, EventClass::Runtime, 0, std::move(action)); }

  void live(const Change<Pod>& change) {
    const ObjectKey key = key_of(change.object->meta);
    const std::string uid = change.object->meta.uid;
    const bool deleted = change.type == ChangeType::Modified && is_terminating(change.object->meta) && !is_terminating(change.previous->meta);
    if (deleted) {
      after(milliseconds(400), [this, key, uid] { (void)server_.remove<Pod>(key, {.grace_period_seconds = 0, .uid = uid}); });
    }
    if (change.type != ChangeType::Added) return;
    SimDuration startup = startup_(born_++);
    // A negative start-up means: at the next whole second at least that far away, so that pods born together become ready at one instant.
    if (startup < SimDuration{}) startup = next_whole_second(milliseconds(300) - startup) - milliseconds(300);
    after(milliseconds(10), [this, key, uid] { (void)server_.bind(key, uid, "kind-worker"); });
    after(milliseconds(300), [this, key] { edit(key, [](Pod& pod) { pod.status.phase = PodPhase::Running; }); });
    after(milliseconds(300) + startup, [this, key] {
      edit(key, [this](Pod& pod) {
        Condition ready;
        ready.type = "Ready";
        ready.status = ConditionStatus::True;
        ready.last_transition_time = clock_.now();
        pod.status.conditions = {ready};
      });
    });
  }
  [[nodiscard]] SimDuration next_whole_second(SimDuration at_least) const {
    const std::int64_t due = clock_.now().ns + at_least.ns;
    return SimDuration{(due + 999'999'999) / 1'000'000'000 * 1'000'000'000 - clock_.now().ns};
  }
  void edit(const ObjectKey& key, const std::function<void(Pod&)>& change) {
    const auto pod = server_.get<Pod>(key);
    if (pod && !is_terminating(pod->meta)) (void)server_.patch<Pod>(key, change);
  }

  RecordingBuilder builder_;
  FakeClock clock_;
  ApiServer server_;
  control::OwnedInformers informers_;
  control::DeploymentController deployments_;
  control::ReplicaSetController replica_sets_;
  std::function<SimDuration(int)> startup_;
  int born_ = 0;
  std::vector<Subscription> subscriptions_;
};

SimDuration staggered(int pod) { return milliseconds(600 + 150 * pod); }
SimDuration in_pairs(int) { return milliseconds(-600); }

void expect_replay_agrees(const record::Recording& recording, const DeliveryProfile& profile) {
  const RunHistory history = RunHistory::of(recording);
  const auto comparisons = replay_and_compare(recording, history, profile);
  ASSERT_TRUE(comparisons) << to_string(comparisons.error());
  ASSERT_EQ(comparisons->size(), 1u);
  EXPECT_TRUE((*comparisons)[0].same_joined) << control::to_string((*comparisons)[0].recorded) << "\nreplayed\n" << control::to_string((*comparisons)[0].replayed);
}

TEST(RecordedControlPlane, StaggeredReadinessGivesTheFirstSequenceOfTheAssignment) {
  for (const DeliveryProfile& profile : {DeliveryProfile::instant(), DeliveryProfile::kubernetes()}) {
    RecordedControlPlane plane(profile, staggered);
    plane.deploy(4);
    plane.set_image(20'000, "web:1.0.1");
    const auto recording = plane.run(60'000);
    const RunHistory history = RunHistory::of(recording);
    const auto rollouts = rollouts_of(history.deployments[0], history);
    ASSERT_EQ(rollouts.size(), 2u) << profile.name;
    EXPECT_EQ(sizes_text(rollouts[1], history), "old 4; new 1; old 3; new 2; old 2; new 3; old 1; new 4; old 0") << profile.name;
    EXPECT_TRUE(rollouts[1].from_action);
    ASSERT_TRUE(rollouts[1].end);
    SimDuration sum;
    for (const RolloutSegment& segment : critical_path(rollouts[1], history)) sum += segment.until - segment.from;
    EXPECT_EQ(sum, *rollouts[1].duration());
    expect_replay_agrees(recording, profile);
  }
}

TEST(RecordedControlPlane, ReadinessInPairsGivesTheSecondSequence) {
  const DeliveryProfile profile = DeliveryProfile::kubernetes();
  RecordedControlPlane plane(profile, in_pairs);
  plane.deploy(4);
  plane.set_image(20'000, "web:1.0.1");
  const auto recording = plane.run(60'000);
  const RunHistory history = RunHistory::of(recording);
  const auto rollouts = rollouts_of(history.deployments[0], history);
  ASSERT_EQ(rollouts.size(), 2u);
  EXPECT_EQ(sizes_text(rollouts[1], history), "old 4; new 1; old 3; new 2; old 1; new 4; old 0");
  expect_replay_agrees(recording, profile);
}

TEST(RecordedControlPlane, ADeletionByHandIsReplayedAsAnAction) {
  const DeliveryProfile profile = DeliveryProfile::kubernetes();
  RecordedControlPlane plane(profile, staggered);
  plane.deploy(4);
  plane.set_image(20'000, "web:1.0.1");
  plane.delete_a_pod(40'000);
  const auto recording = plane.run(60'000);
  const RunHistory history = RunHistory::of(recording);
  const auto input = replay_input_of(history.deployments[0], recording, history, profile);
  ASSERT_EQ(input.actions.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<control::DeletePod>(input.actions[2].what));
  EXPECT_EQ(input.actions[2].at, at_ms(40'000));
  EXPECT_EQ(input.pods.size(), 9u) << "four, four new ones, one replacement";
  expect_replay_agrees(recording, profile);
}

TEST(RecordedControlPlane, AChangedSequenceIsNoticed) {
  RecordingBuilder builder;
  SmallRollout(builder).record();
  const auto recording = builder.finish(60'000);
  const RunHistory history = RunHistory::of(recording);
  DeliveryProfile profile = DeliveryProfile::instant();
  auto input = replay_input_of(history.deployments[0], recording, history, profile);
  // The same pods under a Deployment that may surge: our controllers then create before they delete.
  std::get<control::CreateDeployment>(input.actions[0].what).deployment.spec.strategy.max_surge.value = 1;
  auto edit = std::get<control::EditDeployment>(input.actions[1].what).edit;
  input.actions[1].what = control::EditDeployment{[edit](Deployment& d) {
    edit(d);
    d.spec.strategy.max_surge.value = 1;
  }};
  const auto replayed = control::replay(input);
  ASSERT_TRUE(replayed);
  std::vector<control::SizeChange> recorded;
  for (const SizeChange& change : size_changes(history.deployments[0], history)) recorded.push_back({static_cast<int>(change.replica_set), change.from, change.to, change.at.time});
  EXPECT_NE(control::join_directions(replayed->sizes), control::join_directions(recorded));
}

}  // namespace
}  // namespace tandem::judge
