// HorizontalPodAutoscalers, PodDisruptionBudgets and PriorityClasses.

#include <fmt/format.h>

#include <algorithm>

#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::int64_t kMaxPeriod = 1800;         // seconds
constexpr std::int64_t kMaxStabilization = 3600;  // seconds
constexpr std::int64_t kHighestUserPriority = 1000000000;

struct ReferenceOptions {
  bool allow_empty_group = false;
  bool allow_invalid_version = false;
};

std::string api_version_error(const View& reference, const ReferenceOptions& options) {
  if (options.allow_invalid_version) return {};
  const std::string version = reference["apiVersion"].text();
  const std::size_t slashes = static_cast<std::size_t>(std::count(version.begin(), version.end(), '/'));
  if (slashes > 1) return fmt::format("unexpected GroupVersion string: {}", version);
  if (!options.allow_empty_group && (slashes == 0 || version[0] == '/')) return "apiVersion must specify API group";
  return {};
}

void check_reference(FieldErrors& errors, const View& reference, const FieldPath& path, const ReferenceOptions& options) {
  check_kind_and_name(errors, reference, path);
  if (const std::string objection = api_version_error(reference, options); !objection.empty()) {
    errors.invalid(path / "apiVersion", reference["apiVersion"].text(), objection);
  }
}

void check_target(FieldErrors& errors, const View& target, const FieldPath& path) {
  const std::string type = target["type"].text();
  if (type.empty()) errors.required(path / "type", "must specify a metric target type");
  if (type != "Utilization" && type != "Value" && type != "AverageValue") errors.invalid(path / "type", type, "must be either Utilization, Value, or AverageValue");
  for (const char* field : {"value", "averageValue"}) {
    if (target.has(field) && quantity_of(target[field]).sign() != 1) errors.invalid(path / field, target[field], "must be positive");
  }
  const View utilization = target["averageUtilization"];
  if (utilization.present() && utilization.number() < 1) errors.invalid(path / "averageUtilization", utilization.number(), "must be greater than 0");
}

void check_identifier(FieldErrors& errors, const View& metric, const FieldPath& path) {
  const std::string name = metric["name"].text();
  if (name.empty()) return errors.required(path / "name", "must specify a metric name");
  errors.invalid_each(path / "name", name, path_segment_errors(name));
}

void check_object_source(FieldErrors& errors, const View& source, const FieldPath& path, const ReferenceOptions& options) {
  check_reference(errors, source["describedObject"], path / "describedObject", options);
  check_identifier(errors, source["metric"], path / "metric");
  check_target(errors, source["target"], path / "target");
  const View target = source["target"];
  if (!target.has("value") && !target.has("averageValue")) errors.required(path / "target" / "averageValue", "must set either a target value or averageValue");
}

void check_external_source(FieldErrors& errors, const View& source, const FieldPath& path) {
  check_identifier(errors, source["metric"], path / "metric");
  check_target(errors, source["target"], path / "target");
  const View target = source["target"];
  const bool value = target.has("value");
  const bool average = target.has("averageValue");
  if (!value && !average) errors.required(path / "target" / "averageValue", "must set either a target value for metric or a per-pod target");
  if (value && average) errors.forbidden(path / "target" / "value", "may not set both a target value for metric and a per-pod target");
}

void check_resource_source(FieldErrors& errors, const View& source, const FieldPath& path, bool of_container) {
  const std::string name = source["name"].text();
  if (name.empty()) {
    errors.required(path / "name", "must specify a resource name");
  } else if (of_container) {
    check_container_resource_name(errors, name, path / "name");
  }
  if (of_container) {
    const std::string container = source["container"].text();
    if (container.empty()) {
      errors.required(path / "container", "must specify a container");
    } else {
      errors.invalid_each(path / "container", container, dns1123_label_errors(container));
    }
  }
  check_target(errors, source["target"], path / "target");
  const bool utilization = source["target"].has("averageUtilization");
  const bool value = source["target"].has("averageValue");
  if (!utilization && !value) errors.required(path / "target" / "averageUtilization", "must set either a target raw value or a target utilization");
  if (utilization && value) errors.forbidden(path / "target" / "averageValue", "may not set both a target raw value and a target utilization");
}

