// Back-off, pulls, image names and termination beside what the recordings show.

#include <gtest/gtest.h>

#include "core/base/fake_clock.hpp"
#include "core/control/fake_node_runtime.hpp"
#include "core/control/kubelet/container_kills.hpp"
#include "core/control/kubelet/go_duration.hpp"
#include "core/control/kubelet/image_puller.hpp"
#include "core/control/kubelet/image_reference.hpp"
#include "core/control/kubelet/restart_back_off.hpp"

namespace tandem::control::kubelet {
namespace {

cluster::Pod pod_named(const std::string& uid) {
  cluster::Pod pod;
  pod.meta.name = "web";
  pod.meta.namespace_ = "default";
  pod.meta.uid = uid;
  return pod;
}

TEST(GoDuration, WritesEverySmallerUnit) {
  EXPECT_EQ(go_duration({}), "0s");
  EXPECT_EQ(go_duration(milliseconds(1250)), "1.25s");
  EXPECT_EQ(go_duration(seconds(60)), "1m0s");
  EXPECT_EQ(go_duration(seconds(160)), "2m40s");
  EXPECT_EQ(go_duration(seconds(3600)), "1h0m0s");
  EXPECT_EQ(go_duration(seconds(3725) + milliseconds(500)), "1h2m5.5s");
}

// ---------------------------------------------------------------- restart back-off

TEST(RestartBackOff, AnotherImageOrOtherResourcesStartAnew) {
  RestartBackOff back_off;
  const cluster::Pod pod = pod_named("u1");
  cluster::Container container;
  container.name = "app";
  container.image = "web:1";
  const SimTime end = kTimeZero + seconds(1);
  EXPECT_FALSE(back_off.try_start(pod, container, end, end));
  EXPECT_TRUE(back_off.try_start(pod, container, end, end));
  cluster::Container other = container;
  other.image = "web:2";
  EXPECT_FALSE(back_off.try_start(pod, other, end, end));
  other = container;
  other.resources.limits.insert_or_assign("cpu", Quantity::of_milli(500));
  EXPECT_FALSE(back_off.try_start(pod, other, end, end));
  EXPECT_FALSE(back_off.try_start(pod_named("u2"), container, end, end));
}

TEST(RestartBackOff, ARefusalSaysUntilWhenAndAContainerThatNeverRanStarts) {
  RestartBackOff back_off;
  const cluster::Pod pod = pod_named("u1");
  cluster::Container container;
  container.name = "app";
  EXPECT_FALSE(back_off.try_start(pod, container, std::nullopt, kTimeZero));
  EXPECT_FALSE(back_off.try_start(pod, container, kTimeZero, kTimeZero));
  const auto refused = back_off.try_start(pod, container, kTimeZero + seconds(3), kTimeZero + seconds(4));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->not_before, kTimeZero + seconds(13));
  EXPECT_EQ(back_off_event(pod, container), "Back-off restarting failed container app in pod web_default(u1)");
  back_off.forget("u1");
  EXPECT_FALSE(back_off.try_start(pod, container, kTimeZero + seconds(3), kTimeZero + seconds(4)));
}

TEST(BackOff, SweepsDropRecordsAtTheirOwnPace) {
  BackOff lazy({.sweep_period = seconds(2)});
  BackOff explicit_only({});
  for (BackOff* back_off : {&lazy, &explicit_only}) back_off->next("a", kTimeZero, kTimeZero + milliseconds(500));
  // 600 s after the change is 600.5 s; the next sweep is at 602 s.
  const SimTime before = kTimeZero + milliseconds(601'900);
  EXPECT_EQ(lazy.get("a", before), seconds(10));
  EXPECT_EQ(lazy.get("a", kTimeZero + seconds(602)), SimDuration{});
  EXPECT_EQ(explicit_only.get("a", kTimeZero + seconds(5000)), seconds(10));
  explicit_only.sweep(kTimeZero + seconds(602));
  EXPECT_EQ(explicit_only.size(), 0u);
}

// ---------------------------------------------------------------- images

TEST(ImageReference, ReadsNamesAsDockerDoes) {
  const auto parts = [](const char* image) {
    const Result<ImageReference> read = parse_image_reference(image);
    return read ? read->domain + " " + read->path + " " + read->tag + " " + read->digest : read.error().what;
  };
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(parts("nginx"), "docker.io library/nginx latest ");
  EXPECT_EQ(parts("nginx:1.27"), "docker.io library/nginx 1.27 ");
  EXPECT_EQ(parts("team/web_app.x--y:V1"), "docker.io team/web_app.x--y V1 ");
  EXPECT_EQ(parts("localhost/web"), "localhost web latest ");
  EXPECT_EQ(parts("registry:5000/a/b:1"), "registry:5000 a/b 1 ");
  EXPECT_EQ(parts("[::1]:5000/a"), "[::1]:5000 a latest ");
  EXPECT_EQ(parts("index.docker.io/nginx"), "docker.io library/nginx latest ");
  EXPECT_EQ(parts("Registry/web"), "Registry web latest ");
  EXPECT_EQ(parts(("nginx@" + digest).c_str()), "docker.io library/nginx  " + digest);
  EXPECT_EQ(parts(("nginx:1@" + digest).c_str()), "docker.io library/nginx 1 " + digest);
}

TEST(ImageReference, RefusesWhatDockerRefuses) {
  const auto error = [](const std::string& image) {
    const Result<ImageReference> read = parse_image_reference(image);
    if (read) return "accepted as " + read->path;
    const std::string prefix = "couldn't parse image name \"" + image + "\": ";
    EXPECT_TRUE(read.error().what.starts_with(prefix));
    return read.error().what.substr(std::min(prefix.size(), read.error().what.size()));
  };
  EXPECT_EQ(error("Web"), "invalid reference format: repository name (library/Web) must be lowercase");
  for (const char* image : {"", "web:", "web::1", "web/", "/web", "web___x", "we b", "-web", "web-", "a..b", "web@sha256:12", "web:-1",
                            "reg_istry.x/web", "host:port/web"}) {
    EXPECT_EQ(error(image), "invalid reference format") << image;
  }
  EXPECT_EQ(error(std::string(64, 'a')),
            "invalid repository name (" + std::string(64, 'a') + "), cannot specify 64-byte hexadecimal strings");
  EXPECT_EQ(error("web@sha256:" + std::string(63, 'a')), "invalid checksum digest length");
  EXPECT_EQ(error("web@sha256:" + std::string(64, 'A')), "invalid checksum digest format");
  EXPECT_EQ(error("web@md5:" + std::string(32, 'a')), "unsupported digest algorithm");
  EXPECT_EQ(error("a/" + std::string(256, 'b')), "repository name must not be more than 255 characters");
}

class ImagePullerTest : public ::testing::Test {
 protected:
  ImagePullerTest()
      : runtime_(clock_),
        puller_(clock_, runtime_, {.node_name = "worker"},
                [this](const cluster::Pod& pod, const char*, const char* reason, const std::string& message) {
                  events_.push_back(pod.meta.uid + " " + reason + " " + message);
                }) {}

  void ensure(const std::string& uid, const std::string& image, const std::string& policy = "IfNotPresent") {
    puller_.ensure_image_exists(std::make_shared<const cluster::Pod>(pod_named(uid)), image, policy, [this, uid](const ImagePuller::Outcome& outcome) {
      answers_.push_back(uid + " " + to_string(clock_.now()) + " " + outcome.reason);
    });
  }

  FakeClock clock_;
  FakeNodeRuntime runtime_;
  std::vector<std::string> events_;
  std::vector<std::string> answers_;
  ImagePuller puller_;
};

TEST_F(ImagePullerTest, PullsOneAfterTheOtherAndSaysHowLongEachWaited) {
  runtime_.missing_images = {"a:1", "b:1"};
  ensure("u1", "a:1");
  ensure("u2", "b:1");
  ensure("u3", "c:1");
  EXPECT_TRUE(answers_.empty()) << "nothing is answered inside the call";
  clock_.run_until(kTimeZero + seconds(5));
  EXPECT_EQ(runtime_.pulls_running_max, 1);
  EXPECT_EQ(answers_, (std::vector<std::string>{"u3 0.000s ", "u1 1.000s ", "u2 2.000s "}));
  EXPECT_EQ(events_.back(), "u2 Pulled Successfully pulled image \"b:1\" in 1s (2s including waiting). Image size: 1048576 bytes.");
}

TEST_F(ImagePullerTest, BacksOffPerPodAndImage) {
  runtime_.missing_images = runtime_.unpullable_images = {"a:1", "b:1"};
  ensure("u1", "a:1");
  clock_.run_until(kTimeZero + seconds(2));
  ensure("u1", "a:1");
  ensure("u2", "a:1");
  ensure("u1", "b:1");
  clock_.run_until(kTimeZero + seconds(5));
  EXPECT_EQ(answers_, (std::vector<std::string>{"u1 1.000s ErrImagePull", "u1 2.000s ImagePullBackOff", "u2 3.000s ErrImagePull",
                                                "u1 4.000s ErrImagePull"}));
  puller_.forget("u1");
  ensure("u1", "a:1");
  clock_.run_until(kTimeZero + seconds(7));
  EXPECT_EQ(answers_.back(), "u1 6.000s ErrImagePull") << "a pod that is gone has no record";
}

TEST_F(ImagePullerTest, TwoErrorsOfARuntimeHaveReasonsOfTheirOwn) {
  runtime_.missing_images = runtime_.unpullable_images = {"a:1"};
  runtime_.pull_error = "RegistryUnavailable: connection refused";
  std::string message;
  puller_.ensure_image_exists(std::make_shared<const cluster::Pod>(pod_named("u1")), "a:1", "Always",
                              [&](const ImagePuller::Outcome& outcome) { message = outcome.reason + " " + outcome.message; });
  clock_.run_until(kTimeZero + seconds(2));
  EXPECT_EQ(message, "RegistryUnavailable image pull failed for a:1 because the registry is unavailable: connection refused");
}

// ---------------------------------------------------------------- termination

class ContainerKillsTest : public ::testing::Test {
 protected:
  ContainerKillsTest() : runtime_(clock_) {
    runtime_.delays.start = runtime_.delays.probe = {};
    runtime_.set_exit_listener([this](const ContainerExited& exit) {
      if (kills_) kills_->container_exited(exit.container_id);
    });
  }

  cluster::Container& add(const std::string& name, bool sidecar = false) {
    auto& list = sidecar ? spec_.init_containers : spec_.containers;
    cluster::Container container;
    container.name = name;
    if (sidecar) container.restart_policy = "Always";
    ContainerRequest request;
    request.container_name = name;
    runtime_.start_container(request, [this, index = list.size(), sidecar](const Result<ContainerStarted>& started) {
      targets_.push_back({started->container_id, index, sidecar});
    });
    list.push_back(container);
    return list.back();
  }

  void kill(ContainerKills::Options options = {}) {
    clock_.run_until(clock_.now());
    cluster::Pod pod = pod_named("u1");
    pod.spec = spec_;
    const ContainerKills::Parts parts{clock_, runtime_, [this](const cluster::Pod&, const char*, const char* reason, const std::string& message) {
                                        events_.push_back(std::string(reason) + " " + message);
                                      }};
    kills_ = std::make_unique<ContainerKills>(parts, std::make_shared<const cluster::Pod>(std::move(pod)), PodIdentity{}, targets_,
                                              std::move(options), [this] { done_at_ = clock_.now(); });
  }

  FakeClock clock_;
  FakeNodeRuntime runtime_;
  cluster::PodSpec spec_;
  std::vector<ContainerKills::Target> targets_;
  std::vector<std::string> events_;
  std::unique_ptr<ContainerKills> kills_;
  std::optional<SimTime> done_at_;
};

cluster::Lifecycle before_stop(cluster::LifecycleHandler hook) {
  cluster::Lifecycle lifecycle;
  lifecycle.pre_stop = std::move(hook);
  return lifecycle;
}

TEST_F(ContainerKillsTest, WithoutTargetsItIsDoneInAnEventOfItsOwn) {
  kill();
  EXPECT_FALSE(done_at_);
  clock_.run_until(clock_.now());
  EXPECT_TRUE(done_at_);
}

TEST_F(ContainerKillsTest, AFailedHookIsToldAndStoppingGoesOn) {
  add("app").lifecycle = before_stop({cluster::ExecAction{{"sh", "-c", "sleep 3; exit 7"}}});
  kill();
  clock_.run_until(kTimeZero + seconds(10));
  EXPECT_EQ(events_, (std::vector<std::string>{"Killing Stopping container app", "FailedPreStopHook PreStopHook failed"}));
  ASSERT_EQ(runtime_.stops.size(), 1u);
  EXPECT_EQ(runtime_.stops[0].at, kTimeZero + seconds(3));
  EXPECT_EQ(runtime_.stops[0].grace, seconds(27));
}

TEST_F(ContainerKillsTest, SleepAndHttpHooksRunToo) {
  add("sleeper").lifecycle = before_stop({cluster::SleepAction{5}});
  cluster::Container& web = add("web");
  web.ports.push_back({"http", 8080, 0, {}, "TCP"});
  web.lifecycle = before_stop({cluster::HttpGetAction{"/quit", {std::string("http")}, "HTTP", {}}});
  add("odd").lifecycle = before_stop({cluster::TcpSocketAction{{8080}, {}}});
  kill();
  clock_.run_until(kTimeZero + seconds(10));
  ASSERT_EQ(runtime_.stops.size(), 3u);
  EXPECT_EQ(runtime_.stops[2].container_name, "sleeper");
  EXPECT_EQ(runtime_.stops[2].at, kTimeZero + seconds(5));
  ASSERT_EQ(runtime_.hooks.size(), 1u);
  EXPECT_EQ(runtime_.hooks[0].port, 8080);
  EXPECT_EQ(runtime_.hooks[0].action.path, "/quit");
  EXPECT_EQ(events_.back(), "FailedPreStopHook PreStopHook failed") << "tcpSocket hooks are not run";
}

TEST_F(ContainerKillsTest, AContainerThatEndsInItsHookIsNotSignalled) {
  add("app").lifecycle = before_stop({cluster::SleepAction{5}});
  kill();
  clock_.run_until(kTimeZero + seconds(2));
  runtime_.exit(targets_[0].container_id, 1);
  clock_.run_until(kTimeZero + seconds(10));
  EXPECT_TRUE(runtime_.stops.empty());
  EXPECT_EQ(done_at_, kTimeZero + seconds(5)) << "the hook is waited for all the same";
}

TEST_F(ContainerKillsTest, ASingleContainerIsStoppedWithItsReason) {
  cluster::Container& app = add("app");
  app.liveness_probe = cluster::Probe{};
  app.liveness_probe->termination_grace_period_seconds = 5;
  runtime_.stop_takes["app"] = seconds(60);
  kill({.message = "Container app failed liveness probe, will be restarted", .reason = KillReason::LivenessProbe, .grace_override = {}, .in_order = false});
  clock_.run_until(kTimeZero + seconds(20));
  EXPECT_EQ(events_, (std::vector<std::string>{"Killing Container app failed liveness probe, will be restarted"}));
  EXPECT_EQ(done_at_, kTimeZero + seconds(5));
}

TEST_F(ContainerKillsTest, ASecondGoWithLessGraceReplacesTheFirst) {
  add("app").lifecycle = before_stop({cluster::SleepAction{20}});
  add("proxy", true);
  kill();
  clock_.run_until(kTimeZero + seconds(4));
  EXPECT_TRUE(runtime_.stops.empty());
  kill({.message = {}, .reason = KillReason::Unknown, .grace_override = 3, .in_order = true});
  clock_.run_until(kTimeZero + seconds(60));
  ASSERT_EQ(runtime_.stops.size(), 2u);
  EXPECT_EQ(runtime_.stops[0].at, kTimeZero + seconds(7)) << "the hook runs again, for 3 s";
  EXPECT_EQ(runtime_.stops[0].grace, seconds(2));
}

TEST_F(ContainerKillsTest, ASidecarThatDoesNotRunHoldsNobodyUp) {
  add("first", true);
  add("second", true);
  add("third", true);
  add("app");
  runtime_.stop_takes["third"] = seconds(4);
  clock_.run_until(clock_.now());
  std::erase_if(targets_, [](const ContainerKills::Target& target) { return target.init && target.index == 1; });
  kill();
  clock_.run_until(kTimeZero + seconds(20));
  ASSERT_EQ(runtime_.stops.size(), 3u);
  EXPECT_EQ(runtime_.stops[0].container_name, "app");
  // Only the next sidecar of the spec is waited for, and that one does not run: as in the original.
  EXPECT_EQ(runtime_.stops[1].at, runtime_.stops[2].at);
}

}  // namespace
}  // namespace tandem::control::kubelet
