#pragma once
// The NodeRuntime seam on a Docker engine. A pod is a sandbox container that holds its network namespace and address, as
// the pause container does in Kubernetes, and its containers join it. Restarts keep the address; faults live in the sandbox.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/control/node_runtime.hpp"
#include "core/scenario/scenario.hpp"
#include "real/docker/node_slices.hpp"
#include "real/docker/probe_client.hpp"
#include "real/docker/run_resources.hpp"
#include "real/engine/event_loop.hpp"

namespace tandem::docker {

class DockerNodeRuntime final : public control::NodeRuntime {
 public:
  struct Parts {
    real::EventLoop& loop;
    RunResources& resources;
    const scenario::Scenario& scenario;
    const NodeSlices& slices;
    std::string network;          ///< name of the run's network
    std::string workload_image;
    double cpu_speed = 1.0;
  };
  explicit DockerNodeRuntime(Parts parts);
  ~DockerNodeRuntime() override;
  DockerNodeRuntime(const DockerNodeRuntime&) = delete;
  DockerNodeRuntime& operator=(const DockerNodeRuntime&) = delete;

  void create_sandbox(const control::PodIdentity& pod, std::function<void(Status)> done) override;
  void remove_sandbox(const control::PodIdentity& pod, std::function<void(Status)> done) override;
  /// The engine has one image store, so every image of the scenario that can be had is present everywhere.
  [[nodiscard]] bool image_present(const std::string& node_name, const std::string& image) const override;
  void pull_image(const std::string& node_name, const std::string& image,
                  std::function<void(Result<control::ImagePulled>)> done) override;
  void start_container(const control::ContainerRequest& request,
                       std::function<void(Result<control::ContainerStarted>)> done) override;
  void stop_container(const std::string& container_id, SimDuration grace) override;
  void probe(const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done) override;
  void exec(const std::string& container_id, const std::vector<std::string>& command,
            std::function<void(Result<int>)> done) override;
  void http_get(const control::HookRequest& request, std::function<void(Status)> done) override { probes_.http_get(request, std::move(done)); }
  void stats(const std::string& container_id, std::function<void(Result<control::ContainerStats>)> done) override;
  void set_exit_listener(std::function<void(const control::ContainerExited&)> listener) override { exit_listener_ = std::move(listener); }

  /// A pod's network namespace, for faults: its address and a process inside it (in the engine's pid namespace).
  struct SandboxView {
    control::PodIdentity pod;
    std::int64_t pid = 0;
  };
  [[nodiscard]] std::vector<SandboxView> sandboxes() const;  ///< running ones, by uid
  /// Called for every sandbox as soon as it runs and before its pod goes on.
  void set_sandbox_listener(std::function<void(const SandboxView&)> listener) { sandbox_listener_ = std::move(listener); }

  void set_cpu_speed(double speed) { parts_.cpu_speed = speed; }

  /// What the engine took: "sandbox.create_ms", "container.create_ms", "container.start_ms", and "container.stop_ms" from
  /// SIGTERM until the end was seen.
  using TimingListener = std::function<void(const char* step, const control::PodIdentity& pod, SimDuration took)>;
  void set_timing_listener(TimingListener listener) { timing_listener_ = std::move(listener); }

  /// Running containers by pod uid and name, for faults and samples.
  struct ContainerView {
    std::string id;
    control::PodIdentity pod;
    std::string container_name;
  };
  [[nodiscard]] std::vector<ContainerView> containers() const;
  /// Why the run cannot go on: the engine has not answered for ten seconds.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  /// SIGKILL, as a fault.
  void kill_container(const std::string& container_id) { stop_container(container_id, SimDuration{}); }

 private:
  struct Sandbox {
    control::PodIdentity pod;
    std::string id;
    std::int64_t pid = 0;
    bool running = false;
    std::vector<std::string> containers;  ///< every container ever created in it
  };
  struct Container {
    control::PodIdentity pod;
    std::string name;
    std::uint64_t wait_ticket = 0;
    std::uint64_t kill_timer = 0;
    std::optional<SimTime> told_to_stop;
    SimTime kill_at = kTimeNever;
    int missed = 0;                       ///< reconciliations in a row that did not find it running
  };

  void start_sandbox(const std::string& uid, const std::string& id, SimTime asked, std::function<void(Status)> done);
  void start_created(const control::ContainerRequest& request, const std::string& id, SimTime asked,
                     const std::function<void(Result<control::ContainerStarted>)>& done);
  void sandbox_failed(const std::string& uid, const Error& error, const std::function<void(Status)>& done);
  [[nodiscard]] ContainerSpec sandbox_spec(const control::PodIdentity& pod) const;
  [[nodiscard]] ContainerSpec container_spec(const control::ContainerRequest& request, const Sandbox& sandbox) const;
  void watch_for_exit(const std::string& id);
  void exit_seen(const std::string& id, std::int64_t exit_code);
  void report_exit(const std::string& id, std::int64_t exit_code, bool oom_killed);
  void signal(const std::string& id, const std::string& name);
  void note_time(const char* step, const control::PodIdentity& pod, SimTime since) const;
  void probe_by_exec(const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done);
  /// Truth beside the waits (hardening E3): once a second, what the engine lists.
  void reconcile();

  Parts parts_;
  ProbeClient probes_;
  std::function<void(const control::ContainerExited&)> exit_listener_;
  std::function<void(const SandboxView&)> sandbox_listener_;
  TimingListener timing_listener_;
  std::map<std::string, Sandbox> sandboxes_;      ///< by pod uid
  std::map<std::string, Container> containers_;   ///< started and not reported as ended, by id
  std::uint64_t reconcile_timer_ = 0;
  std::int64_t last_answer_ns_;                   ///< monotonic, of the last list that came
  std::optional<Error> failure_;
};

}  // namespace tandem::docker
