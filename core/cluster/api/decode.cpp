#include "core/cluster/api/decode.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>

#include "core/base/quantity.hpp"
#include "core/cluster/api/field_error.hpp"
#include "core/cluster/api/text_rules.hpp"
#include "core/cluster/api/wire_scalars.hpp"

namespace tandem::cluster::api {

namespace {

/// One walk over a manifest along its Go type, as encoding/json goes: the first wrong value is remembered, the rest is read on.
class Decoder {
 public:
  explicit Decoder(Decoded& out) : out_(out) {}

  Json structure(const Json& in, const StructType& type) {
    if (!in.is_object()) return wrong(in, type.go_name);
    Json object = Json::object();
    const std::string outer = struct_;
    for (const auto& [name, value] : in.items()) {
      const FieldInfo* field = type.find(name);
      if (field == nullptr) {
        out_.unknown_fields.push_back((path_ / name).text());
        continue;
      }
      struct_ = type.short_name();
      fields_.push_back(name);
      Json decoded = descend(path_ / name, [&, &held = value] { return this->value(held, field->type); });
      fields_.pop_back();
      struct_ = outer;
      if (!decoded.is_null()) object[name] = std::move(decoded);
    }
    return object;
  }

 private:
  template <class Body>
  Json descend(FieldPath path, Body body) {
    std::swap(path_, path);
    Json decoded = body();
    std::swap(path_, path);
    return decoded;
  }

