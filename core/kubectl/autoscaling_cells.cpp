// The cells of autoscalers, disruption budgets and priority classes.

#include <fmt/format.h>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// At most this many metrics are listed.
constexpr std::size_t kListedMetrics = 2;

/// The part of a metric's spec or status that its type names: "resource" of {type: Resource, resource: …}.
const char* source_of(const std::string& type) {
  if (type == "External") return "/external";
  if (type == "Pods") return "/pods";
  if (type == "Object") return "/object";
  if (type == "Resource") return "/resource";
  return type == "ContainerResource" ? "/containerResource" : nullptr;
}

std::string percent_or(const json& value, const char* otherwise) {
  return value.is_number_integer() ? fmt::format("{}%", value.get<std::int64_t>()) : otherwise;
}

/// "cpu: 33%/80%", "200Mi/128Mi": `current` is the part of status.currentMetrics at the same place, or null.
std::string metric_text(const std::string& type, const json& source, const json& current) {
  const json& target = at(source, "/target");
  const json& average = at(target, "/averageValue");
  const auto now = [&](const char* pointer) { return current.is_null() ? std::string("<unknown>") : optional_quantity_text(at(current, pointer)); };
  if (type == "Pods") return fmt::format("{}/{}", now("/current/averageValue"), optional_quantity_text(average));
  if (type == "External" || type == "Object") {
    if (average.is_null()) return fmt::format("{}/{}", now("/current/value"), optional_quantity_text(at(target, "/value")));
    const bool known = !at(current, "/current/averageValue").is_null();
    return fmt::format("{}/{} (avg)", known ? now("/current/averageValue") : "<unknown>", optional_quantity_text(average));
  }
  const std::string name = text_at(source, "/name");
  if (!average.is_null()) return fmt::format("{}: {}/{}", name, now("/current/averageValue"), optional_quantity_text(average));
  return fmt::format("{}: {}/{}", name, percent_or(at(current, "/current/averageUtilization"), "<unknown>"),
                     percent_or(at(target, "/averageUtilization"), "<auto>"));
}

std::string targets_cell(const json& autoscaler) {
  const json& metrics = list_at(autoscaler, "/spec/metrics");
  const json& current = list_at(autoscaler, "/status/currentMetrics");
  if (metrics.empty()) return "<none>";
  static const json kNone;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < metrics.size() && i < kListedMetrics; ++i) {
    const std::string type = text_at(metrics[i], "/type");
    const char* source = source_of(type);
    if (source == nullptr) texts.emplace_back("<unknown type>");
    else texts.push_back(metric_text(type, at(metrics[i], source), i < current.size() ? at(current[i], source) : kNone));
  }
  const std::string text = joined(texts, ", ");
  return metrics.size() > kListedMetrics ? fmt::format("{} + {} more...", text, metrics.size() - kListedMetrics) : text;
}

}  // namespace

Cells horizontal_pod_autoscaler_columns(bool /*wide*/) { return {"NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"}; }

Cells horizontal_pod_autoscaler_cells(const json& autoscaler, const GetOptions& options) {
  const json& minimum = at(autoscaler, "/spec/minReplicas");
  return {text_at(autoscaler, "/metadata/name"),
          fmt::format("{}/{}", text_at(autoscaler, "/spec/scaleTargetRef/kind"), text_at(autoscaler, "/spec/scaleTargetRef/name")),
          targets_cell(autoscaler),
          minimum.is_number_integer() ? minimum.dump() : "<unset>",
          std::to_string(number_at(autoscaler, "/spec/maxReplicas")),
          std::to_string(number_at(autoscaler, "/status/currentReplicas")),
          age_cell(autoscaler, options)};
}

Cells pod_disruption_budget_columns(bool /*wide*/) { return {"NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE"}; }

Cells pod_disruption_budget_cells(const json& budget, const GetOptions& options) {
  const auto bound = [&](const char* pointer) {
    const json& value = at(budget, pointer);
    return value.is_null() ? std::string("N/A") : int_or_string_text(value);
  };
  return {text_at(budget, "/metadata/name"), bound("/spec/minAvailable"), bound("/spec/maxUnavailable"),
          std::to_string(number_at(budget, "/status/disruptionsAllowed")), age_cell(budget, options)};
}

Cells priority_class_columns(bool /*wide*/) { return {"NAME", "VALUE", "GLOBAL-DEFAULT", "AGE", "PREEMPTIONPOLICY"}; }

Cells priority_class_cells(const json& priority_class, const GetOptions& options) {
  const std::string policy = text_at(priority_class, "/preemptionPolicy");
  Cells cells = {text_at(priority_class, "/metadata/name"), std::to_string(number_at(priority_class, "/value")),
                 flag_at(priority_class, "/globalDefault") ? "true" : "false", age_cell(priority_class, options)};
  // The API server fills in this default.
  cells.push_back(policy.empty() ? "PreemptLowerPriority" : policy);
  return cells;
}

}  // namespace tandem::kubectl
