// Container statuses, phase and conditions of the moments of a pod's life.

#include <gtest/gtest.h>

#include "core/control/kubelet/container_status.hpp"
#include "core/control/kubelet/pod_phase.hpp"
#include "tests/unit/kubelet/decision_support.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::ContainerStateTerminated;
using cluster::ContainerStateWaiting;
using cluster::ContainerStatus;
using cluster::PodPhase;

const StartFailures kNoFailures = [](const std::string&) -> const StartFailure* { return nullptr; };

cluster::PodStatus status_of(const cluster::Pod& pod, const RuntimePod& runtime, const StartFailures& failures = kNoFailures,
                             const cluster::PodStatus& before = {}, PhaseInput input = {}) {
  cluster::PodStatus status;
  status.init_container_statuses =
      container_statuses(pod, ContainerGroup::Init, runtime, before.init_container_statuses, failures, {});
  status.container_statuses =
      container_statuses(pod, ContainerGroup::Regular, runtime, before.container_statuses, failures, {});
  input.any_regular_started = any_regular_container_in(*pod.spec, runtime);
  status.phase = pod_phase(*pod.spec, status, input, {});
  return status;
}

TEST(ContainerStatuses, WaitForTheSandboxOrForInitialization) {
  const auto reason = [](const cluster::PodStatus& status) {
    return std::get<ContainerStateWaiting>(status.container_statuses.at(0).state).reason;
  };
  EXPECT_EQ(reason(status_of(pod_of({}, {container_named("app")}), {})), "ContainerCreating");
  EXPECT_EQ(reason(status_of(pod_of({container_named("a")}, {container_named("app")}), {})), "PodInitializing");
}

TEST(ContainerStatuses, ACrashShowsAsTerminatedUntilARestartWasRefused) {
  const cluster::Pod pod = pod_of({}, {container_named("app")});
  RuntimePod runtime = running_sandbox({runtime_container("app", RuntimeState::Exited, 1)});
  runtime.containers[0].reason = "Error";
  const ContainerStatus crashed = status_of(pod, runtime).container_statuses.at(0);
  EXPECT_EQ(std::get<ContainerStateTerminated>(crashed.state).exit_code, 1);
  EXPECT_FALSE(crashed.last_state.has_value());

  const StartFailure refused{"CrashLoopBackOff", "back-off 10s restarting failed container=app pod=web-1_default(u1)"};
  const ContainerStatus waiting =
      status_of(pod, runtime, [&](const std::string&) { return &refused; }).container_statuses.at(0);
  EXPECT_EQ(std::get<ContainerStateWaiting>(waiting.state), (ContainerStateWaiting{refused.reason, refused.message}));
  EXPECT_EQ(std::get<ContainerStateTerminated>(*waiting.last_state).exit_code, 1);
}

TEST(ContainerStatuses, AreSortedByNameExceptThoseOfInitContainers) {
  const cluster::PodStatus status =
      status_of(pod_of({container_named("z"), container_named("a")}, {container_named("web"), container_named("app")}), {});
  EXPECT_EQ(status.init_container_statuses[0].name, "z");
  EXPECT_EQ(status.container_statuses[0].name, "app");
}

TEST(ContainerStatuses, ARunningContainerThatTheRuntimeLostCountsAsRestarted) {
  const cluster::Pod pod = pod_of({}, {container_named("app")});
  const cluster::PodStatus before = status_of(pod, running_sandbox({runtime_container("app", RuntimeState::Running)}));
  const ContainerStatus lost = status_of(pod, running_sandbox(), kNoFailures, before).container_statuses.at(0);
  EXPECT_EQ(lost.restart_count, 1);
  EXPECT_EQ(std::get<ContainerStateTerminated>(*lost.last_state).reason, "ContainerStatusUnknown");
  EXPECT_EQ(std::get<ContainerStateTerminated>(*lost.last_state).started_at, cluster::kTimeUnset);
}

TEST(PodPhase, FollowsThePolicyOnceEverythingHasStopped) {
  const RuntimePod done = running_sandbox({runtime_container("app", RuntimeState::Exited, 0)});
  const RuntimePod failed = running_sandbox({runtime_container("app", RuntimeState::Exited, 3)});
  const auto phase = [](const char* policy, const RuntimePod& runtime) {
    return status_of(pod_of({}, {container_named("app")}, policy), runtime).phase;
  };
  EXPECT_EQ(phase("Always", done), PodPhase::Running);
  EXPECT_EQ(phase("OnFailure", done), PodPhase::Succeeded);
  EXPECT_EQ(phase("OnFailure", failed), PodPhase::Running);
  EXPECT_EQ(phase("Never", failed), PodPhase::Failed);
}

TEST(PodPhase, AContainerRefusedAfterASuccessMakesADeletedPodFailed) {
  const cluster::Pod pod = pod_of({}, {container_named("app")});
  const StartFailure refused{"CrashLoopBackOff", ""};
  const cluster::PodStatus status = status_of(pod, running_sandbox({runtime_container("app", RuntimeState::Exited, 0)}),
                                              [&](const std::string&) { return &refused; }, {}, {.pod_is_terminal = true});
  EXPECT_EQ(status.phase, PodPhase::Failed);
}

TEST(PodConditions, NameWhatIsMissing) {
  const cluster::Pod pod = pod_of({container_named("init"), sidecar_named("proxy")}, {container_named("app")});
  const RuntimePod runtime = running_sandbox({runtime_container("init", RuntimeState::Running)});
  const auto conditions = pod_conditions(*pod.spec, status_of(pod, runtime), runtime, {});
  const cluster::Condition* initialized = cluster::find_condition(conditions, "Initialized");
  EXPECT_EQ(initialized->reason, "ContainersNotInitialized");
  EXPECT_EQ(initialized->message, "containers with incomplete status: [init proxy]");
  EXPECT_EQ(cluster::find_condition(conditions, "Ready")->message, "containers with unready status: [proxy app]");
  EXPECT_EQ(cluster::find_condition(conditions, "PodReadyToStartContainers")->status, cluster::ConditionStatus::True);
  EXPECT_EQ(cluster::find_condition(conditions, "PodScheduled")->status, cluster::ConditionStatus::True);
}

TEST(PodConditions, ReadinessGatesAreAskedLast) {
  cluster::Pod pod = pod_of({}, {container_named("app")});
  pod.spec.edit([](cluster::PodSpec& spec) { spec.readiness_gates = {"example.com/a", "example.com/b"}; });
  const RuntimePod runtime = running_sandbox({runtime_container("app", RuntimeState::Running)});
  cluster::PodStatus status = status_of(pod, runtime);
  status.container_statuses[0].ready = true;
  cluster::Condition gate;
  gate.type = "example.com/a";
  gate.status = cluster::ConditionStatus::False;
  const auto conditions = pod_conditions(*pod.spec, status, runtime, {gate});
  EXPECT_EQ(cluster::find_condition(conditions, "Ready")->message,
            "the status of pod readiness gate \"example.com/a\" is not \"True\", but False, corresponding condition of pod "
            "readiness gate "
            "\"example.com/b\" does not exist.");
  EXPECT_EQ(cluster::find_condition(conditions, "ContainersReady")->status, cluster::ConditionStatus::True);
}

}  // namespace
}  // namespace tandem::control::kubelet
