// What becomes of pods on a node: init containers, sidecars, crashes, probes that kill, hooks, deadlines, ends. Expected texts
// and times are those of kubernetes-semantics §4 and of kubelet v1.34.

#include "tests/unit/kubelet/kubelet_fixture.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::ContainerStateRunning;
using cluster::ContainerStateTerminated;
using cluster::ContainerStateWaiting;
using cluster::PodPhase;
using cluster::PodSpec;
using Texts = std::vector<std::string>;

TEST_F(KubeletTest, RunsInitContainersOneAfterAnotherAndShowsHowFarItIs) {
  PodSpec spec = plain_spec();
  spec.init_containers = {web_container("first"), web_container("second")};
  create("web-1", spec);
  run_until_second(2);
  EXPECT_EQ(shown_status("web-1"), "Init:0/2");
  EXPECT_EQ(std::get<ContainerStateWaiting>(container_status("web-1").state).reason, "PodInitializing");
  EXPECT_TRUE(running("second").empty());
  exit("first", 0);
  run_until_second(4);
  EXPECT_EQ(shown_status("web-1"), "Init:1/2");
  EXPECT_TRUE(running("app").empty());
  exit("second", 0);
  // Seen at a relist, which starts the container; and that at the next one.
  EXPECT_EQ(statuses_until("web-1", kTimeZero + seconds(8)), (Texts{"Init:1/2", "PodInitializing", "Running"}));
  EXPECT_EQ(cluster::find_condition(get("web-1")->status.conditions, "Initialized")->status, cluster::ConditionStatus::True);
}

TEST_F(KubeletTest, RepeatsAFailedInitContainerWithBackOff) {
  PodSpec spec = plain_spec();
  spec.init_containers = {web_container("setup")};
  create("web-1", spec);
  Texts shown;
  int starts = 0;
  while (clock_.now() < kTimeZero + seconds(30)) {
    if (runtime_.containers_started > starts) {
      starts = runtime_.containers_started;
      exit("setup", 1);
    }
    const std::string now = shown_status("web-1");
    if (shown.empty() || shown.back() != now) shown.push_back(now);
    run_for(milliseconds(50));
  }
  EXPECT_EQ(shown, (Texts{"Init:0/1", "Init:Error", "Init:CrashLoopBackOff", "Init:Error", "Init:CrashLoopBackOff"}));
  EXPECT_EQ(starts, 3);
  EXPECT_EQ(get("web-1")->status.phase, PodPhase::Pending);
}

TEST_F(KubeletTest, AFailedInitContainerEndsAPodThatNeverRestarts) {
  PodSpec spec = plain_spec("Never");
  spec.init_containers = {web_container("setup")};
  create("web-1", spec);
  run_until_second(2);
  exit("setup", 3);
  run_until_second(6);
  EXPECT_EQ(get("web-1")->status.phase, PodPhase::Failed);
  EXPECT_EQ(shown_status("web-1"), "Init:Error");
  EXPECT_EQ(runtime_.containers_started, 1);
  EXPECT_TRUE(runtime_.sandboxes.empty());
}

TEST_F(KubeletTest, ASidecarRunsBesideTheOthersAndGoesLast) {
  PodSpec spec = plain_spec();
  spec.init_containers = {web_container("proxy")};
  spec.init_containers[0].restart_policy = "Always";
  create("web-1", spec);
  run_until_second(5);
  EXPECT_EQ(shown_status("web-1"), "Running");
  EXPECT_FALSE(running("proxy").empty());
  exit("proxy", 1);
  run_until_second(8);
  EXPECT_FALSE(running("proxy").empty()) << "a sidecar is restarted";
  EXPECT_EQ(get("web-1")->status.phase, PodPhase::Running);
  run_for(seconds(5));
  runtime_.stops.clear();
  runtime_.stop_takes["app"] = seconds(3);
  remove("web-1");
  run_for(seconds(8));
  ASSERT_EQ(runtime_.stops.size(), 2u);
  EXPECT_EQ(runtime_.stops[0].container_name, "app");
  EXPECT_EQ(runtime_.stops[1].container_name, "proxy");
  EXPECT_EQ(runtime_.stops[1].at - runtime_.stops[0].at, seconds(3));
  EXPECT_EQ(get("web-1"), nullptr);
}

