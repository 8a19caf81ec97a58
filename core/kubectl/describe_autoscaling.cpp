// Autoscalers, disruption budgets and priority classes.

#include <fmt/format.h>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// A metric with the part of status.currentMetrics at the same place; null if there is none.
struct Metric {
  const json& source;
  const json& current;

  [[nodiscard]] std::string now(const char* pointer) const { return current.is_object() ? optional_quantity_text(at(current, pointer)) : "<unknown>"; }
  [[nodiscard]] std::string target(const char* pointer) const { return optional_quantity_text(at(source, pointer)); }
  [[nodiscard]] bool has_average() const { return !at(source, "/target/averageValue").is_null(); }
};

const char* const kAverage = "/current/averageValue";
const char* const kAverageTarget = "/target/averageValue";

/// Behind "resource cpu on pods": an average value, or a share of the requests.
void describe_resource_target(Description& text, const Metric& metric) {
  if (metric.has_average()) return text.line(0, fmt::format(":\t{} / {}", metric.now(kAverage), metric.target(kAverageTarget)));
  const json& share = at(metric.current, "/current/averageUtilization");
  const json& wanted = at(metric.source, "/target/averageUtilization");
  text.line(1, fmt::format("(as a percentage of request):\t{} / {}",
                           share.is_number_integer() ? fmt::format("{}% ({})", share.get<std::int64_t>(), metric.now(kAverage)) : "<unknown>",
                           wanted.is_number_integer() ? fmt::format("{}%", wanted.get<std::int64_t>()) : "<auto>"));
}

void describe_external(Description& text, const Metric& metric) {
  const std::string name = json(text_at(metric.source, "/metric/name")).dump();
  if (metric.has_average()) {
    const bool known = !at(metric.current, kAverage).is_null();
    text.line(1, fmt::format("{} (target average value):\t{} / {}", name, known ? metric.now(kAverage) : "<unknown>", metric.target(kAverageTarget)));
  } else {
    text.line(1, fmt::format("{} (target value):\t{} / {}", name, metric.now("/current/value"), metric.target("/target/value")));
  }
}

void describe_object_metric(Description& text, const Metric& metric) {
  const bool is_average = text_at(metric.source, "/target/type") == "AverageValue";
  text.line(1, fmt::format("\"{}\" on {}/{} (target {}value):\t{} / {}", text_at(metric.source, "/metric/name"), text_at(metric.source, "/describedObject/kind"),
                           text_at(metric.source, "/describedObject/name"), is_average ? "average " : "", metric.now(is_average ? kAverage : "/current/value"),
                           metric.target(is_average ? kAverageTarget : "/target/value")));
}

void describe_metric(Description& text, const json& metric, const json& current) {
  const std::string type = text_at(metric, "/type");
  if (type == "External") return describe_external(text, {at(metric, "/external"), at(current, "/external")});
  if (type == "Object") return describe_object_metric(text, {at(metric, "/object"), at(current, "/object")});
  if (type == "Pods") {
    const Metric pods{at(metric, "/pods"), at(current, "/pods")};
    return text.line(1, fmt::format("{} on pods:\t{} / {}", json(text_at(pods.source, "/metric/name")).dump(), pods.now(kAverage), pods.target(kAverageTarget)));
  }
  if (type == "Resource") {
    const Metric resource{at(metric, "/resource"), at(current, "/resource")};
    text.write(1, fmt::format("resource {} on pods", text_at(resource.source, "/name")));
    return describe_resource_target(text, resource);
  }
  if (type == "ContainerResource") {
    const Metric resource{at(metric, "/containerResource"), at(current, "/containerResource")};
    text.write(1, fmt::format("resource {} of container \"{}\" on pods", text_at(resource.source, "/name"), text_at(resource.source, "/container")));
    return describe_resource_target(text, resource);
  }
  text.line(1, fmt::format("<unknown metric type {}>", json(type).dump()));
}

void describe_direction(Description& text, const char* direction, const json& rules) {
  if (!rules.is_object()) return;
  text.line(1, fmt::format("{}:", direction));
  if (const json& window = at(rules, "/stabilizationWindowSeconds"); window.is_number_integer()) {
    text.line(2, fmt::format("Stabilization Window: {} seconds", window.get<std::int64_t>()));
  }
  const json& policies = list_at(rules, "/policies");
  if (policies.empty()) return;
  const std::string choice = text_at(rules, "/selectPolicy");
  text.line(2, "Select Policy: " + (choice.empty() ? std::string("Max") : choice));
  text.line(2, "Policies:");
  for (const json& policy : policies) {
    text.line(3, fmt::format("- Type: {}\tValue: {}\tPeriod: {} seconds", text_at(policy, "/type"), number_at(policy, "/value"), number_at(policy, "/periodSeconds")));
  }
}

}  // namespace

