#pragma once
// The NodeRuntime seam (design §3): what a kubelet asks of a node. Answers come back as callbacks on the clock's thread,
// never inside the asking call. The pod lifecycle (kubelet.hpp) sits above it; the simulation model, Docker and
// FakeNodeRuntime implement it.

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::control {

/// Which pod, on which node, with which address (addresses are ours: the same in every world).
struct PodIdentity {
  std::string uid;
  std::string namespace_;
  std::string name;
  std::string node_name;
  std::string ip;
  friend bool operator==(const PodIdentity&, const PodIdentity&) = default;
};

struct ContainerRequest {
  PodIdentity pod;
  std::string container_name;
  std::string image;
  std::int32_t restart_count = 0;    ///< earlier starts of this container in this pod
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  ///< resolved, in manifest order
  std::int32_t port = 0;            ///< first container port; 0 = the image's default
  std::int64_t cpu_request_milli = 0;
  std::int64_t cpu_limit_milli = 0;  ///< 0 = none; else CFS quota of limit/1000 cores a 100 ms period
  std::int64_t memory_limit_bytes = 0;  ///< 0 = none
  std::int32_t oom_score_adj = 0;       ///< -1000 … 1000: whom the kernel kills first when the node's memory is used up
};

struct ImagePulled {
  bool already_present = false;
  std::int64_t bytes = 0;
};

struct ContainerStarted {
  std::string container_id;  ///< names the container in later calls
  SimTime started_at;
};

struct ContainerExited {
  std::string container_id;
  std::int32_t exit_code = 0;  ///< 137 after SIGKILL, 143 for an unhandled SIGTERM
  bool oom_killed = false;     ///< its own memory limit or the node's end was reached; the code is 137 then
  SimTime finished_at;
};

struct ProbeRequest {
  std::string container_id;
  PodIdentity pod;
  cluster::Probe probe;
  std::int32_t port = 0;  ///< resolved from the probe's port name or number
};
/// What one attempt gave (pkg/probe). Warning counts as success (a redirect to another host), Unknown as failure. Error: the
/// attempt could not be carried out and says nothing about the container.
enum class ProbeResult : std::uint8_t { Success, Warning, Failure, Unknown, Error };
struct ProbeOutcome {
  ProbeResult result = ProbeResult::Failure;
  std::string message;  ///< what kubelet prints after "Readiness probe failed: "
};

/// The GET of a lifecycle hook (postStart, preStop).
struct HookRequest {
  std::string container_id;
  PodIdentity pod;
  cluster::HttpGetAction action;
  std::int32_t port = 0;  ///< resolved from the action's port name or number
};

struct ContainerStats {
  SimDuration cpu_used;          ///< since start
  SimDuration throttled;         ///< since start
  std::int64_t memory_bytes = 0;  ///< held now
};

class NodeRuntime {
 public:
  virtual ~NodeRuntime() = default;

  /// Sandbox with the pod's network identity. Idempotent per uid.
  virtual void create_sandbox(const PodIdentity& pod, std::function<void(Status)> done) = 0;
  /// Removes what is left of the pod. The address is free afterwards.
  virtual void remove_sandbox(const PodIdentity& pod, std::function<void(Status)> done) = 0;

  [[nodiscard]] virtual bool image_present(const std::string& node_name, const std::string& image) const = 0;
  /// Asks the registry even if the image is here; then nothing is fetched. One pull at a time per node is the kubelet's
  /// business, not the runtime's. `image` is as the manifest writes it.
  virtual void pull_image(const std::string& node_name, const std::string& image,
                          std::function<void(Result<ImagePulled>)> done) = 0;

  virtual void start_container(const ContainerRequest& request, std::function<void(Result<ContainerStarted>)> done) = 0;
  /// SIGTERM now, SIGKILL after `grace` (at once if it is zero). The end is reported to the exit listener, not here. A later
  /// call can only bring the SIGKILL forward.
  virtual void stop_container(const std::string& container_id, SimDuration grace) = 0;
  /// One attempt; answers within the probe's timeoutSeconds. Images speak HTTP/1.1: a gRPC probe fails.
  virtual void probe(const ProbeRequest& request, std::function<void(ProbeOutcome)> done) = 0;
  /// Runs a command in the container without a time limit: its exit code, or an error if it could not be run or the container
  /// ended first. What commands do: kubelet/container_command.hpp.
  virtual void exec(const std::string& container_id, const std::vector<std::string>& command,
                    std::function<void(Result<int>)> done) = 0;
  /// Any answer is a success, whatever its status; no time limit (kubelet lifecycle/handlers.go).
  virtual void http_get(const HookRequest& request, std::function<void(Status)> done) = 0;
  virtual void stats(const std::string& container_id, std::function<void(Result<ContainerStats>)> done) = 0;

  /// One listener; called once per started container when its process has ended, whatever the cause.
  virtual void set_exit_listener(std::function<void(const ContainerExited&)> listener) = 0;
};

}  // namespace tandem::control
