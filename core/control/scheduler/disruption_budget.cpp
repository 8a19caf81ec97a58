#include "core/control/scheduler/disruption_budget.hpp"

#include <nlohmann/json.hpp>

#include "core/cluster/selector.hpp"
#include "core/control/scheduler/unstructured.hpp"

namespace tandem::control::scheduler {

bool DisruptionBudget::protects(const cluster::Pod& pod) const {
  if (pod.meta.labels->empty() || namespace_ != pod.meta.namespace_ || !selector) return false;
  if (selector->match_labels.empty() && selector->match_expressions.empty()) return false;
  return cluster::matches(*selector, *pod.meta.labels) && !disrupted_pods.contains(pod.meta.name);
}

std::optional<DisruptionBudget> disruption_budget_of(const cluster::Unstructured& object) {
  DisruptionBudget budget;
  budget.namespace_ = object.meta.namespace_;
  budget.name = object.meta.name;
  if (!object.rest.fields || !object.rest.fields->is_object()) return budget;
  const auto at = [&](const char* pointer) {
    return object.rest.fields->value(nlohmann::json::json_pointer(pointer), nlohmann::json());
  };
  budget.selector = selector_of(object);
  if (!budget.selector && !at("/spec/selector").is_null()) return std::nullopt;
  budget.disruptions_allowed = status_integer(object, "disruptionsAllowed");
  const nlohmann::json disrupted = at("/status/disruptedPods");
  if (disrupted.is_object()) {
    for (const auto& [name, since] : disrupted.items()) budget.disrupted_pods.insert(name);
  }
  return budget;
}

}  // namespace tandem::control::scheduler
