// Attacks the pod lifecycle above a fake node runtime on a clock moved by hand: order of events, timing rules of
// kubernetes-semantics §4, deletion at every stage of a start, restarts with back-off, serial pulls.

#include "core/control/kubelet/container_request.hpp"
#include "core/control/kubelet/restart_back_off.hpp"
#include "tests/unit/kubelet/decision_support.hpp"
#include "tests/unit/kubelet/kubelet_fixture.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::Pod;
using cluster::PodPhase;

TEST_F(KubeletTest, StartsAPodInTheOrderOfARealKubelet) {
  create("web-1");
  EXPECT_EQ(get("web-1")->status.phase, PodPhase::Pending);
  const auto& waiting = std::get<cluster::ContainerStateWaiting>(get("web-1")->status.container_statuses.at(0).state);
  EXPECT_EQ(waiting.reason, "ContainerCreating");
  EXPECT_EQ(get("web-1")->status.pod_ip, "");

  // 300 ms of volumes, 100 ms of sandbox, 200 ms of start; then the next relist, at most a second later.
  const SimTime running = first_time(kTimeZero + seconds(5), [&] { return get("web-1")->status.phase == PodPhase::Running; });
  EXPECT_GE(running, kTimeZero + milliseconds(600));
  EXPECT_LE(running, kTimeZero + milliseconds(1601));
  EXPECT_EQ(get("web-1")->status.pod_ip, "10.244.1.2");
  EXPECT_EQ(event_reasons("web-1"), (std::vector<std::string>{"Pulled", "Created", "Started"}));
}

TEST_F(KubeletTest, BecomesReadyWithTheFirstSuccessfulProbeAndNotBefore) {
  runtime_.delays.listen = seconds(3);
  create("web-1");
  const SimTime ready = first_time(kTimeZero + seconds(20), [&] { return is_ready(*get("web-1")); });
  // Listening 3 s after the start at 0.6 s; probes once a second from the first relist on.
  EXPECT_GE(ready, kTimeZero + milliseconds(3600));
  EXPECT_LE(ready, kTimeZero + milliseconds(4700));
  const std::vector<std::string> reasons = event_reasons("web-1");
  EXPECT_NE(std::find(reasons.begin(), reasons.end(), "Unhealthy"), reasons.end());
}

TEST_F(KubeletTest, WithoutAProbeAPodIsReadyWhenItIsSeenRunning) {
  cluster::PodSpec spec = web_spec();
  spec.containers[0].readiness_probe.reset();
  create("web-1", spec);
  const SimTime ready = first_time(kTimeZero + seconds(5), [&] { return is_ready(*get("web-1")); });
  EXPECT_LE(ready, kTimeZero + milliseconds(1601));
}

TEST_F(KubeletTest, HonoursTheInitialDelayOfAProbe) {
  cluster::PodSpec spec = web_spec();
  spec.containers[0].readiness_probe->initial_delay_seconds = 5;
  create("web-1", spec);
  const SimTime ready = first_time(kTimeZero + seconds(30), [&] { return is_ready(*get("web-1")); });
  EXPECT_GE(ready, kTimeZero + milliseconds(4600)) << "up to a second early, because whole seconds are compared";
  EXPECT_LE(ready, kTimeZero + milliseconds(7700));
}

TEST_F(KubeletTest, StopsWithThePodsGraceAndThenRemovesTheObject) {
  create("web-1");
  first_time(kTimeZero + seconds(10), [&] { return is_ready(*get("web-1")); });
  ASSERT_TRUE(is_ready(*get("web-1")));
  // Between two pieces of work on a pod lies a relist: a pod that has just been synced would wait for it.
  run_for(seconds(2));
  const SimTime deleted = clock_.now();
  ASSERT_TRUE(server_.remove<Pod>({"default", "web-1"}).has_value());
  EXPECT_TRUE(is_terminating(get("web-1")->meta));
  ASSERT_EQ(runtime_.stopped_with_grace.size(), 1u);
  EXPECT_EQ(runtime_.stopped_with_grace.begin()->second, seconds(30));

  const SimTime gone = first_time(deleted + seconds(10), [&] { return get("web-1") == nullptr; });
  EXPECT_GE(gone, deleted + milliseconds(300)) << "200 ms to stop, 100 ms for the sandbox";
  EXPECT_LE(gone, deleted + milliseconds(1301)) << "and at most one relist";
  EXPECT_EQ(kubelets_->pod_count(), 0u);
  EXPECT_TRUE(runtime_.sandboxes.empty());
  const std::vector<std::string> reasons = event_reasons("web-1");
  EXPECT_EQ(reasons.back(), "Killing");
}

