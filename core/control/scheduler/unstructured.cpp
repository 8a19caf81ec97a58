#include "core/control/scheduler/unstructured.hpp"

#include <nlohmann/json.hpp>

#include "core/cluster/json.hpp"

namespace tandem::control::scheduler {

std::optional<cluster::LabelSelector> selector_of(const cluster::Unstructured& object, bool plain) {
  if (!object.rest.fields || !object.rest.fields->is_object()) return std::nullopt;
  const nlohmann::json selector = object.rest.fields->value(nlohmann::json::json_pointer("/spec/selector"), nlohmann::json());
  if (!selector.is_object()) return std::nullopt;
  const nlohmann::json document{{"apiVersion", "apps/v1"},
                                {"kind", "ReplicaSet"},
                                {"metadata", {{"name", object.meta.name}}},
                                {"spec", {{"selector", plain ? nlohmann::json{{"matchLabels", selector}} : selector}}}};
  auto read = cluster::from_json<cluster::ReplicaSet>(document);
  if (!read) return std::nullopt;  // the API server refuses such an object
  return *read->spec.selector;
}

std::int64_t status_integer(const cluster::Unstructured& object, std::string_view field) {
  if (!object.rest.fields || !object.rest.fields->is_object()) return 0;
  const nlohmann::json value =
      object.rest.fields->value(nlohmann::json::json_pointer("/status/" + std::string(field)), nlohmann::json());
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

}  // namespace tandem::control::scheduler
