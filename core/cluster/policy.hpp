#pragma once
// policy/v1 PodDisruptionBudget as a value. Field names are Kubernetes' in snake_case (objects.hpp says more).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::cluster {

struct PodDisruptionBudgetSpec {
  std::optional<IntOrString> min_available{};
  std::optional<IntOrString> max_unavailable{};
  std::optional<LabelSelector> selector{};     ///< absent selects nothing
  std::string unhealthy_pod_eviction_policy{};  ///< IfHealthyBudget (also when empty) or AlwaysAllow
  JsonRest rest{};
  friend bool operator==(const PodDisruptionBudgetSpec&, const PodDisruptionBudgetSpec&) = default;
};
struct PodDisruptionBudgetStatus {
  std::int64_t observed_generation = 0;
  std::map<std::string, SimTime, std::less<>> disrupted_pods{};  ///< evicted a moment ago: pod name -> when
  std::int32_t disruptions_allowed = 0;
  std::int32_t current_healthy = 0;
  std::int32_t desired_healthy = 0;
  std::int32_t expected_pods = 0;
  std::vector<Condition> conditions{};
  JsonRest rest{};
  friend bool operator==(const PodDisruptionBudgetStatus&, const PodDisruptionBudgetStatus&) = default;
};
struct PodDisruptionBudget {
  static constexpr std::string_view kApiVersion = "policy/v1";
  static constexpr std::string_view kKind = "PodDisruptionBudget";
  ObjectMeta meta{};
  PodDisruptionBudgetSpec spec{};
  PodDisruptionBudgetStatus status{};
  JsonRest rest{};
  friend bool operator==(const PodDisruptionBudget&, const PodDisruptionBudget&) = default;
};

}  // namespace tandem::cluster
