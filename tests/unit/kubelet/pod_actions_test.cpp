// One sync after another of the pods that people write: what is started next, what is killed, when the pod is done. The
// recorded answers of the real function are compared in tests/truth; here the sequences that they add up to.

#include "core/control/kubelet/pod_actions.hpp"

#include <gtest/gtest.h>

#include "tests/unit/kubelet/decision_support.hpp"

namespace tandem::control::kubelet {
namespace {

using Indexes = std::vector<std::size_t>;

PodActions actions(const cluster::Pod& pod, const RuntimePod& runtime, const ProbeVerdicts& probes = no_verdicts()) {
  return pod_actions(pod, runtime, probes, {});
}

TEST(PodActions, ANewPodGetsASandboxAndItsFirstInitContainerOnly) {
  const PodActions first = actions(pod_of({container_named("a"), container_named("b")}, {container_named("app")}), {});
  EXPECT_TRUE(first.create_sandbox);
  EXPECT_EQ(first.attempt, 0u);
  EXPECT_EQ(first.init_containers_to_start, Indexes{0});
  EXPECT_TRUE(first.containers_to_start.empty());
}

TEST(PodActions, InitContainersFollowOneAnotherAndThenAllRegularContainersStart) {
  const cluster::Pod pod =
      pod_of({container_named("a"), container_named("b")}, {container_named("app"), container_named("log")});
  EXPECT_EQ(actions(pod, running_sandbox({runtime_container("a", RuntimeState::Running)})), (PodActions{}));
  EXPECT_EQ(actions(pod, running_sandbox({runtime_container("a", RuntimeState::Exited)})).init_containers_to_start, Indexes{1});
  const PodActions last = actions(
      pod, running_sandbox({runtime_container("b", RuntimeState::Exited), runtime_container("a", RuntimeState::Exited)}));
  EXPECT_TRUE(last.init_containers_to_start.empty());
  EXPECT_EQ(last.containers_to_start, (Indexes{0, 1}));
}

TEST(PodActions, AFailedInitContainerIsRepeatedUnlessThePodNeverRestarts) {
  const RuntimePod failed = running_sandbox({runtime_container("a", RuntimeState::Exited, 1)});
  EXPECT_EQ(actions(pod_of({container_named("a")}, {container_named("app")}, "OnFailure"), failed).init_containers_to_start,
            Indexes{0});
  EXPECT_TRUE(actions(pod_of({container_named("a")}, {container_named("app")}, "Never"), failed).kill_pod);
}

TEST(PodActions, ASidecarLetsTheNextOneStartOnceItsStartupProbeHasSucceeded) {
  cluster::Container proxy = sidecar_named("proxy");
  proxy.startup_probe = cluster::Probe{};
  const cluster::Pod pod = pod_of({proxy, container_named("migrate")}, {container_named("app")});
  const RuntimePod runtime = running_sandbox({runtime_container("proxy", RuntimeState::Running)});
  EXPECT_EQ(actions(pod, runtime), (PodActions{}));
  const ProbeVerdicts started = verdict_on("proxy-id", ProbeKind::Startup, ProbeVerdict::Success);
  EXPECT_EQ(actions(pod, runtime, started).init_containers_to_start, Indexes{1});
}

TEST(PodActions, ASidecarIsRestartedWhileThePodWorksAndDoesNotKeepItAlive) {
  const cluster::Pod pod = pod_of({sidecar_named("proxy")}, {container_named("app")}, "Never");
  const PodActions working = actions(pod, running_sandbox({runtime_container("app", RuntimeState::Running),
                                                           runtime_container("proxy", RuntimeState::Exited, 1)}));
  EXPECT_EQ(working.init_containers_to_start, Indexes{0});
  EXPECT_FALSE(working.kill_pod);
  const PodActions done = actions(pod, running_sandbox({runtime_container("app", RuntimeState::Exited),
                                                        runtime_container("proxy", RuntimeState::Running)}));
  EXPECT_TRUE(done.kill_pod);
  EXPECT_FALSE(done.create_sandbox);
  EXPECT_TRUE(done.init_containers_to_start.empty());
}

TEST(PodActions, AFailedLivenessProbeKillsAndRestartsInOneSync) {
  const ProbeVerdicts failed = verdict_on("app-id", ProbeKind::Liveness, ProbeVerdict::Failure);
  const RuntimePod runtime =
      running_sandbox({runtime_container("log", RuntimeState::Running), runtime_container("app", RuntimeState::Running)});
  const PodActions restarted = actions(pod_of({}, {container_named("app"), container_named("log")}), runtime, failed);
  EXPECT_EQ(restarted.containers_to_start, Indexes{0});
  ASSERT_EQ(restarted.containers_to_kill.size(), 1u);
  EXPECT_EQ(
      restarted.containers_to_kill[0],
      (ContainerToKill{"app-id", "app", "Container app failed liveness probe, will be restarted", KillReason::LivenessProbe}));
  const PodActions stopped = actions(pod_of({}, {container_named("app"), container_named("log")}, "Never"), runtime, failed);
  EXPECT_TRUE(stopped.containers_to_start.empty());
  EXPECT_EQ(stopped.containers_to_kill[0].message, "Container app failed liveness probe");
  EXPECT_FALSE(stopped.kill_pod) << "the other container runs on";
}

TEST(PodActions, ADeletedPodStartsNothing) {
  cluster::Pod pod = pod_of({}, {container_named("app"), container_named("log")});
  pod.meta.deletion_timestamp = kTimeZero;
  const PodActions none = actions(pod, running_sandbox({runtime_container("log", RuntimeState::Running),
                                                        runtime_container("app", RuntimeState::Exited, 1)}));
  EXPECT_EQ(none, (PodActions{}));
}

TEST(PodActions, ALostSandboxTakesEverythingWithIt) {
  RuntimePod runtime = running_sandbox({runtime_container("app", RuntimeState::Exited, 137)});
  runtime.sandboxes[0].ready = false;
  const PodActions again = actions(pod_of({}, {container_named("app")}), runtime);
  EXPECT_TRUE(again.kill_pod);
  EXPECT_TRUE(again.create_sandbox);
  EXPECT_EQ(again.attempt, 1u);
  EXPECT_EQ(again.containers_to_start, Indexes{0});
  const PodActions never = actions(pod_of({}, {container_named("app")}, "Never"), runtime);
  EXPECT_TRUE(never.kill_pod);
  EXPECT_FALSE(never.create_sandbox);
}

TEST(RestartRules, CountOnlyBehindTheirGateAndTheFirstMatchDecides) {
  cluster::Container container = container_named("app");
  container.restart_policy = "Never";
  cluster::ContainerRestartRule rule;
  rule.action = "Restart";
  rule.exit_codes = cluster::ContainerRestartRule::ExitCodes{"In", {42}};
  container.restart_policy_rules = {rule};
  cluster::PodSpec spec;
  spec.restart_policy = "Always";
  EXPECT_TRUE(restarts_after_exit(container, spec, 1, {})) << "without the gate the pod's policy holds";
  const FeatureGates gates{.container_restart_rules = true};
  EXPECT_TRUE(restarts_after_exit(container, spec, 42, gates));
  EXPECT_FALSE(restarts_after_exit(container, spec, 1, gates));
}

}  // namespace
}  // namespace tandem::control::kubelet
