#include "core/cluster/api/types.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "core/base/check.hpp"
#include "core/cluster/api/text_rules.hpp"

namespace tandem::cluster::api {

namespace {

/// In pieces: compilers need not take literals over 64 KiB.
constexpr std::string_view kTypes[] = {
#include "core/cluster/api/kubernetes_types.inc"
};

/// Every known type, read once from the table.
class Catalogue {
 public:
  Catalogue() {
    std::vector<std::string> lines;
    for (const std::string_view piece : kTypes) {
      const std::vector<std::string> some = split_text(piece, '\n');
      lines.insert(lines.end(), some.begin(), some.end());
    }
    for (const std::string& line : lines) {
      if (line.starts_with("T ")) {
        const std::vector<std::string> words = split_text(line, ' ');
        structs_[words.at(1)] = StructType{words.at(1), words.at(2), {}};
      }
    }
    read_fields(lines);
    for (auto& [id, structure] : structs_) flatten(structure);
  }

  std::vector<KindType> kinds;

  [[nodiscard]] const StructType* find(std::string_view id) const {
    const auto found = structs_.find(id);
    return found == structs_.end() ? nullptr : &found->second;
  }

 private:
  void read_fields(const std::vector<std::string>& lines) {
    StructType* current = nullptr;
    for (const std::string& line : lines) {
      const std::vector<std::string> words = split_text(line, ' ');
      if (words[0] == "K") kinds.push_back({words.at(1), words.at(2), words.at(3) == "-" ? nullptr : &structs_.at(words.at(3))});
      if (words[0] == "T") current = &structs_.at(words.at(1));
      if (words[0] != "F") continue;
      const std::string& flags = words.at(3);
      FieldInfo field{words.at(1), words.at(2), flags.find('o') != std::string::npos, parse(words.at(4))};
      if (flags.find('i') != std::string::npos) field.name = "-";  // marks it for flatten()
      current->fields.push_back(std::move(field));
    }
  }

  /// Replaces inlined structs by their fields.
  void flatten(StructType& structure) {
    std::vector<FieldInfo> flat;
    for (FieldInfo& field : structure.fields) {
      if (field.name == "-" && field.type.shape == Shape::Struct) {
        StructType& inner = structs_.at(field.type.structure->id);
        flatten(inner);
        flat.insert(flat.end(), inner.fields.begin(), inner.fields.end());
      } else {
        flat.push_back(std::move(field));
      }
    }
    structure.fields = std::move(flat);
  }

  FieldType parse(std::string_view text) {
    FieldType type;
    if (text.starts_with('*')) {
      type = parse(text.substr(1));
      type.pointer = true;
      return type;
    }
    if (text.starts_with('@')) {
      const std::size_t end = text.find('@', 1);
      type = parse(text.substr(end + 1));
      type.go_name = text.substr(1, end - 1);
      return type;
    }
    if (text.starts_with("[]") || text.starts_with("map[]")) {
      const bool is_list = text.starts_with("[]");
      FieldType element = parse(text.substr(is_list ? 2 : 5));
      type.go_name = (is_list ? "[]" : "map[string]") + element.go_name;
      if (element.shape == Shape::Bytes && element.go_name == "uint8") {
        type.shape = Shape::Bytes;
        return type;
      }
      type.shape = is_list ? Shape::List : Shape::Map;
      type.element = std::make_shared<const FieldType>(std::move(element));
      return type;
    }
    return text.starts_with('{') ? structure_of(text.substr(1)) : scalar(text);
  }

  FieldType structure_of(std::string_view id) {
    static const std::map<std::string_view, std::pair<Shape, std::string_view>> kSpecial = {
        {"resource.Quantity", {Shape::Quantity, "resource.Quantity"}}, {"meta/v1.Time", {Shape::Time, "v1.Time"}},
        {"meta/v1.MicroTime", {Shape::Time, "v1.MicroTime"}},          {"intstr.IntOrString", {Shape::IntOrString, "int32"}},
        {"runtime.RawExtension", {Shape::Raw, "runtime.RawExtension"}}, {"meta/v1.FieldsV1", {Shape::Raw, "v1.FieldsV1"}}};
    FieldType type;
    if (const auto special = kSpecial.find(id); special != kSpecial.end()) {
      type.shape = special->second.first;
      type.go_name = special->second.second;
      return type;
    }
    type.structure = &structs_.at(std::string(id));
    type.shape = Shape::Struct;
    type.go_name = type.structure->go_name;
    return type;
  }