  Json value(const Json& in, const FieldType& type) {
    if (in.is_null()) return nullptr;
    switch (type.shape) {
      case Shape::Raw: return in;
      case Shape::Struct: return structure(in, *type.structure);
      case Shape::List: return list(in, type);
      case Shape::Map: return map(in, type);
      case Shape::Text: return in.is_string() ? in : wrong(in, type.go_name);
      case Shape::Boolean: return in.is_boolean() ? in : wrong(in, type.go_name);
      case Shape::Integer32: return integer(in, type, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
      case Shape::Integer64: return integer(in, type, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
      case Shape::IntOrString:
        return in.is_string() ? in : integer(in, type, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max(), true);
      case Shape::Quantity: return quantity(in);
      case Shape::Time: return time(in, type);
      case Shape::Bytes: return bytes(in, type);
    }
    return nullptr;
  }

  Json list(const Json& in, const FieldType& type) {
    if (!in.is_array()) return wrong(in, type.go_name);
    Json decoded = Json::array();
    for (std::size_t i = 0; i < in.size(); ++i) {
      Json item = descend(path_.index(i), [&] { return value(in[i], *type.element); });
      if (item.is_null()) item = zero_value(*type.element);
      decoded.push_back(std::move(item));
    }
    return decoded;
  }

  Json map(const Json& in, const FieldType& type) {
    if (!in.is_object()) return wrong(in, type.go_name);
    Json decoded = Json::object();
    for (const auto& [key, inner] : in.items()) {
      Json item = descend(path_ / key, [&, &held = inner] { return value(held, *type.element); });
      if (item.is_null()) item = zero_value(*type.element);
      decoded[key] = std::move(item);
    }
    return decoded;
  }

  static Json zero_value(const FieldType& type) {
    switch (type.shape) {
      case Shape::Text: case Shape::Bytes: return "";
      case Shape::Integer32: case Shape::Integer64: case Shape::IntOrString: return 0;
      case Shape::Boolean: return false;
      case Shape::Quantity: return "0";
      case Shape::Struct: case Shape::Map: return Json::object();
      case Shape::List: return Json::array();
      case Shape::Time: case Shape::Raw: return nullptr;
    }
    return nullptr;
  }

  Json integer(const Json& in, const FieldType& type, std::int64_t low, std::int64_t high, bool ends = false) {
    if (!in.is_number()) return wrong(in, type.go_name, ends);
    if (in.is_number_unsigned() && in.get<std::uint64_t>() > static_cast<std::uint64_t>(high)) return wrong_number(in, type.go_name, ends);
    if (!in.is_number_integer()) return wrong_number(in, type.go_name, ends);
    const auto number = in.get<std::int64_t>();
    if (number < low || number > high) return wrong_number(in, type.go_name, ends);
    return number;
  }

  Json quantity(const Json& in) {
    const std::string text = trimmed(in.is_string() ? in.get<std::string>() : in.dump());
    if (const auto objection = quantity_error(text)) return refuse(*objection, true);
    return Quantity::parse(text)->text();
  }

  Json time(const Json& in, const FieldType& type) {
    if (!in.is_string()) return wrong(in, type.go_name == "v1.Time" ? "string" : type.go_name, true);
    if (const auto objection = time_error(in.get<std::string>())) return refuse(*objection, true);
    return in;
  }

  Json bytes(const Json& in, const FieldType& type) {
    if (!in.is_string()) return wrong(in, type.go_name);
    if (const auto objection = base64_error(in.get<std::string>())) return refuse(*objection);
    return in;
  }

  Json wrong_number(const Json& in, const std::string& go_type, bool ends) { return mismatch(fmt::format("number {}", in.dump()), go_type, ends); }

  Json wrong(const Json& in, const std::string& go_type, bool ends = false) {
    return mismatch(in.is_object() ? "object" : in.is_array() ? "array" : in.is_boolean() ? "bool" : in.is_string() ? "string" : "number", go_type, ends);
  }

  Json mismatch(const std::string& found, const std::string& go_type, bool ends) {
    if (fields_.empty()) return refuse(fmt::format("json: cannot unmarshal {} into Go value of type {}", found, go_type), ends);
    return refuse(fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}", found, struct_, fmt::join(fields_, "."), go_type), ends);
  }

  /// Go goes on after a wrong type and tells the first one at the end; an error of a type's own reader (quantities, times) ends
  /// the decoding and is told in its place.
  Json refuse(std::string objection, bool ends = false) {
    if (!out_.error || (ends && !ended_)) {
      out_.error = std::move(objection);
      out_.error_path = path_.text();
      ended_ = ends;
    }
    return nullptr;
  }

  Decoded& out_;
  bool ended_ = false;
  FieldPath path_;
  std::string struct_;
  std::vector<std::string> fields_;
};

/// apiVersion and kind, as the serializer finds them before it knows the type.
std::optional<std::string> type_meta_error(const Json& manifest) {
  if (!manifest.is_object()) {
    const char* found = manifest.is_array() ? "array" : manifest.is_string() ? "string" : manifest.is_boolean() ? "bool" : "number";
    return fmt::format("couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value of type struct {{ APIVersion string "
                       "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
                       found);
  }
  for (const char* name : {"apiVersion", "kind"}) {
    const auto value = manifest.find(name);
    if (value == manifest.end() || value->is_null() || value->is_string()) continue;
    const char* found = value->is_object() ? "object" : value->is_array() ? "array" : value->is_boolean() ? "bool" : "number";
    return fmt::format("couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go struct field .{} of type string", found, name);
  }
  const std::string api_version = View(manifest)["apiVersion"].text();
  if (split_text(api_version, '/').size() > 2) return fmt::format("unexpected GroupVersion string: {}", api_version);
  if (View(manifest)["kind"].text().empty()) return fmt::format("Object 'Kind' is missing in '{}'", manifest.dump());
  if (api_version.empty()) return fmt::format("Object 'apiVersion' is missing in '{}'", manifest.dump());
  return std::nullopt;
}

}  // namespace

Decoded decode(const Json& manifest) {
  Decoded decoded;
  decoded.error = type_meta_error(manifest);
  if (decoded.error) return decoded;
  const std::string api_version = manifest.at("apiVersion").get<std::string>();
  const std::string kind = manifest.at("kind").get<std::string>();
  decoded.kind = find_kind(api_version, kind);
  if (decoded.kind == nullptr) {
    // The scheme's name is the place in Kubernetes' source where it is made; it is part of the sentence that users see.
    decoded.error = fmt::format("no kind {} is registered for version {} in scheme \"pkg/runtime/scheme.go:110\"", go_quote(kind), go_quote(api_version));
    return decoded;
  }
  if (decoded.kind->structure == nullptr) {
    decoded.object = manifest;
  } else {
    decoded.object = Decoder(decoded).structure(manifest, *decoded.kind->structure);
  }
  return decoded;
}

std::optional<std::string> strict_error(const Decoded& decoded) {
  if (decoded.unknown_fields.empty()) return std::nullopt;
  std::string list;
  for (const std::string& field : decoded.unknown_fields) list = fmt::format("{}{}unknown field {}", list, list.empty() ? "" : ", ", go_quote(field));
  return fmt::format("strict decoding error: {}", list);
}

}  // namespace tandem::cluster::api
