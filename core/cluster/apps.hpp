#pragma once
// apps/v1 StatefulSet, DaemonSet and ControllerRevision as values. Field names are Kubernetes' in snake_case (objects.hpp says more).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// A stored version of a workload's template. `data` of the real object holds it as a patch; here it is the template itself.
struct ControllerRevision {
  static constexpr std::string_view kApiVersion = "apps/v1";
  static constexpr std::string_view kKind = "ControllerRevision";
  ObjectMeta meta{};
  std::int64_t revision = 0;
  Shared<PodTemplate> pod_template{};
  JsonRest rest{};
  friend bool operator==(const ControllerRevision&, const ControllerRevision&) = default;
};

struct StatefulSetSpec {
  std::int32_t replicas = 1;
  std::int32_t start_ordinal = 0;                   ///< ordinals.start
  std::string pod_management_policy = "OrderedReady";  ///< or Parallel
  std::string update_strategy = "RollingUpdate";    ///< or OnDelete
  std::optional<std::int32_t> partition{};          ///< updateStrategy.rollingUpdate.partition; absent: no rollingUpdate
  std::optional<IntOrString> max_unavailable{};     ///< updateStrategy.rollingUpdate.maxUnavailable (alpha in 1.34)
  std::int32_t min_ready_seconds = 0;
  std::int32_t revision_history_limit = 10;
  std::string service_name{};
  Shared<LabelSelector> selector{};
  Shared<PodTemplate> pod_template{};
  JsonRest rest{};  ///< volumeClaimTemplates, persistentVolumeClaimRetentionPolicy
  friend bool operator==(const StatefulSetSpec&, const StatefulSetSpec&) = default;
};
struct StatefulSetStatus {
  std::int64_t observed_generation = 0;
  std::int32_t replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t available_replicas = 0;
  std::int32_t current_replicas = 0;
  std::int32_t updated_replicas = 0;
  std::string current_revision{};
  std::string update_revision{};
  JsonRest rest{};
  friend bool operator==(const StatefulSetStatus&, const StatefulSetStatus&) = default;
};
struct StatefulSet {
  static constexpr std::string_view kApiVersion = "apps/v1";
  static constexpr std::string_view kKind = "StatefulSet";
  ObjectMeta meta{};
  StatefulSetSpec spec{};
  StatefulSetStatus status{};
  JsonRest rest{};
  friend bool operator==(const StatefulSet&, const StatefulSet&) = default;
};

struct DaemonSetSpec {
  Shared<LabelSelector> selector{};
  Shared<PodTemplate> pod_template{};
  std::string update_strategy = "RollingUpdate";  ///< or OnDelete
  IntOrString max_unavailable{1};
  IntOrString max_surge{0};
  std::int32_t min_ready_seconds = 0;
  std::int32_t revision_history_limit = 10;
  JsonRest rest{};
  friend bool operator==(const DaemonSetSpec&, const DaemonSetSpec&) = default;
};
struct DaemonSetStatus {
  std::int64_t observed_generation = 0;
  std::int32_t desired_number_scheduled = 0;
  std::int32_t current_number_scheduled = 0;
  std::int32_t number_misscheduled = 0;
  std::int32_t number_ready = 0;
  std::int32_t updated_number_scheduled = 0;
  std::int32_t number_available = 0;
  std::int32_t number_unavailable = 0;
  JsonRest rest{};
  friend bool operator==(const DaemonSetStatus&, const DaemonSetStatus&) = default;
};
struct DaemonSet {
  static constexpr std::string_view kApiVersion = "apps/v1";
  static constexpr std::string_view kKind = "DaemonSet";
  ObjectMeta meta{};
  DaemonSetSpec spec{};
  DaemonSetStatus status{};
  JsonRest rest{};
  friend bool operator==(const DaemonSet&, const DaemonSet&) = default;
};

}  // namespace tandem::cluster
