#pragma once
// Readiness probing of one container, as the kubelet's prober worker does it (kubernetes-semantics §4.4).

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control {

/// Ticks every periodSeconds on its own ticker; a kick (a pod sync while the container is started but not ready) probes
/// at once and restarts the ticker (Kubernetes ≥ 1.32). Attempts before initialDelaySeconds are no-ops; start time and
/// difference are cut to whole seconds as the kubelet does, so the first effective attempt can come up to 1 s early.
class ReadinessProber {
 public:
  struct Target {
    std::string container_id;
    PodIdentity pod;
    std::int32_t port = 0;
    SimTime started_at;
  };
  /// `changed(ready)` runs when the result flips; `failed(message)` after every failed attempt.
  ReadinessProber(Clock& clock, NodeRuntime& runtime, cluster::Probe probe, std::uint32_t entity,
                  std::function<void(bool)> changed, std::function<void(const std::string&)> failed);
  ~ReadinessProber();
  ReadinessProber(const ReadinessProber&) = delete;
  ReadinessProber& operator=(const ReadinessProber&) = delete;

  /// The container runs: probe it from now on. Replaces an earlier target; counters survive, the result starts as not ready.
  void start(Target target);
  /// The container is gone: the result becomes not ready without a callback.
  void stop();
  /// A pod sync happened.
  void kick();

  [[nodiscard]] bool ready() const { return ready_; }

 private:
  void tick();
  void arm();
  void attempt();
  void finished(std::uint64_t target_number, const ProbeOutcome& outcome);
  void judge(bool success);

  Clock& clock_;
  NodeRuntime& runtime_;
  cluster::Probe probe_;
  std::uint32_t entity_;
  std::function<void(bool)> changed_;
  std::function<void(const std::string&)> failed_;

  Target target_;
  std::uint64_t target_number_ = 0;  ///< answers to probes of an earlier target are ignored
  bool running_ = false;
  bool attempt_in_flight_ = false;
  bool tick_missed_ = false;
  bool ready_ = false;
  int errors_in_row_ = 0;
  int same_outcome_in_row_ = 0;
  bool last_outcome_ = false;
  TimerHandle timer_;
  /// Probe answers may outlive this object: they check this flag, which it owns together with them.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::control
