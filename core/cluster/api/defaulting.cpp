// The walk over an object: as in Kubernetes' generated code, a struct's own defaults come before those of its fields.

#include "core/cluster/api/defaulting.hpp"

#include "core/cluster/api/default_functions.hpp"
#include "core/cluster/api/resources.hpp"

namespace tandem::cluster::api {

namespace {

void walk(Json& value, const FieldType& type);

void walk_struct(Json& object, const StructType& type) {
  for (const FieldInfo& field : type.fields) {
    // Structs held by value always exist in Go; their defaults apply even where the manifest does not name them.
    if (field.type.shape == Shape::Struct && !field.type.pointer && !object.contains(field.name)) object[field.name] = Json::object();
  }
  if (const DefaultFunction function = default_function(type.id)) function(object);
  for (const FieldInfo& field : type.fields) {
    if (const auto found = object.find(field.name); found != object.end()) walk(*found, field.type);
  }
}

void round_up_to_milli(Json& list) {
  for (auto& [name, text] : list.items()) {
    const Quantity quantity = quantity_of(View(text));
    text = rounded_to_milli(quantity).text();
  }
}

void walk(Json& value, const FieldType& type) {
  if (value.is_null()) return;
  if (type.shape == Shape::Struct) return walk_struct(value, *type.structure);
  if (type.shape == Shape::Map && type.go_name == "v1.ResourceList") return round_up_to_milli(value);
  if (type.shape == Shape::List || type.shape == Shape::Map) {
    for (Json& item : value) walk(item, *type.element);
  }
}

}  // namespace

void apply_defaults(Json& object, const StructType& type) { walk_struct(object, type); }

}  // namespace tandem::cluster::api