TEST_F(KubeletTest, APodIsDoneWhenItsRegularContainersAreWhateverItsSidecarsDo) {
  PodSpec spec = plain_spec("Never");
  spec.init_containers = {web_container("proxy")};
  spec.init_containers[0].restart_policy = "Always";
  create("job-1", spec);
  run_until_second(5);
  exit("app", 0);
  run_until_second(12);
  EXPECT_EQ(get("job-1")->status.phase, PodPhase::Succeeded);
  EXPECT_EQ(shown_status("job-1"), "Completed");
  EXPECT_TRUE(runtime_.containers.empty());
  EXPECT_TRUE(runtime_.sandboxes.empty());
  EXPECT_EQ(kubelets_->pod_count(), 0u);
  EXPECT_EQ(event_messages("job-1", "Killing"), Texts{"Stopping container proxy"});
}

TEST_F(KubeletTest, ACrashLoopShowsErrorThenCrashLoopBackOff) {
  const std::string uid = create("web-1", plain_spec())->meta.uid;
  run_until_second(3);
  exit("app", 1);
  EXPECT_EQ(statuses_until("web-1", kTimeZero + seconds(7)), (Texts{"Running", "Error", "Running"}))
      << "the first restart is immediate";
  exit("app", 1);
  run_for(milliseconds(1100));
  EXPECT_EQ(shown_status("web-1"), "Error") << "the end is shown until a sync has refused a restart and another has looked";
  run_for(seconds(17));
  EXPECT_EQ(event_messages("web-1", "BackOff"),
            Texts{"Back-off restarting failed container app in pod web-1_default(" + uid + ")"});
  EXPECT_EQ(container_status("web-1").restart_count, 2);
  exit("app", 1);
  run_for(seconds(17));
  EXPECT_EQ(shown_status("web-1"), "CrashLoopBackOff");
  const auto& waiting = std::get<ContainerStateWaiting>(container_status("web-1").state);
  EXPECT_EQ(waiting.message, "back-off 20s restarting failed container=app pod=web-1_default(" + uid + ")");
  EXPECT_EQ(std::get<ContainerStateTerminated>(*container_status("web-1").last_state).exit_code, 1);
  EXPECT_EQ(get("web-1")->status.phase, PodPhase::Running);
}

TEST_F(KubeletTest, OnFailureRestartsWhatFailedOnly) {
  PodSpec spec = plain_spec("OnFailure");
  spec.containers.push_back(web_container("log"));
  create("job-1", spec);
  run_until_second(3);
  exit("app", 0);
  exit("log", 1);
  run_until_second(6);
  EXPECT_TRUE(running("app").empty());
  EXPECT_FALSE(running("log").empty());
  exit("log", 0);
  run_until_second(10);
  EXPECT_EQ(get("job-1")->status.phase, PodPhase::Succeeded);
}

TEST_F(KubeletTest, SaysThatMemoryRanOut) {
  create("web-1", plain_spec("Never"));
  run_until_second(3);
  exit("app", 137, true);
  run_until_second(6);
  EXPECT_EQ(shown_status("web-1"), "OOMKilled");
  EXPECT_EQ(get("web-1")->status.phase, PodPhase::Failed);
  const auto& ended = std::get<ContainerStateTerminated>(container_status("web-1").state);
  EXPECT_EQ(ended.exit_code, 137);
  EXPECT_EQ(ended.reason, "OOMKilled");
}

// ---------------------------------------------------------------- the end of a pod