void check_source(FieldErrors& errors, const std::string& field, const View& source, const FieldPath& path, const ReferenceOptions& options) {
  if (field == "object") return check_object_source(errors, source, path, options);
  if (field == "external") return check_external_source(errors, source, path);
  if (field == "resource") return check_resource_source(errors, source, path, false);
  if (field == "containerResource") return check_resource_source(errors, source, path, true);
  check_identifier(errors, source["metric"], path / "metric");
  check_target(errors, source["target"], path / "target");
  if (!source["target"].has("averageValue")) errors.required(path / "target" / "averageValue", "must specify a positive target averageValue");
}

void check_metric(FieldErrors& errors, const View& metric, const FieldPath& path, const ReferenceOptions& options) {
  static const std::vector<std::string> kTypes = {"ContainerResource", "External", "Object", "Pods", "Resource"};
  static const std::vector<std::pair<std::string, std::string>> kFields = {
      {"object", "Object"}, {"external", "External"}, {"pods", "Pods"}, {"resource", "Resource"}, {"containerResource", "ContainerResource"}};
  const std::string type = metric["type"].text();
  if (type.empty()) errors.required(path / "type", "must specify a metric source type");
  check_one_of(errors, metric["type"], kTypes, path / "type");
  std::vector<std::string> present;
  for (const auto& [field, name] : kFields) {
    if (!metric.has(field)) continue;
    present.push_back(field);
    if (present.size() == 1) check_source(errors, field, metric[field], path / field, options);
  }
  std::string expected;
  for (const auto& [field, name] : kFields) {
    if (name == type) expected = field;
  }
  if (expected.empty()) {
    errors.not_supported(path / "type", type, kTypes);
  } else if (!metric.has(expected)) {
    errors.required(path / expected, "must populate information for the given metric source");
  }
  if (present.size() == 1) return;
  for (const std::string& field : present) {
    if (field != expected) errors.forbidden(path / field, "must populate the given metric source only");
  }
}

void check_scaling_rules(FieldErrors& errors, const View& rules, const FieldPath& path) {
  if (!rules.present()) return;
  const View window = rules["stabilizationWindowSeconds"];
  if (window.number() < 0) errors.invalid(path / "stabilizationWindowSeconds", window.number(), "must be greater than or equal to zero");
  if (window.number() > kMaxStabilization) errors.invalid(path / "stabilizationWindowSeconds", window.number(), "must be less than or equal to 3600");
  if (rules.has("selectPolicy")) check_one_of(errors, rules["selectPolicy"], {"Disabled", "Max", "Min"}, path / "selectPolicy");
  if (rules["policies"].empty()) errors.required(path / "policies", "must specify at least one Policy");
  std::size_t i = 0;
  for (const View& policy : rules["policies"].items()) {
    const FieldPath at = (path / "policies").index(i++);
    check_one_of(errors, policy["type"], {"Percent", "Pods"}, at / "type");
    if (policy["value"].number() <= 0) errors.invalid(at / "value", policy["value"].number(), "must be greater than zero");
    const std::int64_t period = policy["periodSeconds"].number();
    if (period <= 0) errors.invalid(at / "periodSeconds", period, "must be greater than zero");
    if (period > kMaxPeriod) errors.invalid(at / "periodSeconds", period, "must be less than or equal to 1800");
  }
}

}  // namespace