void describe_horizontal_pod_autoscaler(Description& text, const json& autoscaler, const DescribeContext& context) {
  describe_name(text, autoscaler);
  describe_labels_and_annotations(text, autoscaler);
  text.field(0, "CreationTimestamp", rfc1123_text(at(autoscaler, "/metadata/creationTimestamp")));
  const std::string kind = text_at(autoscaler, "/spec/scaleTargetRef/kind");
  text.field(0, "Reference", fmt::format("{}/{}", kind, text_at(autoscaler, "/spec/scaleTargetRef/name")));
  text.field(0, "Metrics", "( current / target )");
  static const json kNone;
  const json& current = list_at(autoscaler, "/status/currentMetrics");
  std::size_t index = 0;
  for (const json& metric : list_at(autoscaler, "/spec/metrics")) {
    describe_metric(text, metric, index < current.size() ? current[index] : kNone);
    ++index;
  }
  const json& minimum = at(autoscaler, "/spec/minReplicas");
  text.field(0, "Min replicas", minimum.is_number_integer() ? minimum.dump() : "<unset>");
  text.field(0, "Max replicas", std::to_string(number_at(autoscaler, "/spec/maxReplicas")));
  if (const json& behavior = at(autoscaler, "/spec/behavior"); behavior.is_object()) {
    text.line(0, "Behavior:");
    describe_direction(text, "Scale Up", at(behavior, "/scaleUp"));
    describe_direction(text, "Scale Down", at(behavior, "/scaleDown"));
  }
  text.field(0, kind + " pods", fmt::format("{} current / {} desired", number_at(autoscaler, "/status/currentReplicas"), number_at(autoscaler, "/status/desiredReplicas")));
  if (const json& conditions = list_at(autoscaler, "/status/conditions"); !conditions.empty()) {
    text.line(0, "Conditions:");
    text.line(1, "Type\tStatus\tReason\tMessage");
    text.line(1, "----\t------\t------\t-------");
    for (const json& condition : conditions) {
      text.line(1, fmt::format("{}\t{}\t{}\t{}", text_at(condition, "/type"), text_at(condition, "/status"), text_at(condition, "/reason"), text_at(condition, "/message")));
    }
  }
  describe_events_of(text, autoscaler, context);
}

void describe_pod_disruption_budget(Description& text, const json& budget, const DescribeContext& context) {
  describe_name(text, budget);
  const json& minimum = at(budget, "/spec/minAvailable");
  const json& maximum = at(budget, "/spec/maxUnavailable");
  if (!minimum.is_null()) text.field(0, "Min available", int_or_string_text(minimum));
  else if (!maximum.is_null()) text.field(0, "Max unavailable", int_or_string_text(maximum));
  const json& selector = at(budget, "/spec/selector");
  text.field(0, "Selector", selector.is_object() ? selector_text_or_none(selector) : "<unset>");
  text.line(0, "Status:");
  static constexpr std::pair<const char*, const char*> kCounts[] = {{"Allowed disruptions", "/status/disruptionsAllowed"},
                                                                    {"Current", "/status/currentHealthy"},
                                                                    {"Desired", "/status/desiredHealthy"},
                                                                    {"Total", "/status/expectedPods"}};
  for (const auto& [title, pointer] : kCounts) text.field(2, title, std::to_string(number_at(budget, pointer)));
  describe_events_of(text, budget, context);
}

void describe_priority_class(Description& text, const json& priority_class, const DescribeContext& context) {
  const std::string policy = text_at(priority_class, "/preemptionPolicy");
  text.field(0, "Name", text_at(priority_class, "/metadata/name"));
  text.field(0, "Value", std::to_string(number_at(priority_class, "/value")));
  text.field(0, "GlobalDefault", flag_at(priority_class, "/globalDefault") ? "true" : "false");
  text.field(0, "PreemptionPolicy", policy.empty() ? "PreemptLowerPriority" : policy);
  text.field(0, "Description", text_at(priority_class, "/description"));
  text.field(0, "Annotations", labels_text(at(priority_class, "/metadata/annotations")));
  describe_events_of(text, priority_class, context);
}

}  // namespace tandem::kubectl
