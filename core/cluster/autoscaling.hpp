#pragma once
// autoscaling/v2 HorizontalPodAutoscaler as a value. Field names are Kubernetes' in snake_case (objects.hpp says more).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/objects.hpp"

namespace tandem::cluster {

struct ScalingPolicy {
  std::string type{};  ///< Pods or Percent
  std::int32_t value = 0;
  std::int32_t period_seconds = 0;
  friend bool operator==(const ScalingPolicy&, const ScalingPolicy&) = default;
};
struct ScalingRules {
  std::optional<std::int32_t> stabilization_window_seconds{};
  std::string select_policy{};  ///< Max, Min or Disabled; empty = Max
  std::vector<ScalingPolicy> policies{};
  JsonRest rest{};  ///< tolerance (alpha in 1.34)
  friend bool operator==(const ScalingRules&, const ScalingRules&) = default;
};
struct ScalingBehavior {
  std::optional<ScalingRules> scale_up{};
  std::optional<ScalingRules> scale_down{};
  friend bool operator==(const ScalingBehavior&, const ScalingBehavior&) = default;
};

struct MetricTarget {
  std::string type{};  ///< Utilization, Value or AverageValue
  std::optional<Quantity> value{};
  std::optional<Quantity> average_value{};
  std::optional<std::int32_t> average_utilization{};  ///< percent of the request
  friend bool operator==(const MetricTarget&, const MetricTarget&) = default;
};
struct MetricIdentifier {
  std::string name{};
  std::optional<LabelSelector> selector{};
  friend bool operator==(const MetricIdentifier&, const MetricIdentifier&) = default;
};
struct ObjectReference {
  std::string api_version{};
  std::string kind{};
  std::string name{};
  friend bool operator==(const ObjectReference&, const ObjectReference&) = default;
};
/// One member of the union; which fields count depends on `type`.
struct MetricSource {
  std::string name{};                            ///< Resource, ContainerResource
  std::string container{};                       ///< ContainerResource
  std::optional<MetricIdentifier> metric{};      ///< Pods, Object, External
  std::optional<ObjectReference> described_object{};  ///< Object
  MetricTarget target{};
  JsonRest rest{};
  friend bool operator==(const MetricSource&, const MetricSource&) = default;
};
struct MetricSpec {
  std::string type{};  ///< Resource, ContainerResource, Pods, Object or External
  MetricSource source{};
  friend bool operator==(const MetricSpec&, const MetricSpec&) = default;
};

struct HorizontalPodAutoscalerSpec {
  ObjectReference scale_target_ref{};
  std::optional<std::int32_t> min_replicas{};  ///< absent: 1
  std::int32_t max_replicas = 0;
  std::vector<MetricSpec> metrics{};
  std::optional<ScalingBehavior> behavior{};
  JsonRest rest{};
  friend bool operator==(const HorizontalPodAutoscalerSpec&, const HorizontalPodAutoscalerSpec&) = default;
};
struct HorizontalPodAutoscalerStatus {
  std::optional<std::int64_t> observed_generation{};
  std::optional<SimTime> last_scale_time{};
  std::int32_t current_replicas = 0;
  std::int32_t desired_replicas = 0;
  std::vector<Condition> conditions{};
  JsonRest rest{};  ///< currentMetrics
  friend bool operator==(const HorizontalPodAutoscalerStatus&, const HorizontalPodAutoscalerStatus&) = default;
};
struct HorizontalPodAutoscaler {
  static constexpr std::string_view kApiVersion = "autoscaling/v2";
  static constexpr std::string_view kKind = "HorizontalPodAutoscaler";
  ObjectMeta meta{};
  HorizontalPodAutoscalerSpec spec{};
  HorizontalPodAutoscalerStatus status{};
  JsonRest rest{};
  friend bool operator==(const HorizontalPodAutoscaler&, const HorizontalPodAutoscaler&) = default;
};

}  // namespace tandem::cluster
