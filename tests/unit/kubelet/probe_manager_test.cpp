// Probe workers beside what the recordings show: pods that go, kicks, sidecars, errors, young kubelets.

#include "core/control/kubelet/probe_manager.hpp"

#include <gtest/gtest.h>

#include "core/base/fake_clock.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::Container;
using cluster::ContainerStatus;
using cluster::PodStatus;

cluster::Probe probe_every(std::int32_t seconds) {
  cluster::Probe probe;
  probe.action = cluster::HttpGetAction{"/", {std::string("http")}, "HTTP", {}};
  probe.period_seconds = seconds;
  probe.failure_threshold = 1;
  return probe;
}

Container container(const std::string& name) {
  Container made;
  made.name = name;
  made.ports.push_back({"http", 8080, 0, {}, "TCP"});
  return made;
}

ContainerStatus running(const std::string& name, const std::string& id, SimTime started = kTimeZero) {
  ContainerStatus status;
  status.name = name;
  status.container_id = id;
  status.state = cluster::ContainerStateRunning{started};
  status.started = true;
  return status;
}

class ProbeManagerTest : public ::testing::Test {
 protected:
  explicit ProbeManagerTest(ProbeManager::Options options = {})
      : manager_({clock_, [this](const std::string& uid) { return uid == "gone" ? nullptr : &stored_; },
                  [this](const ProbeRequest& request, std::function<void(ProbeOutcome)> done) {
                    attempts_.push_back({clock_.now(), request});
                    clock_.after(takes_, EventClass::Runtime, 0, [done = std::move(done), answer = answer_] { done(answer); });
                  },
                  [this](const cluster::Pod&, const char* type, const char* reason, std::string message) {
                    events_.push_back(std::string(type) + " " + reason + " " + message);
                  }},
                 std::move(options), [this](const ProbeUpdate& update) {
                   updates_.push_back(update);
                   apply_update(stored_, update);
                 }) {}

  cluster::Ptr<cluster::Pod> pod(cluster::PodSpec spec) {
    cluster::Pod made;
    made.meta.uid = "u1";
    made.meta.name = "web";
    made.node_name = "worker";
    made.spec = std::move(spec);
    return std::make_shared<const cluster::Pod>(std::move(made));
  }

  std::vector<double> attempt_seconds() const {
    std::vector<double> moments;
    for (const auto& [at, request] : attempts_) moments.push_back(to_seconds(at - kTimeZero));
    return moments;
  }

  FakeClock clock_;
  PodStatus stored_;
  ProbeOutcome answer_{ProbeResult::Success, {}};
  SimDuration takes_;
  std::vector<std::pair<SimTime, ProbeRequest>> attempts_;
  std::vector<ProbeUpdate> updates_;
  std::vector<std::string> events_;
  ProbeManager manager_;
};

TEST_F(ProbeManagerTest, ARequestNamesContainerPodAndTheNumberOfItsPort) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].readiness_probe = probe_every(10);
  stored_.pod_ip = "10.244.1.2";
  stored_.container_statuses.push_back(running("app", "c1"));
  manager_.add_pod(pod(spec));
  clock_.run_until(kTimeZero);
  ASSERT_EQ(attempts_.size(), 1u);
  const ProbeRequest& request = attempts_.front().second;
  EXPECT_EQ(request.container_id, "c1");
  EXPECT_EQ(request.pod.ip, "10.244.1.2");
  EXPECT_EQ(request.pod.node_name, "worker");
  EXPECT_EQ(request.port, 8080);
}

TEST_F(ProbeManagerTest, ASecondAddPodChangesNothing) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].readiness_probe = probe_every(10);
  spec.containers[0].liveness_probe = probe_every(10);
  manager_.add_pod(pod(spec));
  manager_.add_pod(pod(spec));
  EXPECT_EQ(manager_.worker_count(), 2u);
}

TEST_F(ProbeManagerTest, WithoutProbesAContainerIsReadyAsSoonAsItRuns) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  const auto made = pod(spec);
  manager_.add_pod(made);
  EXPECT_EQ(manager_.worker_count(), 0u);
  PodStatus status;
  status.container_statuses = {running("app", "c1")};
  status.container_statuses[0].started = false;
  manager_.update_pod_status(*made, status);
  EXPECT_TRUE(status.container_statuses[0].started);
  EXPECT_TRUE(status.container_statuses[0].ready);
}