  static FieldType scalar(std::string_view text) {
    static const std::map<std::string_view, Shape> kShapes = {
        {"string", Shape::Text}, {"int32", Shape::Integer32}, {"int64", Shape::Integer64}, {"bool", Shape::Boolean}, {"uint8", Shape::Bytes}};
    const std::size_t equals = text.find('=');
    FieldType type;
    type.shape = kShapes.at(text.substr(0, equals));
    type.go_name = text.substr(equals + 1);
    return type;
  }

  std::map<std::string, StructType, std::less<>> structs_;
};

const Catalogue& catalogue() {
  static const Catalogue one;
  return one;
}

}  // namespace

const FieldInfo* StructType::find(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const FieldInfo& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

std::string StructType::short_name() const { return go_name.substr(go_name.find('.') + 1); }

const KindType* find_kind(std::string_view api_version, std::string_view kind) {
  const std::vector<KindType>& kinds = catalogue().kinds;
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const KindType& one) { return one.api_version == api_version && one.kind == kind; });
  return found == kinds.end() ? nullptr : &*found;
}

std::vector<std::string> api_versions_of(std::string_view kind) {
  std::vector<std::string> versions;
  for (const KindType& one : catalogue().kinds) {
    if (one.kind == kind) versions.push_back(one.api_version);
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

bool is_built_in_group(std::string_view api_version) {
  const auto group_of = [](std::string_view text) { return text.substr(0, text.find('/') == std::string_view::npos ? 0 : text.find('/')); };
  const std::string_view group = group_of(api_version);
  const std::vector<KindType>& kinds = catalogue().kinds;
  return std::any_of(kinds.begin(), kinds.end(), [&](const KindType& one) { return group_of(one.api_version) == group; });
}

const StructType& struct_type(std::string_view id) {
  const StructType* found = catalogue().find(id);
  CHECK(found != nullptr, "a type of the generated table");
  return *found;
}

namespace {

const nlohmann::json& member(const nlohmann::json& object, const std::string& name) {
  static const nlohmann::json kAbsent;
  if (!object.is_object()) return kAbsent;
  const auto found = object.find(name);
  return found == object.end() ? kAbsent : *found;
}

bool is_zero(const nlohmann::json& value) {
  return value.is_null() || value == "" || value == 0 || value == false || (value.is_structured() && value.empty());
}

bool equal_values(const nlohmann::json& a, const nlohmann::json& b, const FieldType& type, bool exact) {
  if (type.pointer && a.is_null() != b.is_null()) return false;
  if (type.shape == Shape::Struct) return equal_structs(a, b, *type.structure, exact);
  if (type.shape != Shape::List && type.shape != Shape::Map) return a == b || (!type.pointer && is_zero(a) && is_zero(b));
  if (exact && a.is_null() != b.is_null()) return false;
  if (a.size() != b.size()) return false;
  if (type.shape == Shape::List) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!equal_values(a[i], b[i], *type.element, exact)) return false;
    }
    return true;
  }
  for (const auto& [key, value] : a.items()) {
    if (!b.contains(key) || !equal_values(value, b[key], *type.element, exact)) return false;
  }
  return true;
}

}  // namespace

bool equal_structs(const nlohmann::json& a, const nlohmann::json& b, const StructType& type, bool exact) {
  return std::all_of(type.fields.begin(), type.fields.end(),
                     [&](const FieldInfo& field) { return equal_values(member(a, field.name), member(b, field.name), field.type, exact); });
}

}  // namespace tandem::cluster::api
