#pragma once
// The Go types behind Kubernetes' JSON: which fields a struct has, what each one holds, when it is left out.

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::cluster::api {

enum class Shape : std::uint8_t {
  Text,
  Integer32,
  Integer64,
  Boolean,
  Bytes,        ///< base64 text
  List,
  Map,          ///< keys are text
  Struct,
  Quantity,
  Time,
  IntOrString,
  Raw,          ///< any JSON, kept as it is
};

struct StructType;

/// The type of a field, list element or map value.
struct FieldType {
  Shape shape = Shape::Raw;
  bool pointer = false;                      ///< may be nil
  std::string go_name;                       ///< "[]v1.Container", for error texts
  const StructType* structure = nullptr;     ///< Shape::Struct
  std::shared_ptr<const FieldType> element;  ///< Shape::List, Shape::Map
};

struct FieldInfo {
  std::string go_name;
  std::string name;         ///< in JSON
  bool omit_empty = false;  ///< left out when it is the zero value (never a struct)
  FieldType type;
};

struct StructType {
  std::string id;       ///< "core/v1.Container"
  std::string go_name;  ///< "v1.Container"
  std::vector<FieldInfo> fields;  ///< those of inlined structs included, in Go's order
  [[nodiscard]] const FieldInfo* find(std::string_view name) const;
  /// "Container".
  [[nodiscard]] std::string short_name() const;
};

/// What the API server knows of an apiVersion and kind.
struct KindType {
  std::string api_version;
  std::string kind;
  const StructType* structure = nullptr;  ///< nullptr: known, but its fields are not listed here
};

/// nullptr if Kubernetes v1.34 has no such kind in this version.
const KindType* find_kind(std::string_view api_version, std::string_view kind);
/// The apiVersions in which Kubernetes has the kind, sorted.
std::vector<std::string> api_versions_of(std::string_view kind);
/// True if Kubernetes itself serves this group (kinds of other groups are custom resources).
bool is_built_in_group(std::string_view api_version);
/// "core/v1.PodSpec"; CHECKs that it exists.
const StructType& struct_type(std::string_view id);

/// Kubernetes' semantic equality of two values of a struct: an empty list or map equals an absent one, but an empty struct behind
/// a pointer is not an absent one. `exact`: Go's reflect.DeepEqual, for which empty and absent lists differ too.
bool equal_structs(const nlohmann::json& a, const nlohmann::json& b, const StructType& type, bool exact = false);

}  // namespace tandem::cluster::api
