#pragma once
// The prober worker of one container and one kind of probe, as pkg/kubelet/prober/worker.go (v1.34) has it: a loop that
// attempts a probe at once, then at every tick of its own ticker, and when it is kicked.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/kubelet/probe_results.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control::kubelet {

/// What all workers of one kubelet share.
struct ProbeParts {
  Clock& clock;
  /// The status manager's cache: the pod's last stored status, or nullptr. Read at every attempt.
  std::function<const cluster::PodStatus*(const std::string& pod_uid)> status;
  /// One attempt (NodeRuntime::probe). Must not answer inside the call.
  std::function<void(const ProbeRequest&, std::function<void(ProbeOutcome)>)> attempt;
  /// type, reason, message
  std::function<void(const cluster::Pod&, const char*, const char*, std::string)> event;
  std::uint32_t entity = 0;  ///< order among simultaneous events of class Control
};

class ProbeWorker {
 public:
  /// Which container: an index into the spec's containers or, for sidecars, into its init containers.
  struct Target {
    cluster::Ptr<cluster::Pod> pod;
    std::size_t index = 0;
    bool init = false;
    ProbeKind kind = ProbeKind::Readiness;
  };

  /// The first attempt happens after `initial_wait`, at the earliest in an event of its own; the ticker starts then.
  /// `exited` runs last of all when the loop has ended by itself; it may destroy the worker. `results` must outlive it.
  ProbeWorker(const ProbeParts& parts, Target target, ProbeResults& results, SimDuration initial_wait,
              std::function<void(ProbeWorker&)> exited);
  ~ProbeWorker();
  ProbeWorker(const ProbeWorker&) = delete;
  ProbeWorker& operator=(const ProbeWorker&) = delete;

  /// Another attempt now, from which the ticker counts anew. Takes effect in an event of its own, so that it sees what is
  /// stored meanwhile; kicks before that are one.
  void kick();
  /// Ends the loop: after the attempt in flight if there is one (its result still counts), otherwise in an event of its own.
  void stop();

  [[nodiscard]] const std::string& container_name() const { return container().name; }
  [[nodiscard]] ProbeKind kind() const { return target_.kind; }

 private:
  enum class Next : std::uint8_t { Wait, Probe, Exit };

  [[nodiscard]] const cluster::Container& container() const;
  [[nodiscard]] const cluster::Probe& probe() const;

  void begin();
  void arm_ticker();
  void tick();
  void wake();
  /// The loop's `doProbe`: looks at the stored status and, if the container is to be probed now, asks.
  void look();
  Next examine(const cluster::PodStatus& status);
  [[nodiscard]] Next due(const cluster::ContainerStatus& seen) const;
  void ask(const cluster::PodStatus& status);
  void answered(const ProbeOutcome& outcome);
  void report(const ProbeOutcome& outcome) const;
  void judge(bool success);
  /// Waits for what comes next, or goes on with what came meanwhile.
  void rest();
  void exit();

  const ProbeParts& parts_;
  Target target_;
  ProbeResults& results_;
  std::function<void(ProbeWorker&)> exited_;

  std::string container_id_;     ///< the container followed; empty before the first
  int attempts_left_ = 0;        ///< of the present probe: errors are retried
  bool in_flight_ = false;
  bool kicked_ = false;
  bool ticked_ = false;          ///< a Go ticker holds one tick for a slow receiver and drops the rest
  bool stopped_ = false;
  bool on_hold_ = false;         ///< until there is another container
  bool last_success_ = true;
  int same_in_a_row_ = 0;        ///< survives a new container, except after a liveness failure or any startup verdict
  SimTime next_tick_;
  TimerHandle ticker_;
  TimerHandle waking_;
  /// Answers may outlive the worker.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// Port of an action as a number: itself, or that of the container's port of this name; nothing if there is none.
std::optional<std::int32_t> resolve_port(const cluster::IntOrString& port, const cluster::Container& container);

}  // namespace tandem::control::kubelet
