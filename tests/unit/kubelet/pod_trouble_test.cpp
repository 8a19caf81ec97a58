// Probes that kill, lifecycle hooks, images that cannot be had: what one kubelet makes of them.

#include "tests/unit/kubelet/kubelet_fixture.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::PodPhase;
using cluster::PodSpec;
using Texts = std::vector<std::string>;

TEST_F(KubeletTest, AFailedLivenessProbeKillsAndRestartsTheContainer) {
  PodSpec spec = plain_spec();
  spec.containers[0].liveness_probe = http_probe();
  spec.termination_grace_period_seconds = 7;
  create("web-1", spec);
  run_until_second(5);
  const SimTime hang = clock_.now();
  runtime_.probe_answer = [this](const ProbeRequest& request) -> std::optional<ProbeOutcome> {
    if (request.container_id != "c1") return std::nullopt;
    return ProbeOutcome{ProbeResult::Failure, "HTTP probe failed with statuscode: 500"};
  };
  const SimTime restarted = first_time(hang + seconds(20), [&] { return runtime_.containers_started == 2; });
  // Three failures a second apart, a relist, 200 ms to stop and as much to start.
  EXPECT_GE(restarted - hang, milliseconds(2400));
  EXPECT_LE(restarted - hang, milliseconds(4500));
  EXPECT_EQ(runtime_.stopped_with_grace.at("c1"), seconds(7));
  EXPECT_EQ(event_messages("web-1", "Killing"), Texts{"Container app failed liveness probe, will be restarted"});
  EXPECT_EQ(event_messages("web-1", "Unhealthy"), Texts{"Liveness probe failed: HTTP probe failed with statuscode: 500"});
  run_for(seconds(3));
  EXPECT_EQ(container_status("web-1").restart_count, 1);
  EXPECT_EQ(shown_status("web-1"), "Running");
}

TEST_F(KubeletTest, AStartupProbeThatNeverSucceedsKillsAfterItsThreshold) {
  PodSpec spec = web_spec();
  spec.containers[0].startup_probe = http_probe(2);
  spec.containers[0].startup_probe->failure_threshold = 3;
  spec.containers[0].startup_probe->termination_grace_period_seconds = 4;
  runtime_.delays.listen = seconds(1000);
  create("web-1", spec);
  const SimTime restarted = first_time(kTimeZero + seconds(30), [&] { return runtime_.containers_started == 2; });
  EXPECT_GE(restarted, kTimeZero + seconds(5));
  EXPECT_LE(restarted, kTimeZero + seconds(11));
  EXPECT_EQ(runtime_.stopped_with_grace.at("c1"), seconds(4));
  EXPECT_EQ(event_messages("web-1", "Killing"), Texts{"Container app failed startup probe, will be restarted"});
  EXPECT_FALSE(container_status("web-1").ready);
}

TEST_F(KubeletTest, ReadinessIsAskedOnlyAfterStartup) {
  PodSpec spec = web_spec();
  spec.containers[0].startup_probe = http_probe(1);
  spec.containers[0].startup_probe->failure_threshold = 30;
  runtime_.delays.listen = seconds(5);
  create("web-1", spec);
  const SimTime ready = first_time(kTimeZero + seconds(20), [&] { return is_ready(*get("web-1")); });
  EXPECT_GE(ready, kTimeZero + seconds(5));
  EXPECT_LE(ready, kTimeZero + milliseconds(8500));
  for (const std::string& message : event_messages("web-1", "Unhealthy"))
    EXPECT_EQ(message.find("Readiness"), std::string::npos) << message;
}

TEST_F(KubeletTest, APreStopHookComesBeforeTheSignalAndCostsGrace) {
  PodSpec spec = plain_spec();
  spec.containers[0].lifecycle = cluster::Lifecycle{};
  spec.containers[0].lifecycle->pre_stop = cluster::LifecycleHandler{cluster::SleepAction{4}};
  create("web-1", spec);
  run_until_second(10);
  const SimTime deleted = clock_.now();
  remove("web-1");
  run_for(seconds(20));
  ASSERT_EQ(runtime_.stops.size(), 1u);
  EXPECT_EQ(runtime_.stops[0].at - deleted, seconds(4));
  EXPECT_EQ(runtime_.stops[0].grace, seconds(26));
  EXPECT_EQ(get("web-1"), nullptr);
}

TEST_F(KubeletTest, AFailedPostStartHookKillsTheContainerAgain) {
  PodSpec spec = plain_spec();
  spec.containers[0].lifecycle = cluster::Lifecycle{};
  spec.containers[0].lifecycle->post_start = cluster::LifecycleHandler{cluster::ExecAction{{"false"}}};
  create("web-1", spec);
  run_until_second(4);
  const Texts reasons = event_reasons("web-1");
  EXPECT_NE(std::find(reasons.begin(), reasons.end(), "FailedPostStartHook"), reasons.end());
  EXPECT_EQ(event_messages("web-1", "Killing").front(), "FailedPostStartHook");
  EXPECT_EQ(shown_status("web-1"), "PostStartHookError");
}

// ---------------------------------------------------------------- images

TEST_F(KubeletTest, AnImageThatCannotBePulledAlternatesBetweenErrorAndBackOff) {
  runtime_.missing_images.insert("web:1.0.0");
  runtime_.unpullable_images.insert("web:1.0.0");
  create("web-1", plain_spec());
  const Texts shown = statuses_until("web-1", kTimeZero + seconds(45));
  EXPECT_EQ(Texts(shown.begin(), shown.begin() + 4),
            (Texts{"ContainerCreating", "ErrImagePull", "ImagePullBackOff", "ErrImagePull"}));
  EXPECT_EQ(event_messages("web-1", "Failed").at(0), "Failed to pull image \"web:1.0.0\": not found");
  EXPECT_EQ(event_messages("web-1", "Failed").at(1), "Error: ErrImagePull");
  EXPECT_EQ(event_messages("web-1", "BackOff").at(0), "Back-off pulling image \"web:1.0.0\"");
  EXPECT_EQ(get("web-1")->status.phase, PodPhase::Pending);
}

}  // namespace
}  // namespace tandem::control::kubelet
