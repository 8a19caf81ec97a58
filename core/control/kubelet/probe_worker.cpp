#include "core/control/kubelet/probe_worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace tandem::control::kubelet {

using cluster::ContainerStateRunning;
using cluster::ContainerStateTerminated;
using cluster::ContainerStatus;

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
/// maxProbeRetries of pkg/kubelet/prober/prober.go: attempts at a probe that cannot be carried out.
constexpr int kAttemptsMax = 3;

/// The result before the first verdict on a container (worker.go newWorker).
constexpr ProbeVerdict initial_verdict(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::Startup: return ProbeVerdict::Unknown;
    case ProbeKind::Readiness: return ProbeVerdict::Failure;
    case ProbeKind::Liveness: break;
  }
  return ProbeVerdict::Success;
}

/// The status of a container that has been created, from either list.
const ContainerStatus* find_created(const cluster::PodStatus& status, const std::string& name) {
  for (const auto* list : {&status.container_statuses, &status.init_container_statuses}) {
    const auto found = std::find_if(list->begin(), list->end(), [&](const ContainerStatus& entry) { return entry.name == name; });
    if (found != list->end() && !found->container_id.empty()) return &*found;
  }
  return nullptr;
}

const cluster::IntOrString* port_of(const cluster::Probe& probe) {
  if (const auto* http = std::get_if<cluster::HttpGetAction>(&probe.action)) return &http->port;
  if (const auto* tcp = std::get_if<cluster::TcpSocketAction>(&probe.action)) return &tcp->port;
  return nullptr;
}

}  // namespace

std::optional<std::int32_t> resolve_port(const cluster::IntOrString& port, const cluster::Container& container) {
  if (const auto* number = std::get_if<std::int32_t>(&port.value)) return *number;
  const std::string& name = std::get<std::string>(port.value);
  const auto found = std::find_if(container.ports.begin(), container.ports.end(),
                                  [&](const cluster::ContainerPort& candidate) { return candidate.name == name; });
  if (found == container.ports.end()) return std::nullopt;
  return found->container_port;
}

ProbeWorker::ProbeWorker(const ProbeParts& parts, Target target, ProbeResults& results, SimDuration initial_wait,
                         std::function<void(ProbeWorker&)> exited)
    : parts_(parts), target_(std::move(target)), results_(results), exited_(std::move(exited)) {
  waking_ = parts_.clock.after(initial_wait, EventClass::Control, parts_.entity, [this] {
    waking_ = {};
    arm_ticker();
    if (stopped_) return exit();
    look();
  });
}

ProbeWorker::~ProbeWorker() {
  *alive_ = false;
  parts_.clock.cancel(ticker_);
  parts_.clock.cancel(waking_);
}

const cluster::Container& ProbeWorker::container() const {
  const cluster::PodSpec& spec = *target_.pod->spec;
  return target_.init ? spec.init_containers[target_.index] : spec.containers[target_.index];
}

const cluster::Probe& ProbeWorker::probe() const {
  switch (target_.kind) {
    case ProbeKind::Startup: return *container().startup_probe;
    case ProbeKind::Readiness: return *container().readiness_probe;
    case ProbeKind::Liveness: break;
  }
  return *container().liveness_probe;
}

// ---------------------------------------------------------------- the loop

void ProbeWorker::arm_ticker() {
  parts_.clock.cancel(ticker_);
  next_tick_ = parts_.clock.now() + seconds(probe().period_seconds);
  ticker_ = parts_.clock.at(next_tick_, EventClass::Control, parts_.entity, [this] { tick(); });
}

void ProbeWorker::tick() {
  arm_ticker();
  if (in_flight_) {
    ticked_ = true;
    return;
  }
  look();
}

void ProbeWorker::kick() {
  kicked_ = true;
  wake();
}

void ProbeWorker::stop() {
  stopped_ = true;
  wake();
}

void ProbeWorker::wake() {
  if (in_flight_ || waking_) return;
  waking_ = parts_.clock.after({}, EventClass::Control, parts_.entity, [this] {
    waking_ = {};
    if (!in_flight_) rest();
  });
}

void ProbeWorker::rest() {
  if (stopped_) return exit();
  if (std::exchange(kicked_, false)) {
    arm_ticker();
    ticked_ = false;  // resetting a Go ticker takes back the tick it holds
    return look();
  }
  if (!std::exchange(ticked_, false)) return;
  // The ticker still held a tick when that of this moment came: it is dropped.
  if (next_tick_ == parts_.clock.now()) arm_ticker();
  look();
}

void ProbeWorker::exit() {
  parts_.clock.cancel(std::exchange(ticker_, {}));
  parts_.clock.cancel(std::exchange(waking_, {}));
  if (!container_id_.empty()) results_.remove(container_id_);
  exited_(*this);
}

// ---------------------------------------------------------------- one probe

