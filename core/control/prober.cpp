#include "core/control/prober.hpp"

#include <memory>
#include <utility>

namespace tandem::control {

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
/// A probe that could not be carried out (not: that failed) is tried this often before it is dropped (§4.4).
constexpr int kErrorAttemptsMax = 3;

/// Whole seconds, as the kubelet compares start time and now.
constexpr std::int64_t whole_seconds(SimTime time) { return time.ns / kNsPerSecond; }

}  // namespace

ReadinessProber::ReadinessProber(Clock& clock, NodeRuntime& runtime, cluster::Probe probe, std::uint32_t entity,
                                 std::function<void(bool)> changed, std::function<void(const std::string&)> failed)
    : clock_(clock),
      runtime_(runtime),
      probe_(std::move(probe)),
      entity_(entity),
      changed_(std::move(changed)),
      failed_(std::move(failed)) {}

ReadinessProber::~ReadinessProber() {
  *alive_ = false;
  clock_.cancel(timer_);
}

void ReadinessProber::start(Target target) {
  stop();
  target_ = std::move(target);
  ++target_number_;
  running_ = true;
  arm();
}

void ReadinessProber::stop() {
  running_ = false;
  ready_ = false;
  attempt_in_flight_ = false;
  tick_missed_ = false;
  clock_.cancel(timer_);
  timer_ = {};
}

void ReadinessProber::kick() {
  if (!running_ || ready_) return;
  clock_.cancel(timer_);
  arm();
  attempt();
}

void ReadinessProber::arm() {
  timer_ = clock_.after(seconds(probe_.period_seconds), EventClass::Control, entity_, [this] { tick(); });
}

void ReadinessProber::tick() {
  arm();
  if (attempt_in_flight_) {
    // A Go ticker holds one tick for a slow receiver and drops the rest.
    tick_missed_ = true;
    return;
  }
  attempt();
}

void ReadinessProber::attempt() {
  if (attempt_in_flight_) return;
  if (whole_seconds(clock_.now()) - whole_seconds(target_.started_at) < probe_.initial_delay_seconds) return;
  attempt_in_flight_ = true;
  const ProbeRequest request{target_.container_id, target_.pod, probe_, target_.port};
  runtime_.probe(request, [this, alive = alive_, number = target_number_](const ProbeOutcome& outcome) {
    if (*alive) finished(number, outcome);
  });
}

void ReadinessProber::finished(std::uint64_t target_number, const ProbeOutcome& outcome) {
  if (!running_ || target_number != target_number_) return;
  attempt_in_flight_ = false;
  if (outcome.result == ProbeResult::Error) {
    if (++errors_in_row_ < kErrorAttemptsMax) attempt();
    return;
  }
  errors_in_row_ = 0;
  const bool success = outcome.result == ProbeResult::Success;
  if (!success) failed_(outcome.message);
  const std::uint64_t number_before = target_number_;
  judge(success);
  if (running_ && number_before == target_number_ && std::exchange(tick_missed_, false)) attempt();
}

void ReadinessProber::judge(bool success) {
  same_outcome_in_row_ = success == last_outcome_ ? same_outcome_in_row_ + 1 : 1;
  last_outcome_ = success;
  const int threshold = success ? probe_.success_threshold : probe_.failure_threshold;
  if (same_outcome_in_row_ < threshold || ready_ == success) return;
  ready_ = success;
  changed_(ready_);
}

}  // namespace tandem::control