TEST_F(ProbeManagerTest, ADoneInitContainerIsReadyAndASidecarIsProbed) {
  cluster::PodSpec spec;
  spec.init_containers = {container("setup"), container("proxy")};
  spec.init_containers[0].readiness_probe = probe_every(1);  // not probed: it is no sidecar
  spec.init_containers[1].restart_policy = "Always";
  spec.init_containers[1].readiness_probe = probe_every(1);
  spec.containers.push_back(container("app"));
  const auto made = pod(spec);
  manager_.add_pod(made);
  EXPECT_EQ(manager_.worker_count(), 1u);
  ContainerStatus setup;
  setup.name = "setup";
  setup.container_id = "c1";
  setup.state = cluster::ContainerStateTerminated{};
  stored_.init_container_statuses = {setup, running("proxy", "c2")};
  manager_.update_pod_status(*made, stored_);
  EXPECT_TRUE(stored_.init_container_statuses[0].ready);
  EXPECT_FALSE(stored_.init_container_statuses[1].ready);
  clock_.run_until(kTimeZero);
  EXPECT_TRUE(stored_.init_container_statuses[1].ready);
  EXPECT_EQ(attempts_.at(0).second.container_id, "c2");
}

TEST_F(ProbeManagerTest, AKickProbesAtOnceAndStartsThePeriodAnew) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].readiness_probe = probe_every(10);
  const auto made = pod(spec);
  answer_ = {ProbeResult::Failure, "connection refused"};
  stored_.container_statuses.push_back(running("app", "c1"));
  manager_.add_pod(made);
  clock_.run_until(kTimeZero + seconds(4));
  PodStatus status = stored_;
  manager_.update_pod_status(*made, status);
  manager_.update_pod_status(*made, status);  // two kicks before the first is seen are one
  clock_.run_until(kTimeZero + seconds(30));
  EXPECT_EQ(attempt_seconds(), (std::vector<double>{0, 4, 14, 24}));
  EXPECT_EQ(events_.at(0), "Warning Unhealthy Readiness probe failed: connection refused");
}

TEST_F(ProbeManagerTest, AReadyContainerIsNotKicked) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].readiness_probe = probe_every(10);
  const auto made = pod(spec);
  stored_.container_statuses.push_back(running("app", "c1"));
  manager_.add_pod(made);
  clock_.run_until(kTimeZero + seconds(4));
  PodStatus status = stored_;
  manager_.update_pod_status(*made, status);
  clock_.run_until(kTimeZero + seconds(5));
  EXPECT_TRUE(status.container_statuses[0].ready);
  EXPECT_EQ(attempts_.size(), 1u);
}

TEST_F(ProbeManagerTest, TerminatingPodsKeepTheirReadinessWorkersOnly) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].readiness_probe = spec.containers[0].liveness_probe = spec.containers[0].startup_probe = probe_every(1);
  const auto made = pod(spec);
  manager_.add_pod(made);
  EXPECT_EQ(manager_.worker_count(), 3u);
  manager_.stop_liveness_and_startup(*made);
  clock_.run_until(kTimeZero);
  EXPECT_EQ(manager_.worker_count(), 1u);
  manager_.remove_pod("u1");
  clock_.run_until(kTimeZero + seconds(1));
  EXPECT_EQ(manager_.worker_count(), 0u);
  EXPECT_EQ(clock_.next(), kTimeNever) << "a timer was left behind";
}

TEST_F(ProbeManagerTest, AStoppedWorkerWaitsForItsAttemptAndForgetsItsResult) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].liveness_probe = probe_every(10);
  stored_.container_statuses.push_back(running("app", "c1"));
  takes_ = milliseconds(500);
  answer_ = {ProbeResult::Failure, "late"};
  manager_.add_pod(pod(spec));
  clock_.run_until(kTimeZero + milliseconds(100));
  manager_.remove_pod("u1");
  clock_.run_until(kTimeZero + milliseconds(400));
  EXPECT_EQ(manager_.worker_count(), 1u);
  EXPECT_EQ(manager_.verdict(ProbeKind::Liveness, "c1"), ProbeVerdict::Success);
  clock_.run_until(kTimeZero + milliseconds(600));
  EXPECT_EQ(manager_.worker_count(), 0u);
  EXPECT_EQ(updates_.back().verdict, ProbeVerdict::Failure) << "what was found last still counts";
  EXPECT_EQ(manager_.verdict(ProbeKind::Liveness, "c1"), std::nullopt);
}

TEST_F(ProbeManagerTest, WorkersOfAFinishedPodEndByThemselves) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].liveness_probe = probe_every(5);
  manager_.add_pod(pod(spec));
  clock_.run_until(kTimeZero + seconds(6));
  EXPECT_EQ(manager_.worker_count(), 1u);
  stored_.phase = cluster::PodPhase::Succeeded;
  clock_.run_until(kTimeZero + seconds(10));
  EXPECT_EQ(manager_.worker_count(), 0u);
}