TEST_F(KubeletTest, CleansUpAPodDeletedAtAnyMomentOfItsStart) {
  for (int at_ms = 0; at_ms <= 2000; at_ms += 50) {
    const std::string name = "web-" + std::to_string(at_ms);
    create(name);
    clock_.run_until(clock_.now() + milliseconds(at_ms));
    ASSERT_TRUE(server_.remove<Pod>({"default", name}).has_value());
    clock_.run_until(clock_.now() + seconds(5));
    EXPECT_EQ(get(name), nullptr) << "deleted after " << at_ms << " ms";
    EXPECT_EQ(kubelets_->pod_count(), 0u);
    EXPECT_TRUE(runtime_.containers.empty());
    EXPECT_TRUE(runtime_.sandboxes.empty());
  }
}

TEST_F(KubeletTest, KillsAPodWhoseObjectWasForcedAway) {
  create("web-1");
  first_time(kTimeZero + seconds(10), [&] { return is_ready(*get("web-1")); });
  ASSERT_TRUE(server_.remove<Pod>({"default", "web-1"}, {.grace_period_seconds = 0, .uid = {}}).has_value());
  EXPECT_EQ(get("web-1"), nullptr);
  clock_.run_until(clock_.now() + seconds(5));
  EXPECT_TRUE(runtime_.containers.empty());
  EXPECT_EQ(kubelets_->pod_count(), 0u);
}

TEST_F(KubeletTest, PullsOneImageAtATime) {
  runtime_.missing_images.insert("web:1.0.0");
  runtime_.missing_images.insert("web:1.0.1");
  cluster::PodSpec other = web_spec();
  other.containers[0].image = "web:1.0.1";
  create("web-1");
  create("web-2", other);
  clock_.run_until(kTimeZero + seconds(8));
  EXPECT_TRUE(is_ready(*get("web-1")));
  EXPECT_TRUE(is_ready(*get("web-2")));
  EXPECT_EQ(runtime_.pulls_running_max, 1);
  EXPECT_EQ(event_reasons("web-1").front(), "Pulling");
}

TEST_F(KubeletTest, ShowsErrImagePullAndTriesAgain) {
  runtime_.missing_images.insert("web:1.0.0");
  runtime_.unpullable_images.insert("web:1.0.0");
  create("web-1");
  clock_.run_until(kTimeZero + seconds(3));
  EXPECT_EQ(std::get<cluster::ContainerStateWaiting>(get("web-1")->status.container_statuses.at(0).state).reason,
            "ErrImagePull");
  runtime_.unpullable_images.clear();
  clock_.run_until(kTimeZero + seconds(25));
  EXPECT_TRUE(is_ready(*get("web-1")));
}

TEST_F(KubeletTest, RestartsACrashedContainerAtOnceAndThenWithBackOff) {
  create("web-1");
  std::vector<SimTime> starts;
  int seen = 0;
  while (clock_.now() < kTimeZero + seconds(120)) {
    if (runtime_.containers_started > seen) {
      seen = runtime_.containers_started;
      starts.push_back(clock_.now());
      if (!runtime_.containers.empty()) runtime_.exit(runtime_.containers.begin()->first, 1);
    }
    clock_.run_until(clock_.now() + milliseconds(10));
  }
  ASSERT_GE(starts.size(), 4u);
  EXPECT_LE(starts[1] - starts[0], milliseconds(1300)) << "the first restart is immediate, seen at the next relist";
  EXPECT_GE(starts[2] - starts[1], seconds(10));
  EXPECT_LE(starts[2] - starts[1], seconds(17));
  EXPECT_GE(starts[3] - starts[2], seconds(20));
  EXPECT_LE(starts[3] - starts[2], seconds(32));
  EXPECT_EQ(get("web-1")->status.container_statuses[0].restart_count, static_cast<int>(starts.size()) - 1);
}

