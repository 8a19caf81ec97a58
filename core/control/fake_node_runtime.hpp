#pragma once
// A NodeRuntime with constant delays, for tests of everything above the seam.

#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/base/clock.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control {

class FakeNodeRuntime final : public NodeRuntime {
 public:
  struct Delays {
    SimDuration sandbox = milliseconds(100);
    SimDuration pull = seconds(1);
    SimDuration start = milliseconds(200);
    SimDuration listen = milliseconds(500);  ///< started → the server answers probes
    SimDuration stop = milliseconds(200);
    SimDuration probe = milliseconds(2);
  };
  explicit FakeNodeRuntime(Clock& clock) : clock_(clock) {}

  Delays delays;
  std::set<std::string> missing_images;      ///< not on any node: must be pulled
  std::set<std::string> unpullable_images;   ///< pulls fail
  std::set<std::string> never_ready_images;  ///< probes fail for ever
  int fail_sandboxes = 0;                    ///< this many creations fail

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
        done(fail(ErrorCode::EngineRefused, "not found"));
        return;
      }
      pulled_.insert(node_name + "/" + image);
      done(ImagePulled{false, 1 << 20});
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
    stopped_with_grace[container_id] = grace;
    later(delays.stop, [this, container_id] { exit(container_id, 0); });
  }
  void probe(const ProbeRequest& request, std::function<void(ProbeOutcome)> done) override {
    later(delays.probe, [this, request, done] {
      const auto found = containers.find(request.container_id);
      const bool good = found != containers.end() && clock_.now() - found->second.started_at >= delays.listen &&
                        !never_ready_images.contains(found->second.request.image);
      done(good ? ProbeOutcome{ProbeResult::Success, {}} : ProbeOutcome{ProbeResult::Failure, "connection refused"});
    });
  }
  void exec(const std::string&, const std::vector<std::string>&, std::function<void(Result<int>)> done) override {
    later(delays.probe, [done] { done(0); });
  }
  void stats(const std::string&, std::function<void(Result<ContainerStats>)> done) override {
    later(delays.probe, [done] { done(ContainerStats{}); });
  }
  void set_exit_listener(std::function<void(const ContainerExited&)> listener) override { listener_ = std::move(listener); }

  /// Ends a container's process now, as a crash would.
  void exit(const std::string& container_id, int code) {
    if (containers.erase(container_id) == 0 || !listener_) return;
    listener_(ContainerExited{container_id, code, false, clock_.now()});
  }

  struct Running {
    ContainerRequest request;
    SimTime started_at;
  };
  std::map<std::string, Running> containers;  ///< by id, running ones
  std::map<std::string, SimDuration> stopped_with_grace;
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