TEST_F(ProbeManagerTest, WorkersOfAContainerThatNeverComesBackEnd) {
  cluster::PodSpec spec;
  spec.restart_policy = "Never";
  spec.containers.push_back(container("app"));
  spec.containers[0].readiness_probe = probe_every(1);
  stored_.container_statuses.push_back(running("app", "c1"));
  manager_.add_pod(pod(spec));
  clock_.run_until(kTimeZero + milliseconds(500));
  stored_.container_statuses[0].state = cluster::ContainerStateTerminated{};
  clock_.run_until(kTimeZero + seconds(2));
  EXPECT_EQ(manager_.worker_count(), 0u);
  EXPECT_EQ(updates_.back().verdict, ProbeVerdict::Failure);
}

TEST_F(ProbeManagerTest, AProbeThatCannotBeCarriedOutIsTriedThreeTimesAndForgotten) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].liveness_probe = probe_every(5);
  stored_.container_statuses.push_back(running("app", "c1"));
  answer_ = {ProbeResult::Error, "no such container"};
  manager_.add_pod(pod(spec));
  clock_.run_until(kTimeZero + seconds(4));
  EXPECT_EQ(attempt_seconds(), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(events_, (std::vector<std::string>{"Warning Unhealthy Liveness probe errored and resulted in unknown state: no such container"}));
  EXPECT_EQ(manager_.verdict(ProbeKind::Liveness, "c1"), ProbeVerdict::Success);
}

TEST_F(ProbeManagerTest, AProbeOfAPortThatNobodyNamedIsAnError) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].ports.clear();
  spec.containers[0].readiness_probe = probe_every(5);
  stored_.container_statuses.push_back(running("app", "c1"));
  manager_.add_pod(pod(spec));
  clock_.run_until(kTimeZero + seconds(6));
  EXPECT_TRUE(attempts_.empty());
  EXPECT_EQ(events_.size(), 2u);
  EXPECT_EQ(manager_.verdict(ProbeKind::Readiness, "c1"), ProbeVerdict::Failure);
}

TEST_F(ProbeManagerTest, AWarningIsASuccessThatIsTold) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].readiness_probe = probe_every(5);
  stored_.container_statuses.push_back(running("app", "c1"));
  answer_ = {ProbeResult::Warning, "Probe terminated redirects"};
  manager_.add_pod(pod(spec));
  clock_.run_until(kTimeZero);
  EXPECT_TRUE(stored_.container_statuses[0].ready);
  EXPECT_EQ(events_, (std::vector<std::string>{"Warning ProbeWarning Readiness probe warning: Probe terminated redirects"}));
}

TEST_F(ProbeManagerTest, NothingIsToldAfterTheManagerIsGone) {
  FakeClock clock;
  std::function<void(ProbeOutcome)> answer;
  PodStatus status;
  status.container_statuses.push_back(running("app", "c1"));
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].liveness_probe = probe_every(5);
  int updates = 0;
  {
    ProbeManager manager({clock, [&](const std::string&) { return &status; },
                          [&](const ProbeRequest&, std::function<void(ProbeOutcome)> done) { answer = std::move(done); },
                          [](const cluster::Pod&, const char*, const char*, const std::string&) {}},
                         {}, [&](const ProbeUpdate&) { ++updates; });
    manager.add_pod(pod(spec));
    clock.step();
  }
  ASSERT_TRUE(answer);
  answer({ProbeResult::Failure, {}});
  clock.run_until(kTimeZero + seconds(20));
  EXPECT_EQ(updates, 0);
}

class YoungKubeletTest : public ProbeManagerTest {
 protected:
  YoungKubeletTest() : ProbeManagerTest({.process_started = kTimeZero, .seed = 7, .node_name = "worker"}) {}
};

TEST_F(YoungKubeletTest, ProbesBeginAfterARandomPartOfThePeriodOnlyWhileItIsYoungerThanThat) {
  cluster::PodSpec spec;
  spec.containers.push_back(container("app"));
  spec.containers[0].readiness_probe = probe_every(10);
  stored_.container_statuses.push_back(running("app", "c1"));
  clock_.run_until(kTimeZero + seconds(9));
  manager_.add_pod(pod(spec));
  clock_.run_until(kTimeZero + seconds(60));
  ASSERT_FALSE(attempts_.empty());
  const SimTime first = attempts_.front().first;
  EXPECT_GT(first, kTimeZero + seconds(9));
  EXPECT_LT(first, kTimeZero + seconds(19));
  EXPECT_EQ(attempts_.at(1).first - first, seconds(10)) << "the ticker starts after the wait";

  manager_.remove_pod("u1");
  clock_.run_until(kTimeZero + seconds(61));
  attempts_.clear();
  manager_.add_pod(pod(spec));
  clock_.run_until(kTimeZero + seconds(61));
  EXPECT_EQ(attempts_.size(), 1u) << "an old kubelet probes at once";
}

}  // namespace
}  // namespace tandem::control::kubelet
