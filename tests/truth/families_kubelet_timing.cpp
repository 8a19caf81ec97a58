// What the kubelet does over time: back-off of restarts and pulls, termination. Probes: families_kubelet_probes.cpp.

#include <cmath>
#include <map>

#include "core/base/fake_clock.hpp"
#include "core/control/fake_node_runtime.hpp"
#include "core/control/kubelet/container_kills.hpp"
#include "core/control/kubelet/image_puller.hpp"
#include "core/control/kubelet/restart_back_off.hpp"
#include "tests/truth/kubelet_recording.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace control::kubelet;
using control::FakeNodeRuntime;

std::string differs(std::string_view what, const std::string& ours, const std::string& recorded) {
  return std::string(what) + " is " + ours + ", recorded " + recorded;
}

// ---------------------------------------------------------------- restart_backoff

/// The recordings' grid of moments at which a start is tried.
constexpr SimDuration kTryEvery = milliseconds(100);
constexpr SimDuration kLongestWait = seconds(1000);
/// Waits are compared to the grid; where a sweep decided (no multiple of 10 s), to the sweep's period.
SimDuration tolerance_of(SimDuration recorded) {
  return recorded.ns % seconds(10).ns == 0 ? milliseconds(100) : seconds(2);
}

std::optional<std::string> check_restarts(const json& test_case) {
  cluster::Pod pod;
  pod.meta.name = "web";
  pod.meta.namespace_ = "default";
  pod.meta.uid = "u1";
  cluster::Container container;
  container.name = "app";
  RestartBackOff back_off;
  SimTime start = kTimeZero;
  for (const json& recorded : test_case["restarts"]) {
    const std::size_t number = recorded["n"].get<std::size_t>();
    const SimTime end = start + duration_of(test_case["runSeconds"].at(number - 1));
    std::string message;
    SimTime now = end;
    while (const auto refusal = back_off.try_start(pod, container, end, now)) {
      message = refusal->message;
      now = now + kTryEvery;
      if (now - end > kLongestWait) return "is never restarted";
    }
    const SimDuration wait = now - end;
    const SimDuration wanted = duration_of(recorded["wait"]);
    const SimDuration gap{std::abs((wait - wanted).ns)};
    if (gap > tolerance_of(wanted)) return differs("wait " + std::to_string(number), to_string(wait), to_string(wanted));
    if (message != recorded.value("message", "")) return differs("message", message, recorded.value("message", ""));
    start = moment_of(recorded["mayRestart"]);
  }
  return std::nullopt;
}

// ---------------------------------------------------------------- image_backoff

class PullReplay {
 public:
  explicit PullReplay(const json& test_case)
      : runtime_(clock_),
        puller_(clock_, runtime_, {.node_name = "node"},
                [this](const cluster::Pod&, const char* type, const char* reason, const std::string& message) {
                  // The event of a back-off is always the same and left out of the recordings.
                  if (std::string_view(reason) != "BackOff") events_.push_back(std::string(type) + " " + reason + " " + message);
                }),
        image_(test_case["image"]),
        policy_(test_case["policy"]) {
    cluster::Pod pod;
    pod.meta.name = "web";
    pod.meta.uid = "u1";
    pod_ = std::make_shared<const cluster::Pod>(std::move(pod));
    runtime_.delays.pull = duration_of(test_case["pullSeconds"]);
    runtime_.image_bytes = 12'345'678;
    runtime_.pull_error = "pull access denied";
    if (!test_case["present"].get<bool>()) runtime_.missing_images.insert(image_);
    const SimTime works_from = moment_of(test_case["pullOkAfter"]);
    if (works_from > kTimeZero) {
      runtime_.unpullable_images.insert(image_);
      clock_.at(works_from, EventClass::Hardware, 0, [this] { runtime_.unpullable_images.clear(); });
    }
  }

