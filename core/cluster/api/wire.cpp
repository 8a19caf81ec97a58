// The way back: typed objects as wire JSON.

#include <fmt/format.h>

#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/field_error.hpp"

namespace tandem::cluster::api {

namespace {

bool is_zero(const Json& value, Shape shape) {
  switch (shape) {
    case Shape::Text: case Shape::Bytes: return value.is_string() && value.get_ref<const std::string&>().empty();
    case Shape::Integer32: case Shape::Integer64: return value.is_number() && value == 0;
    case Shape::Boolean: return value.is_boolean() && !value.get<bool>();
    case Shape::List: case Shape::Map: return value.empty();
    case Shape::Struct: case Shape::Quantity: case Shape::Time: case Shape::IntOrString: case Shape::Raw: return false;
  }
  return false;
}

Json wire_value(const Json& value, const FieldType& type) {
  if (type.shape == Shape::Struct) return to_wire(value, *type.structure);
  if (type.shape == Shape::List) {
    Json list = Json::array();
    for (const Json& item : value) list.push_back(wire_value(item, *type.element));
    return list;
  }
  if (type.shape == Shape::Map) {
    Json map = Json::object();
    for (const auto& [key, item] : value.items()) map[key] = wire_value(item, *type.element);
    return map;
  }
  return value;
}

/// What Go writes for a field that is not set and has no omitempty; nothing for nil.
Json written_zero(const FieldType& type) {
  if (type.pointer) return nullptr;
  switch (type.shape) {
    case Shape::Text: return "";
    case Shape::Integer32: case Shape::Integer64: case Shape::IntOrString: return 0;
    case Shape::Boolean: return false;
    case Shape::Quantity: return "0";
    case Shape::Struct: return to_wire(Json::object(), *type.structure);
    case Shape::List: case Shape::Map: case Shape::Bytes: case Shape::Time: case Shape::Raw: return nullptr;
  }
  return nullptr;
}

std::string dump_value(const View& value, const FieldType& type) {
  if (!value.present()) {
    if (type.pointer || type.shape == Shape::List || type.shape == Shape::Map || type.shape == Shape::Time || type.shape == Shape::Bytes) return "null";
    if (type.shape == Shape::Struct) return go_dump({}, *type.structure);
    return written_zero(type).dump();
  }
  std::string text;
  if (type.shape == Shape::Struct) return go_dump(value, *type.structure);
  if (type.shape == Shape::List) {
    for (const View& item : value.items()) text = fmt::format("{}{}{}", text, text.empty() ? "" : ",", dump_value(item, *type.element));
    return fmt::format("[{}]", text);
  }
  if (type.shape == Shape::Map) {
    for (const auto& [key, item] : value.entries()) {
      text = fmt::format("{}{}{}:{}", text, text.empty() ? "" : ",", Json(key).dump(), dump_value(item, *type.element));
    }
    return fmt::format("{{{}}}", text);
  }
  return value.json().dump();
}

}  // namespace

Json to_wire(const Json& object, const StructType& type) {
  Json wire = Json::object();
  for (const FieldInfo& field : type.fields) {
    const auto found = object.find(field.name);
    if (found == object.end() || found->is_null()) {
      const Shape shape = field.type.shape;
      const bool is_struct_in_go = shape == Shape::Struct || shape == Shape::Quantity || shape == Shape::IntOrString;
      const bool always = !field.omit_empty || (is_struct_in_go && !field.type.pointer);  // omitempty means nothing for structs
      Json zero = always ? written_zero(field.type) : Json();
      if (!zero.is_null()) wire[field.name] = std::move(zero);
      continue;
    }
    if (field.omit_empty && !field.type.pointer && is_zero(*found, field.type.shape)) continue;
    wire[field.name] = wire_value(*found, field.type);
  }
  return wire;
}

/// Types of apimachinery (label selectors, object metadata) carry their tags everywhere; the API's own are dumped by Go name.
std::string go_dump(const View& value, const StructType& type) {
  const bool tagged = type.id.starts_with("meta/");
  std::string text;
  for (const FieldInfo& field : type.fields) {
    const View inner = value[field.name];
    if (tagged && field.omit_empty && (!inner.present() || is_zero(inner.json(), field.type.shape))) continue;
    text = fmt::format("{}{}\"{}\":{}", text, text.empty() ? "" : ",", tagged ? field.name : field.go_name, dump_value(inner, field.type));
  }
  return fmt::format("{{{}}}", text);
}

}  // namespace tandem::cluster::api
