#pragma once
// A NodeRuntime with constant delays, for tests of everything above the seam.

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/control/kubelet/container_command.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control {

class FakeNodeRuntime final : public NodeRuntime {
 public:
  struct Delays {
    SimDuration sandbox = milliseconds(100);
    SimDuration pull = seconds(1);
    SimDuration start = milliseconds(200);
    SimDuration listen = milliseconds(500);  ///< started → the server answers probes
    SimDuration stop = milliseconds(200);    ///< SIGTERM → the process ends, if stop_takes says nothing else
    SimDuration probe = milliseconds(2);
  };
  explicit FakeNodeRuntime(Clock& clock) : clock_(clock) {}

  Delays delays;
  std::set<std::string> missing_images;      ///< not on any node: must be pulled
  std::set<std::string> unpullable_images;   ///< pulls fail
  std::string pull_error = "not found";
  std::int64_t image_bytes = 1 << 20;
  std::set<std::string> never_ready_images;  ///< probes fail for ever
  int fail_sandboxes = 0;                    ///< this many creations fail
  std::map<std::string, SimDuration> stop_takes;  ///< by container name: SIGTERM → end; longer than the grace: SIGKILL, 137
  /// What a probe finds; nothing: the rules above.
  std::function<std::optional<ProbeOutcome>(const ProbeRequest&)> probe_answer;
  std::map<std::string, ContainerStats> stats_of;  ///< by container name

  void create_sandbox(const PodIdentity& pod, std::function<void(Status)> done) override {
    later(delays.sandbox, [this, pod, done] {
      if (fail_sandboxes > 0) {
        --fail_sandboxes;
        done(fail(ErrorCode::EngineRefused, "no sandbox today"));
        return;
      }
      sandboxes.insert(pod.uid);
      done({});
    });
  }
  void remove_sandbox(const PodIdentity& pod, std::function<void(Status)> done) override {
    later(delays.sandbox, [this, pod, done] {
      sandboxes.erase(pod.uid);
      done({});
    });
  }
  [[nodiscard]] bool image_present(const std::string& node_name, const std::string& image) const override {
    return !missing_images.contains(image) || pulled_.contains(node_name + "/" + image);
  }
  void pull_image(const std::string& node_name, const std::string& image, std::function<void(Result<ImagePulled>)> done) override {
    ++pulls_running;
    pulls_running_max = std::max(pulls_running_max, pulls_running);
    later(delays.pull, [this, node_name, image, done] {
      --pulls_running;
      if (unpullable_images.contains(image)) {
        done(fail(ErrorCode::EngineRefused, pull_error));
        return;
      }
      pulled_.insert(node_name + "/" + image);
      done(ImagePulled{false, image_bytes});
    });
  }
  void start_container(const ContainerRequest& request, std::function<void(Result<ContainerStarted>)> done) override {
    later(delays.start, [this, request, done] {
      const std::string id = "c" + std::to_string(++containers_started);
      containers[id] = {request, clock_.now()};
      done(ContainerStarted{id, clock_.now()});
    });
  }
  void stop_container(const std::string& container_id, SimDuration grace) override {
    const auto found = containers.find(container_id);
    if (found == containers.end()) return;
    stopped_with_grace[container_id] = grace;
    stops.push_back({found->second.request.container_name, container_id, clock_.now(), grace});
    const auto own = stop_takes.find(found->second.request.container_name);
    const SimDuration takes = own == stop_takes.end() ? delays.stop : own->second;
    if (takes <= grace && !found->second.told_to_stop) later(takes, [this, container_id] { exit(container_id, 0); });
    else later(grace, [this, container_id] { exit(container_id, 137); });
    found->second.told_to_stop = true;
  }
  void probe(const ProbeRequest& request, std::function<void(ProbeOutcome)> done) override {
    if (const auto answer = probe_answer ? probe_answer(request) : std::nullopt) {
      later(delays.probe, [answer = *answer, done] { done(answer); });
      return;
    }
    later(delays.probe, [this, request, done] {
      const auto found = containers.find(request.container_id);
      const bool good = found != containers.end() && clock_.now() - found->second.started_at >= delays.listen &&
                        !never_ready_images.contains(found->second.request.image);
      done(good ? ProbeOutcome{ProbeResult::Success, {}} : ProbeOutcome{ProbeResult::Failure, "connection refused"});
    });
  }
  void exec(const std::string& container_id, const std::vector<std::string>& command, std::function<void(Result<int>)> done) override {
    const kubelet::CommandEffect effect = kubelet::effect_of(command);
    later(effect.takes, [this, container_id, effect, done] {
      if (containers.contains(container_id)) done(effect.exit_code);
      else done(fail(ErrorCode::EngineNotFound, "the container has ended"));
    });
  }
  void http_get(const HookRequest& request, std::function<void(Status)> done) override {
    hooks.push_back(request);
    later(delays.probe, [this, request, done] {
      if (containers.contains(request.container_id)) done({});
      else done(fail(ErrorCode::EngineNotFound, "the container has ended"));
    });
  }
  void stats(const std::string& container_id, std::function<void(Result<ContainerStats>)> done) override {
    later(delays.probe, [this, container_id, done] {
      const auto found = containers.find(container_id);
      if (found == containers.end()) return done(fail(ErrorCode::EngineNotFound, "the container has ended"));
      const auto known = stats_of.find(found->second.request.container_name);
      done(known == stats_of.end() ? ContainerStats{} : known->second);
    });
  }
  void set_exit_listener(std::function<void(const ContainerExited&)> listener) override { listener_ = std::move(listener); }

  /// Ends a container's process now, as a crash would.
  void exit(const std::string& container_id, int code, bool oom_killed = false) {
    if (containers.erase(container_id) == 0 || !listener_) return;
    listener_(ContainerExited{container_id, code, oom_killed, clock_.now()});
  }

  struct Running {
    ContainerRequest request;
    SimTime started_at;
    bool told_to_stop = false;
  };
  struct Stop {
    std::string container_name;
    std::string container_id;
    SimTime at;
    SimDuration grace;
  };
  std::map<std::string, Running> containers;  ///< by id, running ones
  std::map<std::string, SimDuration> stopped_with_grace;
  std::vector<Stop> stops;        ///< every call that found its container running, in order
  std::vector<HookRequest> hooks;
  std::set<std::string> sandboxes;
  int containers_started = 0;
  int pulls_running = 0;
  int pulls_running_max = 0;

 private:
  void later(SimDuration delay, std::function<void()> callback) {
    clock_.after(delay, EventClass::Runtime, 0, std::move(callback));
  }
  Clock& clock_;
  std::set<std::string> pulled_;
  std::function<void(const ContainerExited&)> listener_;
};

}  // namespace tandem::control