void check_autoscaler(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  const View before = old["spec"];
  const FieldPath path("spec");
  ReferenceOptions target_options;
  ReferenceOptions metric_options{true, false};
  const View target = spec["scaleTargetRef"];
  if (old.present() && before.at("scaleTargetRef", "apiVersion").text() == target["apiVersion"].text() &&
      before.at("scaleTargetRef", "kind").text() == target["kind"].text()) {
    target_options.allow_invalid_version = true;
  } else if (target["kind"].text() == "ReplicationController") {
    target_options.allow_empty_group = true;
  }
  for (const View& metric : before["metrics"].items()) {
    if (metric["type"].text() == "Object" && metric.has("object") && !api_version_error(metric.at("object", "describedObject"), metric_options).empty()) {
      metric_options.allow_invalid_version = true;
    }
  }
  if (old.present()) {
    check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  } else {
    check_object_meta(errors, object["metadata"], true, name_is_subdomain);
  }
  const View min = spec["minReplicas"];
  const std::int64_t max = spec["maxReplicas"].number();
  const std::int64_t lowest = before.has("minReplicas") && before["minReplicas"].number() == 0 ? 0 : 1;
  if (min.present() && min.number() < lowest) errors.invalid(path / "minReplicas", min.number(), fmt::format("must be greater than or equal to {}", lowest));
  if (max < 1) errors.invalid(path / "maxReplicas", max, "must be greater than 0");
  if (min.present() && max < min.number()) errors.invalid(path / "maxReplicas", max, "must be greater than or equal to `minReplicas`");
  check_reference(errors, target, path / "scaleTargetRef", target_options);
  bool scales_from_zero = false;
  std::size_t i = 0;
  for (const View& metric : spec["metrics"].items()) {
    check_metric(errors, metric, (path / "metrics").index(i++), metric_options);
    scales_from_zero = scales_from_zero || metric["type"].text() == "Object" || metric["type"].text() == "External";
  }
  if (min.present() && min.number() == 0 && !scales_from_zero) {
    errors.forbidden(path / "metrics", "must specify at least one Object or External metric to support scaling to zero replicas");
  }
  check_scaling_rules(errors, spec.at("behavior", "scaleUp"), path / "behavior" / "scaleUp");
  check_scaling_rules(errors, spec.at("behavior", "scaleDown"), path / "behavior" / "scaleDown");
}

void check_disruption_budget(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  const FieldPath path("spec");
  if (spec.has("minAvailable") && spec.has("maxUnavailable")) {
    const BadValue dump = BadValue::raw(go_dump(spec, struct_type("policy/v1.PodDisruptionBudgetSpec")));
    errors.invalid(path, dump, "minAvailable and maxUnavailable cannot be both set");
  }
  for (const char* field : {"minAvailable", "maxUnavailable"}) {
    if (!spec.has(field)) continue;
    check_int_or_percent(errors, spec[field], path / field);
    check_at_most_all(errors, spec[field], path / field);
  }
  FieldErrors of_old;
  check_label_selector(of_old, old.at("spec", "selector"), "");
  check_label_selector(errors, spec["selector"], path / "selector", !of_old.empty());
  if (spec.has("unhealthyPodEvictionPolicy")) {
    check_one_of(errors, spec["unhealthyPodEvictionPolicy"], {"AlwaysAllow", "IfHealthyBudget"}, path / "unhealthyPodEvictionPolicy");
  }
}

void check_priority_class(FieldErrors& errors, const View& object, const View& old) {
  const std::int64_t value = object["value"].number();
  if (old.present()) {
    check_object_meta_update(errors, object["metadata"], old["metadata"], true);
    if (value != old["value"].number()) errors.forbidden("value", "may not be changed in an update.");
    return check_immutable(errors, object["preemptionPolicy"], old["preemptionPolicy"], "preemptionPolicy");
  }
  check_object_meta(errors, object["metadata"], false, name_is_subdomain);
  const std::string name = object.at("metadata", "name").text();
  if (name.starts_with("system-")) {
    const std::int64_t known = name == "system-node-critical" ? 2000001000 : name == "system-cluster-critical" ? 2000000000 : 0;
    std::string objection;
    if (known == 0) objection = fmt::format("{} is not a known system priority class", name);
    if (known != 0 && value != known) objection = fmt::format("value of {} PriorityClass must be {}", name, known);
    if (known != 0 && value == known && object["globalDefault"].flag()) objection = fmt::format("globalDefault of {} PriorityClass must be false", name);
    if (!objection.empty()) {
      errors.forbidden("metadata.name", fmt::format("priority class names with 'system-' prefix are reserved for system use only. error: {}", objection));
    }
  } else if (value > kHighestUserPriority) {
    errors.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
  }
  if (object["preemptionPolicy"].text().empty()) return errors.required("preemptionPolicy");
  check_one_of(errors, object["preemptionPolicy"], {"PreemptLowerPriority", "Never"}, "preemptionPolicy");
}

}  // namespace tandem::cluster::api
