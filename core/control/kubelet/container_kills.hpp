#pragma once
// Stopping containers of one pod: preStop hooks, the order of sidecars, SIGTERM, SIGKILL (kuberuntime_container.go killContainer and
// killContainersWithSyncResult, kuberuntime_termination_order.go, v1.34).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/kubelet/termination.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control::kubelet {

/// One go at stopping some running containers of a pod. All preStop hooks start at once; a sidecar gets its SIGTERM when the
/// containers and the sidecars after it have ended, or when its grace is over. Destroying the object abandons what has not
/// happened yet: a go with a shorter grace replaces it, and runs the hooks again as the original does. What has got its
/// SIGTERM stays told.
class ContainerKills {
 public:
  struct Parts {
    Clock& clock;
    NodeRuntime& runtime;
    /// type, reason, message
    std::function<void(const cluster::Pod&, const char*, const char*, std::string)> event;
    std::uint32_t entity = 0;  ///< order among simultaneous events of class Control
  };
  /// A running container: an index into the spec's containers or init containers.
  struct Target {
    std::string container_id;
    std::size_t index = 0;
    bool init = false;
  };
  struct Options {
    std::string message;                        ///< of the event Killing; empty: "Stopping container NAME"
    KillReason reason = KillReason::Unknown;
    std::optional<std::int64_t> grace_override; ///< seconds; counts before every other grace
    bool in_order = true;                       ///< sidecars wait; false for a single container of a pod that goes on
  };

  /// Begins at once. `done` runs when every target has ended, in an event of its own.
  ContainerKills(const Parts& parts, cluster::Ptr<cluster::Pod> pod, PodIdentity identity, const std::vector<Target>& targets,
                 Options options, std::function<void()> done);
  ~ContainerKills();
  ContainerKills(const ContainerKills&) = delete;
  ContainerKills& operator=(const ContainerKills&) = delete;

  /// The runtime reported the end of a container; others are ignored.
  void container_exited(const std::string& container_id);

 private:
  enum class Stage : std::uint8_t { Hook, Turn, Stopping, Ended };
  struct Kill {
    Target target;
    Stage stage = Stage::Hook;
    std::int64_t grace = 0;  ///< seconds left
    SimTime since;           ///< beginning of the stage
    bool exited = false;
    TimerHandle timer;       ///< end of the grace
  };

  [[nodiscard]] const cluster::Container& container(const Kill& kill) const;
  void begin(std::size_t number);
  void start_hook(std::size_t number, const cluster::LifecycleHandler& hook);
  void hook_over(std::size_t number);
  void await_turn(std::size_t number);
  [[nodiscard]] bool has_turn(const Kill& kill) const;
  void stop(std::size_t number);
  void end(std::size_t number);
  void finish();
  void arm(std::size_t number, void (ContainerKills::*then)(std::size_t));

  Parts parts_;
  cluster::Ptr<cluster::Pod> pod_;
  PodIdentity identity_;
  Options options_;
  std::function<void()> done_;
  std::vector<Kill> kills_;
  std::size_t left_ = 0;
  TimerHandle finishing_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::control::kubelet