void ProbeWorker::look() {
  const cluster::PodStatus* status = parts_.status(target_.pod->meta.uid);
  const Next next = status == nullptr ? Next::Wait : examine(*status);
  if (next == Next::Exit) return exit();
  if (next == Next::Wait) return rest();
  attempts_left_ = kAttemptsMax;
  ask(*status);
}

ProbeWorker::Next ProbeWorker::examine(const cluster::PodStatus& status) {
  if (cluster::is_terminal(status.phase)) return Next::Exit;
  const ContainerStatus* seen = find_created(status, container().name);
  if (seen == nullptr) return Next::Wait;
  const std::string& pod_uid = target_.pod->meta.uid;
  if (container_id_ != seen->container_id) {
    if (!container_id_.empty()) results_.remove(container_id_);
    container_id_ = seen->container_id;
    results_.set(container_id_, initial_verdict(target_.kind), pod_uid);
    on_hold_ = false;
  }
  if (on_hold_) return Next::Wait;
  if (!std::holds_alternative<ContainerStateRunning>(seen->state)) {
    results_.set(container_id_, ProbeVerdict::Failure, pod_uid);
    const bool ended = std::holds_alternative<ContainerStateTerminated>(seen->state);
    const bool comes_back = target_.pod->spec->restart_policy != "Never" || target_.init;  // of init containers only sidecars are probed
    return ended && !comes_back ? Next::Exit : Next::Wait;
  }
  if (is_terminating(target_.pod->meta) && target_.kind != ProbeKind::Readiness) {
    results_.set(container_id_, ProbeVerdict::Success, pod_uid);
    return Next::Exit;
  }
  return due(*seen);
}

ProbeWorker::Next ProbeWorker::due(const ContainerStatus& seen) const {
  // The status holds whole seconds, and the age is cut to whole seconds as well.
  const std::int64_t started_ns = std::get<ContainerStateRunning>(seen.state).started_at.ns;
  const std::int64_t age = (parts_.clock.now().ns - started_ns / kNsPerSecond * kNsPerSecond) / kNsPerSecond;
  if (age < probe().initial_delay_seconds) return Next::Wait;
  // A startup probe is over once the container has started; the others begin then.
  return seen.started == (target_.kind == ProbeKind::Startup) ? Next::Wait : Next::Probe;
}

void ProbeWorker::ask(const cluster::PodStatus& status) {
  std::int32_t port = 0;
  if (const cluster::IntOrString* wanted = port_of(probe())) {
    const std::optional<std::int32_t> resolved = resolve_port(*wanted, container());
    if (!resolved) {
      report({ProbeResult::Error, fmt::format("couldn't find port: {}", std::get<std::string>(wanted->value))});
      return rest();
    }
    port = *resolved;
  }
  const cluster::Pod& pod = *target_.pod;
  in_flight_ = true;
  parts_.attempt({container_id_, {pod.meta.uid, pod.meta.namespace_, pod.meta.name, pod.node_name, status.pod_ip}, probe(), port},
                 [this, alive = alive_](const ProbeOutcome& outcome) {
                   if (*alive) answered(outcome);
                 });
}

void ProbeWorker::answered(const ProbeOutcome& outcome) {
  if (outcome.result == ProbeResult::Error && --attempts_left_ > 0) {
    if (const cluster::PodStatus* status = parts_.status(target_.pod->meta.uid)) return ask(*status);
  }
  in_flight_ = false;
  report(outcome);
  if (outcome.result != ProbeResult::Error) {
    judge(outcome.result == ProbeResult::Success || outcome.result == ProbeResult::Warning);
  }
  rest();
}

void ProbeWorker::report(const ProbeOutcome& outcome) const {
  const auto say = [&](const char* reason, const char* what) {
    parts_.event(*target_.pod, "Warning", reason, fmt::format("{} probe {}: {}", name_of(target_.kind), what, outcome.message));
  };
  switch (outcome.result) {
    case ProbeResult::Warning: return say("ProbeWarning", "warning");
    case ProbeResult::Failure: return say("Unhealthy", "failed");
    case ProbeResult::Error: return say("Unhealthy", "errored and resulted in unknown state");
    case ProbeResult::Success:
    case ProbeResult::Unknown: return;
  }
}

void ProbeWorker::judge(bool success) {
  same_in_a_row_ = success == last_success_ ? same_in_a_row_ + 1 : 1;
  last_success_ = success;
  if (same_in_a_row_ < (success ? probe().success_threshold : probe().failure_threshold)) return;
  results_.set(container_id_, success ? ProbeVerdict::Success : ProbeVerdict::Failure, target_.pod->meta.uid);
  const bool decided = target_.kind == ProbeKind::Startup || (target_.kind == ProbeKind::Liveness && !success);
  if (!decided) return;
  // The container is to be restarted, or has started: nothing more to ask until there is another one.
  on_hold_ = true;
  same_in_a_row_ = 0;
}

}  // namespace tandem::control::kubelet