  /// One call: what it gave, in the recordings' form.
  json call(SimTime at) {
    clock_.run_until(at);
    events_ = json::array();
    std::optional<ImagePuller::Outcome> outcome;
    puller_.ensure_image_exists(pod_, image_, policy_, [&](const ImagePuller::Outcome& answer) { outcome = answer; });
    while (!outcome && clock_.step()) {
    }
    json answer = {{"t", seconds_json(at)}, {"end", seconds_json(clock_.now())}, {"result", outcome->reason.empty() ? "ok" : outcome->reason}};
    if (!outcome->message.empty()) answer["message"] = outcome->message;
    if (!events_.empty()) answer["events"] = events_;
    return answer;
  }

 private:
  FakeClock clock_;
  FakeNodeRuntime runtime_;
  json events_ = json::array();
  ImagePuller puller_;
  std::string image_;
  std::string policy_;
  cluster::Ptr<cluster::Pod> pod_;
};

std::optional<std::string> check_pulls(const json& test_case) {
  PullReplay replay(test_case);
  for (const json& recorded : test_case["calls"]) {
    const json ours = replay.call(moment_of(recorded["t"]));
    if (ours != recorded) return differs("call", ours.dump(), recorded.dump());
  }
  return std::nullopt;
}

// ---------------------------------------------------------------- termination

/// Starts the containers of one case and lets them be killed.
class KillReplay {
 public:
  explicit KillReplay(const json& test_case) : runtime_(clock_) {
    runtime_.delays.start = runtime_.delays.probe = {};
    runtime_.set_exit_listener([this](const control::ContainerExited& exit) {
      exits_[exit.container_id] = exit;
      if (kills_) kills_->container_exited(exit.container_id);
    });
    cluster::Pod pod;
    pod.meta.uid = "u1";
    if (test_case.contains("deletionGracePeriodSeconds")) {
      pod.meta.deletion_grace_period_seconds = test_case["deletionGracePeriodSeconds"].get<std::int64_t>();
    }
    cluster::PodSpec spec;
    spec.termination_grace_period_seconds = test_case["terminationGracePeriodSeconds"].get<std::int64_t>();
    add(test_case["init"], spec.init_containers, true);
    add(test_case["containers"], spec.containers, false);
    pod.spec = std::move(spec);
    pod_ = std::make_shared<const cluster::Pod>(std::move(pod));
    if (test_case.contains("gracePeriodOverride")) options_.grace_override = test_case["gracePeriodOverride"].get<std::int64_t>();
  }

  /// {"stops": …, "totalSeconds": …} with the stops by container.
  json run() {
    clock_.run_until(kTimeZero);
    const ContainerKills::Parts parts{clock_, runtime_, [](const cluster::Pod&, const char*, const char*, const std::string&) {}};
    std::optional<SimTime> finished;
    std::vector<ContainerKills::Target> targets;
    for (const Started& started : started_) targets.push_back({started.id, started.index, started.init});
    kills_ = std::make_unique<ContainerKills>(parts, pod_, control::PodIdentity{}, targets, options_, [&] { finished = clock_.now(); });
    while (!finished && clock_.step()) {
    }
    json stops = json::object();
    for (const FakeNodeRuntime::Stop& stop : runtime_.stops) {
      const control::ContainerExited& exit = exits_.at(stop.container_id);
      stops[stop.container_name] = {{"stopAt", seconds_json(stop.at)},
                                    {"timeout", seconds_json(kTimeZero + stop.grace)},
                                    {"exitAt", seconds_json(exit.finished_at)},
                                    {"endedBy", exit.exit_code == 0 ? "SIGTERM" : "SIGKILL"}};
    }
    return {{"stops", stops}, {"totalSeconds", seconds_json(*finished)}};
  }

 private:
  struct Started {
    std::string id;
    std::size_t index = 0;
    bool init = false;
  };

