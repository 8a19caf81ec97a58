#include "core/control/disruption/disruption_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/cluster/selector.hpp"
#include "core/control/conditions.hpp"
#include "core/control/int_or_percent.hpp"

namespace tandem::control {

namespace {

using cluster::Pod;
using cluster::PodDisruptionBudget;
using cluster::PodDisruptionBudgetStatus;

struct Expectation {
  std::int32_t expected = 0;
  std::int32_t desired = 0;
  std::vector<std::string> unmanaged;
};

/// A selector as its Go type prints itself.
std::string go_text(const cluster::LabelSelector& selector) {
  static constexpr const char* kOperators[] = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
  std::string labels;
  for (const auto& [key, value] : selector.match_labels) labels += fmt::format("{}: {},", key, value);
  std::string expressions;
  for (const cluster::SelectorRequirement& one : selector.match_expressions) {
    expressions += fmt::format("LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},", one.key, kOperators[static_cast<std::size_t>(one.op)],
                               fmt::join(one.values, " "));
  }
  return fmt::format("&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}", labels, expressions);
}

/// Sum of the scales of the pods' controllers, each counted once.
tl::expected<std::int32_t, std::string> expected_scale(std::span<const Pod> pods, const ScaleFinder& find_scale,
                                                       std::vector<std::string>& unmanaged) {
  std::map<std::string, std::int32_t> scales;
  for (const Pod& pod : pods) {
    const cluster::OwnerReference* controller = cluster::controller_of(pod.meta);
    if (controller == nullptr) {
      unmanaged.push_back(pod.meta.name);
      continue;
    }
    if (scales.contains(controller->uid)) continue;
    const std::optional<PodOwnerScale> scale = find_scale(pod);
    if (!scale) {
      return tl::unexpected(fmt::format("found no controllers for pod \"{}\"", pod.meta.name));
    }
    scales[scale->uid] = scale->replicas;
  }
  std::int32_t sum = 0;
  for (const auto& [uid, replicas] : scales) sum += replicas;
  return sum;
}

tl::expected<Expectation, std::string> expectation(const PodDisruptionBudget& budget, std::span<const Pod> pods,
                                                   const ScaleFinder& find_scale) {
  Expectation result;
  const auto& minimum = budget.spec.min_available;
  if (!budget.spec.max_unavailable && !minimum) return result;
  if (!budget.spec.max_unavailable && std::holds_alternative<std::int32_t>(minimum->value)) {
    result.desired = std::get<std::int32_t>(minimum->value);
    result.expected = static_cast<std::int32_t>(pods.size());
    return result;
  }
  const auto expected = expected_scale(pods, find_scale, result.unmanaged);
  if (!expected) return tl::unexpected(expected.error());
  result.expected = *expected;
  const cluster::IntOrString& written = budget.spec.max_unavailable ? *budget.spec.max_unavailable : *minimum;
  const auto scaled = scaled_value(written, result.expected, Rounding::Up);
  if (!scaled) return tl::unexpected(std::string("invalid value for IntOrString"));
  result.desired = budget.spec.max_unavailable ? std::max(0, result.expected - *scaled) : *scaled;
  return result;
}

void set_disruption_condition(PodDisruptionBudgetStatus& status, SimTime now) {
  const bool allowed = status.disruptions_allowed > 0;
  set_condition(status.conditions, "DisruptionAllowed", allowed ? cluster::ConditionStatus::True : cluster::ConditionStatus::False,
                allowed ? "SufficientPods" : "InsufficientPods", "", now);
}

}  // namespace

bool budget_selects(const PodDisruptionBudget& budget, const Pod& pod) {
  return budget.meta.namespace_ == pod.meta.namespace_ && budget.spec.selector &&
         cluster::matches(*budget.spec.selector, *pod.meta.labels);
}

BudgetSync budget_sync(const PodDisruptionBudget& budget, std::span<const Pod> pods, const ScaleFinder& find_scale, SimTime now) {
  BudgetSync sync;
  sync.status = budget.status;
  if (pods.empty()) sync.events.push_back({"Normal", "NoPods", "No matching pods found"});
  const auto wanted = expectation(budget, pods, find_scale);
  if (!wanted) {
    sync.events.push_back({"Warning", "CalculateExpectedPodCountFailed",
                           fmt::format("Failed to calculate the number of expected pods: {}", wanted.error())});
    // Fail safe: nothing may be disrupted.
    sync.status.disruptions_allowed = 0;
    set_condition(sync.status.conditions, "DisruptionAllowed", cluster::ConditionStatus::False, "SyncFailed", wanted.error(), now);
    sync.error = wanted.error();
    return sync;
  }
  if (!wanted->unmanaged.empty()) {
    sync.events.push_back({"Warning", "UnmanagedPods",
                           fmt::format("Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the "
                                       "status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account "
                                       "for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.",
                                       budget.spec.selector ? go_text(*budget.spec.selector) : "nil")});
  }
  PodDisruptionBudgetStatus& status = sync.status;
  status.disrupted_pods.clear();
  status.current_healthy = 0;
  for (const Pod& pod : pods) {
    const auto evicted = budget.status.disrupted_pods.find(pod.meta.name);
    if (cluster::is_terminating(pod.meta)) continue;
    const bool remembered = evicted != budget.status.disrupted_pods.end();
    // One evicted a moment ago counts as gone.
    if (!remembered || evicted->second + kEvictionMemory <= now) {
      if (cluster::is_ready(pod)) ++status.current_healthy;
    }
    if (!remembered) continue;
    const SimTime expires = evicted->second + kEvictionMemory;
    // At the very second the eviction is still remembered, but the pod counts as healthy again.
    if (expires < now) {
      // Kubernetes names the namespace twice where the budget's name belongs.
      sync.events.push_back({"Warning", "NotDeleted", fmt::format("Pod was expected by PDB {0}/{0} to be deleted but it wasn't", budget.meta.namespace_)});
    } else {
      sync.recheck = std::min(sync.recheck.value_or(expires), expires);
      status.disrupted_pods.insert(*evicted);
    }
  }
  status.expected_pods = wanted->expected;
  status.desired_healthy = wanted->desired;
  status.observed_generation = budget.meta.generation;
  status.disruptions_allowed = wanted->expected <= 0 ? 0 : std::max(0, status.current_healthy - wanted->desired);
  set_disruption_condition(status, now);
  return sync;
}

EvictionAnswer evict(const Pod& pod, std::span<const PodDisruptionBudget> budgets, SimTime now) {
  using Kind = EvictionAnswer::Kind;
  // Nothing that runs is disrupted.
  if (cluster::is_terminal(pod.status.phase) || pod.status.phase == cluster::PodPhase::Pending || cluster::is_terminating(pod.meta)) {
    return {};
  }
  if (budgets.empty()) return {};
  if (budgets.size() > 1) return {Kind::Error, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.", {}};
  const PodDisruptionBudget& budget = budgets.front();
  PodDisruptionBudgetStatus status = budget.status;
  if (!cluster::is_ready(pod)) {
    const bool healthy_budget = status.current_healthy >= status.desired_healthy && status.desired_healthy > 0;
    if (budget.spec.unhealthy_pod_eviction_policy == "AlwaysAllow" || healthy_budget) return {};
  }
  const auto refuse = [](std::string why) {
    return EvictionAnswer{Kind::TooMany, fmt::format("Cannot evict pod as it would violate the pod's disruption budget.{}", why), {}};
  };
  if (status.observed_generation < budget.meta.generation) {
    return {Kind::TooMany, fmt::format("Cannot evict pod as it would violate the pod's disruption budget. The disruption budget {} is still being processed by the server.", budget.meta.name), {}};
  }
  if (status.disruptions_allowed < 0) return {Kind::Error, "pdb disruptions allowed is negative", {}};
  if (status.disrupted_pods.size() > kMostRememberedEvictions) return {Kind::Error, "DisruptedPods map too big - too many evictions not confirmed by PDB controller", {}};
  if (status.disruptions_allowed == 0) {
    return refuse("");
  }
  --status.disruptions_allowed;
  if (status.disruptions_allowed == 0) set_disruption_condition(status, now);
  status.disrupted_pods[pod.meta.name] = now;
  return {Kind::Allowed, "", std::move(status)};
}

}  // namespace tandem::control
