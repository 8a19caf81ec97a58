#include "core/control/kubelet/container_status.hpp"

#include <algorithm>
#include <utility>

namespace tandem::control::kubelet {
namespace {

using cluster::Container;
using cluster::ContainerStateRunning;
using cluster::ContainerStateTerminated;
using cluster::ContainerStateWaiting;
using cluster::ContainerStatus;
using cluster::Pod;

bool is_terminated(const cluster::ContainerState& state) { return std::holds_alternative<ContainerStateTerminated>(state); }
bool is_running(const cluster::ContainerState& state) { return std::holds_alternative<ContainerStateRunning>(state); }

const ContainerStatus* find_status(const std::vector<ContainerStatus>& statuses, std::string_view name) {
  const auto found =
      std::find_if(statuses.begin(), statuses.end(), [name](const ContainerStatus& status) { return status.name == name; });
  return found == statuses.end() ? nullptr : &*found;
}

/// One container of the runtime in the API's words.
ContainerStatus shown(const RuntimeContainer& container, const ContainerStatus* before) {
  ContainerStatus status;
  status.name = container.name;
  status.image = container.image;
  status.container_id = container.id;
  status.restart_count = container.restart_count;
  switch (container.state) {
    case RuntimeState::Running:
      status.state = ContainerStateRunning{container.started_at};
      break;
    case RuntimeState::Exited: {
      ContainerStateTerminated ended;
      ended.exit_code = container.exit_code;
      ended.reason = container.reason;
      ended.message = container.message;
      ended.started_at = container.started_at;
      ended.finished_at = container.finished_at;
      status.state = std::move(ended);
      break;
    }
    case RuntimeState::Created:
      status.state = ContainerStateWaiting{};
      break;
    case RuntimeState::Unknown:
      if (before != nullptr && is_running(before->state)) {
        // It ran and does no more: saying "waiting" would claim that it never ran.
        status.state = unknown_end("The container could not be located when the pod was terminated");
        status.restart_count = before->restart_count + 1;
      } else {
        status.state = ContainerStateWaiting{};
      }
      break;
  }
  return status;
}

/// What is shown of a container of which the runtime knows nothing.
ContainerStatus shown_without_runtime(const Container& container, const Pod& pod, const ContainerStatus* before) {
  if (before != nullptr && is_terminated(before->state)) return *before;
  ContainerStatus status;
  status.name = container.name;
  status.image = container.image;
  status.state = ContainerStateWaiting{pod.spec->init_containers.empty() ? "ContainerCreating" : "PodInitializing", {}};
  if (before == nullptr) return status;
  status.restart_count = before->restart_count;
  status.last_state = before->last_state;
  const bool has_last_end = status.last_state && is_terminated(*status.last_state);
  if (!is_running(before->state) || has_last_end) return status;
  status.last_state =
      unknown_end("The container could not be located when the pod was deleted.  The container used to be Running");
  // Unless the pod is going, it has been restarted.
  if (!cluster::is_terminating(pod.meta)) ++status.restart_count;
  return status;
}

ContainerStatus status_of(const Container& container, const Pod& pod, const RuntimePod& runtime,
                          const ContainerStatus* before) {
  std::vector<const RuntimeContainer*> known;  // of this name, newest first
  for (const RuntimeContainer& candidate : runtime.containers) {
    if (candidate.name == container.name) known.push_back(&candidate);
  }
  if (known.empty()) return shown_without_runtime(container, pod, before);
  ContainerStatus status = shown(*known[0], before);
  if (known.size() > 1) status.last_state = shown(*known[1], before).state;
  return status;
}

/// A container that the next sync will try to start, and that could not be started last time, waits.
void show_start_failure(ContainerStatus& status, const StartFailure& failure) {
  if (is_terminated(status.state)) status.last_state = std::move(status.state);
  status.state = ContainerStateWaiting{failure.reason, failure.message};
}

}  // namespace

ContainerStateTerminated unknown_end(std::string message) {
  ContainerStateTerminated ended;
  ended.exit_code = 137;
  ended.reason = "ContainerStatusUnknown";
  ended.message = std::move(message);
  ended.started_at = cluster::kTimeUnset;
  ended.finished_at = cluster::kTimeUnset;
  return ended;
}

std::vector<ContainerStatus> container_statuses(const Pod& pod, ContainerGroup group, const RuntimePod& runtime,
                                                const std::vector<ContainerStatus>& previous,
                                                const StartFailures& start_failures, const FeatureGates& gates) {
  const auto& containers = group == ContainerGroup::Init ? pod.spec->init_containers : pod.spec->containers;
  std::vector<ContainerStatus> statuses;
  statuses.reserve(containers.size());
  for (const Container& container : containers) {
    ContainerStatus status = status_of(container, pod, runtime, find_status(previous, container.name));
    const RuntimeContainer* newest = runtime.find(container.name);
    const bool init_done =
        group == ContainerGroup::Init && newest != nullptr && newest->state == RuntimeState::Exited && newest->exit_code == 0;
    if (!init_done && should_be_started(container, pod, runtime, gates)) {
      if (const StartFailure* failure = start_failures(container.name)) show_start_failure(status, *failure);
    }
    statuses.push_back(std::move(status));
  }
  if (group == ContainerGroup::Regular) {
    std::sort(statuses.begin(), statuses.end(),
              [](const ContainerStatus& a, const ContainerStatus& b) { return a.name < b.name; });
  }
  return statuses;
}

}  // namespace tandem::control::kubelet