TEST_F(KubeletTest, FinishesAPodWhoseContainersNeedNoRestart) {
  cluster::PodSpec spec = web_spec();
  spec.restart_policy = "OnFailure";
  create("done", spec);
  spec.restart_policy = "Never";
  create("broken", spec);
  clock_.run_until(kTimeZero + seconds(3));
  ASSERT_EQ(runtime_.containers.size(), 2u);
  for (const std::string& id : {std::string("c1"), std::string("c2")}) {
    const bool is_done = runtime_.containers.at(id).request.pod.name == "done";
    runtime_.exit(id, is_done ? 0 : 3);
  }
  clock_.run_until(kTimeZero + seconds(6));
  EXPECT_EQ(get("done")->status.phase, PodPhase::Succeeded);
  EXPECT_EQ(get("broken")->status.phase, PodPhase::Failed);
  EXPECT_EQ(runtime_.containers_started, 2);
}

TEST_F(KubeletTest, TriesAFailedSandboxAgain) {
  runtime_.fail_sandboxes = 1;
  create("web-1");
  clock_.run_until(kTimeZero + seconds(2));
  EXPECT_EQ(event_reasons("web-1").front(), "FailedCreatePodSandBox");
  clock_.run_until(kTimeZero + seconds(20));
  EXPECT_TRUE(is_ready(*get("web-1")));
}

TEST(RestartBackOff, FollowsTheRecordedSeries) {
  const std::vector<std::int64_t> expected = {0, 10, 20, 40, 80, 160, 300, 300};
  RestartBackOff back_off;
  const cluster::Pod pod = pod_of({}, {container_named("app")});
  SimTime now = kTimeZero;
  for (const std::int64_t wait : expected) {
    const SimTime ended = now;
    while (back_off.try_start(pod, pod.spec->containers[0], ended, now)) now = now + milliseconds(100);
    EXPECT_EQ(now - ended, seconds(wait));
  }
}

TEST(ImagePullPolicy, DependsOnTheTag) {
  cluster::Container container;
  const auto policy = [&](const char* image) {
    container.image = image;
    return image_pull_policy_of(container);
  };
  EXPECT_EQ(policy("web"), "Always");
  EXPECT_EQ(policy("web:latest"), "Always");
  EXPECT_EQ(policy("web:1.0"), "IfNotPresent");
  EXPECT_EQ(policy("registry:5000/web"), "Always");
  EXPECT_EQ(policy("registry:5000/web:2"), "IfNotPresent");
  EXPECT_EQ(policy("web@sha256:0123"), "IfNotPresent");
}

TEST(AddressPool, GivesAddressesInTurnAndReusesThemLate) {
  AddressPool pool(*Ipv4Range::parse("10.1.2.0/29"));
  EXPECT_EQ(*pool.acquire(), "10.1.2.2");
  EXPECT_EQ(*pool.acquire(), "10.1.2.3");
  pool.release("10.1.2.2");
  EXPECT_EQ(*pool.acquire(), "10.1.2.4") << "a freed address rests while others are free";
  EXPECT_TRUE(pool.reserve("10.1.2.5"));
  EXPECT_FALSE(pool.reserve("10.1.2.5"));
  EXPECT_EQ(*pool.acquire(), "10.1.2.6");
  EXPECT_EQ(*pool.acquire(), "10.1.2.2");
  EXPECT_FALSE(pool.acquire().has_value()) << "broadcast, network and gateway are never given";
}

TEST(Ipv4Range, RefusesWhatIsNotARange) {
  for (const char* text : {"", "10.0.0.0", "10.0.0/16", "10.0.0.256/16", "10.0.0.0/33", "10.0.0.0/x", "a.b.c.d/8"}) {
    EXPECT_FALSE(Ipv4Range::parse(text).has_value()) << text;
  }
  EXPECT_EQ(to_string(*Ipv4Range::parse("10.244.7.9/16")), "10.244.0.0/16");
  EXPECT_EQ(to_string(*Ipv4Range::parse("10.244.0.0/16")->subrange(3, 24)), "10.244.3.0/24");
  EXPECT_FALSE(Ipv4Range::parse("10.244.0.0/24")->subrange(1, 24).has_value());
}

}  // namespace
}  // namespace tandem::control::kubelet
