#pragma once
// Field tables: one description of a kind, from which come the strict loader's checks, its defaults, and the JSON Schema.
// A table is data; validate() applies it to a document, ObjectView reads checked values, schema.hpp writes the schema.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/cluster/objects.hpp"
#include "core/scenario/diagnostics.hpp"
#include "core/scenario/documents.hpp"

namespace tandem::scenario {

enum class FieldType : std::uint8_t {
  Text,           ///< any text, quoted where it looks like a number
  Name,           ///< DNS-1123 label
  ObjectName,     ///< DNS-1123 subdomain: names of nodes
  Path,           ///< file below the scenario folder
  Choice,         ///< one of `allowed`
  Boolean,
  Integer,
  Number,
  Duration,       ///< "250ms"
  Rate,           ///< "200/s"
  Bytes,          ///< "120Mi"
  Bandwidth,      ///< "100Mbit/s"
  Growth,         ///< "1Mi/s"
  Cpu,            ///< cores: 2, 0.5, "500m"
  Quantity,       ///< any Kubernetes quantity ≥ 0
  Cidr,           ///< IPv4 range "10.244.0.0/16"
  ImageReference, ///< "web:1.0.0"
  UrlPath,        ///< "/chat/x?y=z"
  RoutePattern,   ///< "/", "/chat/*"
  ServiceReference,  ///< "service/web", "service/shop/web"
  LabelKey,       ///< qualified name
  LabelValue,
  LabelSelector,  ///< {app: web}, {matchLabels: …, matchExpressions: …} or "app=web,tier!=db"
  Condition,      ///< check language
  Moment,         ///< a time or a condition
  Metric,         ///< "http_req_failed{traffic:users}"
  Threshold,      ///< "rate<0.01"
  Anything,       ///< read by its own reader (foreign structures)
  Object,         ///< `table`
};

enum class FieldShape : std::uint8_t { One, List, OneOrList, Map };

struct FieldTable;

struct Field {
  std::string_view name;
  FieldType type = FieldType::Text;
  FieldShape shape = FieldShape::One;
  bool required = false;
  std::string_view default_text = {};            ///< as written in YAML; empty: no default, the field is simply absent
  std::vector<std::string_view> allowed = {};    ///< Choice
  double minimum = -std::numeric_limits<double>::infinity();  ///< Integer, Number, Cpu in cores, Bytes, Growth in bytes per second, Rate per second, Duration in ns
  double maximum = std::numeric_limits<double>::infinity();
  std::string_view description = {};
  std::string_view example = {};                 ///< YAML text
  const FieldTable& (*table)() = nullptr;        ///< Object
  FieldType key_type = FieldType::Text;          ///< Map: what the keys are
  bool unique = false;                           ///< List: no value twice
};

/// What the value of one field means for others: where `field` is written as one of `values`, every field of `needs` is there,
/// none of `forbids` is, and `restricted`, if it is there, is one of `to`.
struct FieldCase {
  std::string_view field;
  std::vector<std::string_view> values;
  std::vector<std::string_view> needs = {};
  std::vector<std::string_view> forbids = {};
  std::string_view restricted = {};
  std::vector<std::string_view> to = {};
};

struct FieldTable {
  std::string_view title;                        ///< "a traffic source": used in messages
  std::string_view description;
  std::vector<Field> fields;
  std::vector<std::vector<std::string_view>> exactly_one = {};  ///< of these fields exactly one is present
  std::vector<std::vector<std::string_view>> at_most_one = {};
  std::vector<std::pair<std::string_view, std::string_view>> needs = {};  ///< the first is only there together with the second
  std::vector<FieldCase> cases = {};

  [[nodiscard]] const Field* find(std::string_view name) const;
};

/// Checks a node against a table, all the way down: unknown fields with the nearest known name, missing and contradicting
/// ones, types, ranges, notations. Everything wrong is reported once, with place and path, until `diagnostics` is full:
/// then the rest has not been looked at.
void validate(const Node& node, const FieldTable& table, std::string_view path, Dialect dialect, Diagnostics& diagnostics);

/// One checked scalar as text for its parser. Errors as validate reports them, without place and path.
Status check_scalar(const Field& field, const Node& node, Dialect dialect);

/// Reads values of an object that validate() found clean. Absent fields yield the table's default; asking for a field the
/// table does not have, or as a type it is not, is a defect (CHECK). Invalid values yield zero: validate() has reported them.
class ObjectView {
 public:
  ObjectView(const Node* node, const FieldTable& table, std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path_of(std::string_view field) const;
  [[nodiscard]] bool has(std::string_view field) const;
  /// Place of the field's value; of the object if it is absent.
  [[nodiscard]] Place place(std::string_view field) const;
  [[nodiscard]] Place place() const;
  [[nodiscard]] const Node* node(std::string_view field) const;

  [[nodiscard]] std::string text(std::string_view field) const;
  [[nodiscard]] bool boolean(std::string_view field) const;
  [[nodiscard]] std::int64_t integer(std::string_view field) const;
  [[nodiscard]] double number(std::string_view field) const;
  [[nodiscard]] SimDuration duration(std::string_view field) const;
  [[nodiscard]] double rate(std::string_view field) const;
  [[nodiscard]] std::int64_t bytes(std::string_view field) const;
  [[nodiscard]] double bandwidth(std::string_view field) const;
  [[nodiscard]] std::int64_t growth(std::string_view field) const;
  [[nodiscard]] std::int64_t cpu_milli(std::string_view field) const;
  [[nodiscard]] cluster::LabelSelector selector(std::string_view field) const;
  [[nodiscard]] ObjectView object(std::string_view field) const;             ///< absent: a view of an empty object

  /// List and OneOrList fields.
  [[nodiscard]] std::vector<ObjectView> objects(std::string_view field) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view field) const;
  [[nodiscard]] std::vector<const Node*> nodes(std::string_view field) const;
  /// Map fields, in file order.
  [[nodiscard]] std::vector<std::pair<std::string, ObjectView>> object_map(std::string_view field) const;
  [[nodiscard]] cluster::Labels text_map(std::string_view field) const;

 private:
  [[nodiscard]] const Field& field_of(std::string_view field) const;
  /// Text of the value, or of the default; nullopt if there is neither.
  [[nodiscard]] std::optional<std::string> scalar(std::string_view field, FieldType type) const;

  const Node* node_;
  const FieldTable* table_;
  std::string path_;
};

/// Reports an error about a field of a view, with its place and path.
void report_field(Diagnostics& diagnostics, const ObjectView& view, std::string_view field, ErrorCode code, std::string what, std::string found,
                  std::string allowed, std::string hint = {});

}  // namespace tandem::scenario