  void add(const json& list, std::vector<cluster::Container>& out, bool init) {
    for (const json& described : list) {
      cluster::Container container;
      container.name = described["name"];
      if (described.value("sidecar", false)) container.restart_policy = "Always";
      if (described.contains("preStopSeconds")) {
        container.lifecycle = cluster::Lifecycle{};
        container.lifecycle->pre_stop = cluster::LifecycleHandler{cluster::ExecAction{{"sleep", described["preStopSeconds"].dump()}}};
      }
      runtime_.stop_takes[container.name] = duration_of(described["exitsAfterSIGTERM"]);
      if (described.value("running", true)) {
        control::ContainerRequest request;
        request.container_name = container.name;
        runtime_.start_container(request, [this, index = out.size(), init](const Result<control::ContainerStarted>& started) {
          started_.push_back({started->container_id, index, init});
        });
      }
      out.push_back(std::move(container));
    }
  }

  FakeClock clock_;
  FakeNodeRuntime runtime_;
  cluster::Ptr<cluster::Pod> pod_;
  ContainerKills::Options options_;
  std::vector<Started> started_;
  std::map<std::string, control::ContainerExited> exits_;
  std::unique_ptr<ContainerKills> kills_;
};

std::optional<std::string> check_termination(const json& test_case) {
  json recorded = {{"stops", json::object()}, {"totalSeconds", test_case["totalSeconds"]}};
  for (json stop : test_case["stops"]) {
    const std::string name = stop["container"];
    stop.erase("container");
    recorded["stops"][name] = stop;
  }
  const json ours = KillReplay(test_case).run();
  if (ours == recorded) return std::nullopt;
  return differs("termination", ours.dump(), recorded.dump());
}

// ---------------------------------------------------------------- grace periods

std::optional<std::int64_t> optional_seconds(const json& object, const char* key) {
  if (!object.contains(key)) return std::nullopt;
  return object[key].get<std::int64_t>();
}

std::optional<std::string> check_container_grace(const json& test_case) {
  static const std::map<std::string, KillReason> kReasons = {
      {"Unknown", KillReason::Unknown}, {"StartupProbe", KillReason::StartupProbe}, {"LivenessProbe", KillReason::LivenessProbe}};
  const GraceSources sources{optional_seconds(test_case, "deletionGracePeriodSeconds"),
                             optional_seconds(test_case, "terminationGracePeriodSeconds"),
                             optional_seconds(test_case, "startupProbe.terminationGracePeriodSeconds"),
                             optional_seconds(test_case, "livenessProbe.terminationGracePeriodSeconds")};
  const std::int64_t ours = container_grace_seconds(sources, kReasons.at(test_case["reason"]));
  if (ours == test_case["grace"]) return std::nullopt;
  return differs("grace", std::to_string(ours), test_case["grace"].dump());
}

std::optional<std::string> check_pod_grace(const json& test_case) {
  PodGrace grace;
  std::optional<std::int64_t> deletion;  // a pod that has it keeps it until there is another
  for (const json& request : test_case["requests"]) {
    if (const auto said = optional_seconds(request, "apiDeletionGracePeriodSeconds")) deletion = said;
    const std::int64_t ours = grace.request(deletion, optional_seconds(request, "kubeletOverride"),
                                            optional_seconds(test_case, "terminationGracePeriodSeconds"));
    if (ours != request["grace"]) return differs("grace", std::to_string(ours), request["grace"].dump());
    if (grace.shortened() != request["changed"]) return differs("changed", grace.shortened() ? "true" : "false", request["changed"].dump());
  }
  return std::nullopt;
}

template <std::optional<std::string> (*kCheck)(const json&)>
void each_case(const json& file, Tally& tally) {
  for_each_case(file, tally, kCheck);
}

}  // namespace

std::vector<Family> kubelet_timing_families() {
  return {
      {"kubelet/restart_backoff", each_case<check_restarts>},
      {"kubelet/image_backoff", each_case<check_pulls>},
      {"kubelet/termination", each_case<check_termination>},
      {"kubelet/termination_grace", each_case<check_container_grace>},
      {"kubelet/grace_shortening", each_case<check_pod_grace>},
  };
}

}  // namespace tandem::truth