TEST_F(KubeletTest, APodPastItsActiveDeadlineFails) {
  PodSpec spec = plain_spec();
  spec.active_deadline_seconds = 20;
  create("web-1", spec);
  const SimTime failed = first_time(kTimeZero + seconds(40), [&] { return get("web-1")->status.phase == PodPhase::Failed; });
  EXPECT_GE(failed, kTimeZero + seconds(20));
  EXPECT_LE(failed, kTimeZero + milliseconds(23300)) << "a tick of the sync loop, a relist, 200 ms to stop";
  EXPECT_EQ(get("web-1")->status.reason, "DeadlineExceeded");
  EXPECT_EQ(get("web-1")->status.message, "Pod was active on the node longer than the specified deadline");
  EXPECT_EQ(shown_status("web-1"), "Completed") << "kubectl goes by the container, which ended with 0";
  EXPECT_TRUE(runtime_.containers.empty());
}

TEST_F(KubeletTest, ToldApiServerOfAnEndOnlyWhenNothingRunsAnyMore) {
  create("job-1", plain_spec("Never"));
  run_until_second(3);
  exit("app", 0);
  const Texts shown = statuses_until("job-1", kTimeZero + seconds(8));
  EXPECT_EQ(shown, (Texts{"Running", "Completed"}));
  EXPECT_EQ(get("job-1")->status.phase, PodPhase::Succeeded);
  EXPECT_EQ(cluster::find_condition(get("job-1")->status.conditions, "Ready")->reason, "PodCompleted");
  remove("job-1");
  EXPECT_EQ(get("job-1"), nullptr) << "a pod that has ended goes at once";
  run_for(seconds(3));
  EXPECT_EQ(kubelets_->pod_count(), 0u);
}

TEST_F(KubeletTest, ADeletedPodThatNeverRanEndsAsFailedWithUnknownContainers) {
  runtime_.missing_images.insert("web:1.0.0");
  runtime_.unpullable_images.insert("web:1.0.0");
  std::vector<std::pair<PodPhase, std::string>> ends;
  const auto watch = server_.watch<cluster::Pod>({}, [&](const cluster::Change<cluster::Pod>& change) {
    const auto* ended = change.object->status.container_statuses.empty()
                            ? nullptr
                            : std::get_if<ContainerStateTerminated>(&change.object->status.container_statuses[0].state);
    if (ended != nullptr) ends.emplace_back(change.object->status.phase, ended->reason);
  });
  create("web-1", plain_spec());
  run_until_second(5);
  remove("web-1");
  run_for(seconds(5));
  EXPECT_EQ(get("web-1"), nullptr);
  ASSERT_FALSE(ends.empty());
  EXPECT_EQ(ends.back(), std::make_pair(PodPhase::Failed, std::string("ContainerStatusUnknown")));
}

TEST_F(KubeletTest, ReadinessGoesOnWhileAPodTerminates) {
  create("web-1");
  first_time(kTimeZero + seconds(10), [&] { return is_ready(*get("web-1")); });
  run_for(seconds(5));
  runtime_.stop_takes["app"] = seconds(20);
  remove("web-1");
  run_for(seconds(2));
  EXPECT_TRUE(is_ready(*get("web-1"))) << "a terminating pod that answers is still ready";
  runtime_.never_ready_images.insert("web:1.0.0");
  run_for(seconds(6));
  EXPECT_FALSE(is_ready(*get("web-1")));
}

TEST_F(KubeletTest, AnswersThatComeAfterThePodWasForcedAwayHarmNobody) {
  for (int at_ms = 0; at_ms <= 1500; at_ms += 100) {
    const std::string name = "web-" + std::to_string(at_ms);
    create(name);
    run_for(milliseconds(at_ms));
    ASSERT_TRUE(server_.remove<cluster::Pod>({"default", name}, {.grace_period_seconds = 0, .uid = {}}).has_value());
    run_for(seconds(7));
    EXPECT_EQ(kubelets_->pod_count(), 0u) << at_ms;
    EXPECT_TRUE(runtime_.containers.empty()) << at_ms;
    EXPECT_TRUE(runtime_.sandboxes.empty()) << at_ms;
  }
}

}  // namespace
}  // namespace tandem::control::kubelet
