#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/control/kubelet/pod_phase.hpp"

namespace tandem::control::kubelet {
namespace {

using cluster::Condition;
using cluster::ConditionStatus;
using cluster::Container;
using cluster::ContainerStateWaiting;
using cluster::ContainerStatus;
using cluster::PodPhase;
using cluster::PodSpec;
using cluster::PodStatus;

constexpr std::string_view kScheduled = "PodScheduled";
constexpr std::string_view kReadyToStart = "PodReadyToStartContainers";
constexpr std::string_view kInitialized = "Initialized";
constexpr std::string_view kReady = "Ready";
constexpr std::string_view kContainersReady = "ContainersReady";

Condition make(std::string_view type, bool value, std::string_view reason = {}, std::string message = {}) {
  Condition condition;
  condition.type = type;
  condition.status = value ? ConditionStatus::True : ConditionStatus::False;
  condition.reason = reason;
  condition.message = std::move(message);
  return condition;
}

/// ContainersReady of a pod that has ended.
Condition ended_containers_ready(PodPhase phase) {
  return make(kContainersReady, false, phase == PodPhase::Failed ? "PodFailed" : "PodCompleted");
}

const ContainerStatus* status_of(const PodStatus& status, const Container& container) {
  for (const auto* statuses : {&status.init_container_statuses, &status.container_statuses}) {
    for (const ContainerStatus& candidate : *statuses) {
      if (candidate.name == container.name) return &candidate;
    }
  }
  return nullptr;
}

/// Names of containers that stand in the way of a condition.
struct Obstacles {
  std::vector<std::string_view> unknown;  ///< no status at all
  std::vector<std::string_view> unmet;

  template <class Fulfilled>
  void check(const Container& container, const PodStatus& status, Fulfilled fulfilled) {
    const ContainerStatus* found = status_of(status, container);
    if (found == nullptr) {
      unknown.push_back(container.name);
    } else if (!fulfilled(*found)) {
      unmet.push_back(container.name);
    }
  }
  /// "containers with unknown status: [a b], containers with unready status: [c]"
  [[nodiscard]] std::string message(std::string_view word) const {
    std::string text;
    if (!unknown.empty()) text = fmt::format("containers with unknown status: [{}]", fmt::join(unknown, " "));
    if (!unmet.empty()) {
      text += fmt::format("{}containers with {} status: [{}]", text.empty() ? "" : ", ", word, fmt::join(unmet, " "));
    }
    return text;
  }
};

Condition containers_ready(const PodSpec& spec, const PodStatus& status) {
  Obstacles obstacles;
  const auto ready = [](const ContainerStatus& found) { return found.ready; };
  for (const Container& container : spec.init_containers) {
    if (cluster::is_sidecar(container)) obstacles.check(container, status, ready);
  }
  for (const Container& container : spec.containers) obstacles.check(container, status, ready);
  const bool completed = status.phase == PodPhase::Succeeded && obstacles.unknown.empty();
  if (completed || status.phase == PodPhase::Failed) return ended_containers_ready(status.phase);
  std::string message = obstacles.message("unready");
  return message.empty() ? make(kContainersReady, true)
                         : make(kContainersReady, false, "ContainersNotReady", std::move(message));
}

Condition ready(const PodSpec& spec, const Condition& containers, const std::vector<Condition>& others) {
  if (containers.status != ConditionStatus::True) {
    Condition same = containers;
    same.type = kReady;
    return same;
  }
  std::vector<std::string> unmet;
  for (const std::string& gate : spec.readiness_gates) {
    const Condition* found = cluster::find_condition(others, gate);
    if (found == nullptr) {
      unmet.push_back(fmt::format("corresponding condition of pod readiness gate \"{}\" does not exist.", gate));
    } else if (found->status != ConditionStatus::True) {
      unmet.push_back(fmt::format("the status of pod readiness gate \"{}\" is not \"True\", but {}", gate,
                                  cluster::name_of(found->status)));
    }
  }
  if (unmet.empty()) return make(kReady, true);
  return make(kReady, false, "ReadinessGatesNotReady", fmt::format("{}", fmt::join(unmet, ", ")));
}

bool any_regular_container_started(const PodSpec& spec, const PodStatus& status) {
  return std::any_of(status.container_statuses.begin(), status.container_statuses.end(), [&](const ContainerStatus& found) {
    return !std::holds_alternative<ContainerStateWaiting>(found.state) &&
           std::any_of(spec.containers.begin(), spec.containers.end(),
                       [&](const Container& container) { return container.name == found.name; });
  });
}

Condition initialized(const PodSpec& spec, const PodStatus& status) {
  Obstacles obstacles;
  for (const Container& container : spec.init_containers) {
    obstacles.check(container, status,
                    [&](const ContainerStatus& found) { return cluster::is_sidecar(container) ? found.started : found.ready; });
  }
  if (status.phase == PodPhase::Succeeded && obstacles.unknown.empty()) return make(kInitialized, true, "PodCompleted");
  if (any_regular_container_started(spec, status)) return make(kInitialized, true);
  std::string message = obstacles.message("incomplete");
  return message.empty() ? make(kInitialized, true) : make(kInitialized, false, "ContainersNotInitialized", std::move(message));
}

}  // namespace

std::vector<Condition> readiness_conditions(const PodSpec& spec, const PodStatus& status,
                                            const std::vector<Condition>& others) {
  const Condition containers = containers_ready(spec, status);
  return {ready(spec, containers, others), containers};
}

std::vector<Condition> pod_conditions(const PodSpec& spec, const PodStatus& status, const RuntimePod& runtime,
                                      const std::vector<Condition>& others) {
  std::vector<Condition> conditions = {make(kReadyToStart, !sandbox_need(runtime, spec.host_network).create),
                                       initialized(spec, status)};
  for (Condition& condition : readiness_conditions(spec, status, others)) conditions.push_back(std::move(condition));
  conditions.push_back(make(kScheduled, true));
  return conditions;
}

bool is_kubelet_condition(std::string_view type) {
  constexpr std::array kOwn = {kScheduled, kReadyToStart, kInitialized, kReady, kContainersReady};
  return std::find(kOwn.begin(), kOwn.end(), type) != kOwn.end();
}

}  // namespace tandem::control::kubelet
