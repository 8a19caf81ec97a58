// Defaults of the kinds that make pods, and of autoscalers.

#include <cstdint>
#include <limits>
#include <map>

#include "core/cluster/api/default_functions.hpp"

namespace tandem::cluster::api {

namespace {

void deployment(Json& object) {
  Json& spec = object["spec"];
  default_nil(spec, "replicas", 1);
  Json& strategy = spec["strategy"];
  default_text(strategy, "type", "RollingUpdate");
  if (strategy["type"] == "RollingUpdate") {
    default_nil(strategy, "rollingUpdate", Json::object());
    default_nil(strategy["rollingUpdate"], "maxUnavailable", "25%");
    default_nil(strategy["rollingUpdate"], "maxSurge", "25%");
  }
  default_nil(spec, "revisionHistoryLimit", 10);
  default_nil(spec, "progressDeadlineSeconds", 600);
}

void daemon_set(Json& object) {
  Json& spec = object["spec"];
  Json& strategy = spec["updateStrategy"];
  default_text(strategy, "type", "RollingUpdate");
  if (strategy["type"] == "RollingUpdate") {
    default_nil(strategy, "rollingUpdate", Json::object());
    default_nil(strategy["rollingUpdate"], "maxUnavailable", 1);
    default_nil(strategy["rollingUpdate"], "maxSurge", 0);
  }
  default_nil(spec, "revisionHistoryLimit", 10);
}

void stateful_set(Json& object) {
  Json& spec = object["spec"];
  default_text(spec, "podManagementPolicy", "OrderedReady");
  Json& strategy = spec["updateStrategy"];
  if (View(strategy)["type"].text().empty()) {
    strategy["type"] = "RollingUpdate";
    default_nil(strategy, "rollingUpdate", Json::object());
  }
  if (strategy["type"] == "RollingUpdate" && strategy.contains("rollingUpdate")) default_nil(strategy["rollingUpdate"], "partition", 0);
  default_nil(spec, "persistentVolumeClaimRetentionPolicy", Json::object());
  default_text(spec["persistentVolumeClaimRetentionPolicy"], "whenDeleted", "Retain");
  default_text(spec["persistentVolumeClaimRetentionPolicy"], "whenScaled", "Retain");
  default_nil(spec, "replicas", 1);
  default_nil(spec, "revisionHistoryLimit", 10);
}

void replica_set(Json& object) { default_nil(object["spec"], "replicas", 1); }

void job(Json& object) {
  Json& spec = object["spec"];
  if (!View(spec)["completions"].present() && !View(spec)["parallelism"].present()) spec["completions"] = 1;
  default_nil(spec, "parallelism", 1);
  default_nil(spec, "backoffLimit", spec.contains("backoffLimitPerIndex") ? std::numeric_limits<std::int32_t>::max() : 6);
  if (const View labels = View(spec).at("template", "metadata", "labels"); labels.present() && View(object).at("metadata", "labels").empty()) {
    Json copy = labels.json();
    object["metadata"]["labels"] = std::move(copy);
  }
  default_nil(spec, "completionMode", "NonIndexed");
  default_nil(spec, "suspend", false);
  default_nil(spec, "podReplacementPolicy", spec.contains("podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
  default_nil(spec, "manualSelector", false);
}

void cron_job(Json& object) {
  Json& spec = object["spec"];
  default_text(spec, "concurrencyPolicy", "Allow");
  default_nil(spec, "suspend", false);
  default_nil(spec, "successfulJobsHistoryLimit", 3);
  default_nil(spec, "failedJobsHistoryLimit", 1);
}

Json scaling_rules(const View& given, Json rules) {
  for (const char* field : {"selectPolicy", "stabilizationWindowSeconds", "policies", "tolerance"}) {
    if (given.has(field)) rules[field] = given[field].json();
  }
  return rules;
}

Json policy(const char* type, int value) { return {{"type", type}, {"value", value}, {"periodSeconds", 15}}; }

void autoscaler(Json& object) {
  Json& spec = object["spec"];
  default_nil(spec, "minReplicas", 1);
  if (View(spec)["metrics"].empty()) {
    spec["metrics"] = Json::array({{{"type", "Resource"}, {"resource", {{"name", "cpu"}, {"target", {{"type", "Utilization"}, {"averageUtilization", 80}}}}}}});
  }
  if (!spec.contains("behavior")) return;
  Json& behavior = spec["behavior"];
  const Json up = {{"stabilizationWindowSeconds", 0}, {"selectPolicy", "Max"}, {"policies", Json::array({policy("Pods", 4), policy("Percent", 100)})}};
  const Json down = {{"selectPolicy", "Max"}, {"policies", Json::array({policy("Percent", 100)})}};
  behavior["scaleUp"] = scaling_rules(View(behavior)["scaleUp"], up);
  behavior["scaleDown"] = scaling_rules(View(behavior)["scaleDown"], down);
}

}  // namespace

DefaultFunction workload_default_function(std::string_view type_id) {
  static const std::map<std::string_view, DefaultFunction> kTable = {
      {"apps/v1.Deployment", deployment},
      {"apps/v1.DaemonSet", daemon_set},
      {"apps/v1.StatefulSet", stateful_set},
      {"apps/v1.ReplicaSet", replica_set},
      {"batch/v1.Job", job},
      {"batch/v1.CronJob", cron_job},
      {"batch/v1.PodFailurePolicyOnPodConditionsPattern", [](Json& object) { default_text(object, "status", "True"); }},
      {"autoscaling/v2.HorizontalPodAutoscaler", autoscaler},
      {"autoscaling/v1.HorizontalPodAutoscaler", [](Json& object) { default_nil(object["spec"], "minReplicas", 1); }},
  };
  const auto found = kTable.find(type_id);
  return found == kTable.end() ? nullptr : found->second;
}

}  // namespace tandem::cluster::api
