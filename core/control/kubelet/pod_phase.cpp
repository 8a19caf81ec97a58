#include "core/control/kubelet/pod_phase.hpp"

#include <algorithm>

namespace tandem::control::kubelet {
namespace {

using cluster::Container;
using cluster::ContainerStateRunning;
using cluster::ContainerStateTerminated;
using cluster::ContainerStatus;
using cluster::PodPhase;
using cluster::PodSpec;
using cluster::PodStatus;

const ContainerStatus* status_of(const std::vector<ContainerStatus>& statuses, const Container& container) {
  const auto found = std::find_if(statuses.begin(), statuses.end(),
                                  [&](const ContainerStatus& status) { return status.name == container.name; });
  return found == statuses.end() ? nullptr : &*found;
}

enum class Standing : std::uint8_t { NoStatus, Running, Stopped, NeverStarted };

/// A container's state for the purposes of the phase: one that waits after an end counts as stopped.
struct Seen {
  Standing standing = Standing::NoStatus;
  std::int32_t exit_code = 0;  ///< of the last end, if stopped
  bool ended = false;          ///< stopped, and not waiting to be started again
};

Seen look_at(const ContainerStatus* status) {
  if (status == nullptr) return {};
  if (std::holds_alternative<ContainerStateRunning>(status->state)) return {Standing::Running};
  if (const auto* ended = std::get_if<ContainerStateTerminated>(&status->state))
    return {Standing::Stopped, ended->exit_code, true};
  const auto* last = status->last_state ? std::get_if<ContainerStateTerminated>(&*status->last_state) : nullptr;
  if (last != nullptr) return {Standing::Stopped, last->exit_code, false};
  return {Standing::NeverStarted};
}

struct Counts {
  int pending_init = 0;
  int pending_sidecars = 0;
  bool initialization_failed = false;  ///< and will not be tried again
  int unknown = 0;
  int running = 0;
  int waiting = 0;
  int stopped = 0;
  int stopped_for_good = 0;
  int succeeded = 0;
};

void count_init(const PodSpec& spec, const PodStatus& status, const FeatureGates& gates, Counts& counts) {
  for (const Container& container : spec.init_containers) {
    if (cluster::is_sidecar(container)) continue;
    const Seen seen = look_at(status_of(status.init_container_statuses, container));
    if (seen.standing != Standing::Stopped) {
      ++counts.pending_init;
    } else if (seen.exit_code != 0) {
      const bool restarts = gates.container_restart_rules ? restarts_after_exit(container, spec, seen.exit_code, gates)
                                                          : spec.restart_policy != "Never";
      if (!restarts) counts.initialization_failed = true;
    }
  }
}

/// Sidecars that have stopped do not count at all: they are restarted as long as there is anything to serve.
void count_sidecars(const PodSpec& spec, const PodStatus& status, Counts& counts) {
  for (const Container& container : spec.init_containers) {
    if (!cluster::is_sidecar(container)) continue;
    const ContainerStatus* found = status_of(status.init_container_statuses, container);
    switch (look_at(found).standing) {
      case Standing::NoStatus:
        ++counts.unknown;
        break;
      case Standing::Running:
        ++counts.running;
        if (!found->started) ++counts.pending_sidecars;
        break;
      case Standing::NeverStarted:
        ++counts.pending_sidecars;
        ++counts.waiting;
        break;
      case Standing::Stopped:
        break;
    }
  }
}

void count_regular(const PodSpec& spec, const PodStatus& status, const FeatureGates& gates, Counts& counts) {
  for (const Container& container : spec.containers) {
    const Seen seen = look_at(status_of(status.container_statuses, container));
    switch (seen.standing) {
      case Standing::NoStatus:
        ++counts.unknown;
        break;
      case Standing::Running:
        ++counts.running;
        break;
      case Standing::NeverStarted:
        ++counts.waiting;
        break;
      case Standing::Stopped:
        ++counts.stopped;
        if (!restarts_after_exit(container, spec, seen.exit_code, gates)) ++counts.stopped_for_good;
        if (seen.ended && seen.exit_code == 0) ++counts.succeeded;
        break;
    }
  }
}

/// All regular containers have stopped and no sidecar runs.
PodPhase phase_of_stopped(const PodSpec& spec, const Counts& counts, bool pod_is_terminal, const FeatureGates& gates) {
  const PodPhase ended = counts.stopped == counts.succeeded ? PodPhase::Succeeded : PodPhase::Failed;
  if (pod_is_terminal) return ended;
  if (gates.container_restart_rules) return counts.stopped == counts.stopped_for_good ? ended : PodPhase::Running;
  if (spec.restart_policy == "Always") return PodPhase::Running;
  if (ended == PodPhase::Succeeded || spec.restart_policy == "Never") return ended;
  return PodPhase::Running;  // OnFailure: what has failed is being restarted
}

}  // namespace

PodPhase pod_phase(const PodSpec& spec, const PodStatus& status, const PhaseInput& input, const FeatureGates& gates) {
  Counts counts;
  count_init(spec, status, gates, counts);
  count_sidecars(spec, status, counts);
  count_regular(spec, status, gates, counts);

  if (counts.initialization_failed) return PodPhase::Failed;
  // Sidecars that start again do not bring a pod back to Pending once its regular containers have been started.
  const bool initializing = counts.pending_init > 0 || (counts.pending_sidecars > 0 && !input.any_regular_started);
  if (initializing || counts.waiting > 0 || counts.unknown > 0) return PodPhase::Pending;
  if (counts.running > 0) return PodPhase::Running;
  if (counts.stopped > 0) return phase_of_stopped(spec, counts, input.pod_is_terminal, gates);
  return PodPhase::Pending;
}

bool any_regular_container_in(const PodSpec& spec, const RuntimePod& runtime) {
  if (runtime.sandboxes.empty() || !runtime.sandboxes.front().ready) return false;
  const std::uint32_t active = runtime.sandboxes.front().attempt;
  return std::any_of(runtime.containers.begin(), runtime.containers.end(), [&](const RuntimeContainer& candidate) {
    return candidate.sandbox_attempt == active &&
           std::any_of(spec.containers.begin(), spec.containers.end(),
                       [&](const Container& container) { return container.name == candidate.name; });
  });
}

}  // namespace tandem::control::kubelet
