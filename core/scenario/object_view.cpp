// ObjectView: typed reading of what validate() has checked.

#include "core/base/check.hpp"
#include "core/base/parse.hpp"
#include "core/scenario/document_path.hpp"
#include "core/scenario/field_types.hpp"
#include "core/scenario/fields.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/scalars.hpp"

namespace tandem::scenario {

ObjectView::ObjectView(const Node* node, const FieldTable& table, std::string path)
    : node_(node), table_(&table), path_(std::move(path)) {}

const Field& ObjectView::field_of(std::string_view field) const {
  const Field* found = table_->find(field);
  CHECK(found != nullptr, "the table of " + std::string(table_->title) + " has no field " + std::string(field));
  return *found;
}

std::string ObjectView::path_of(std::string_view field) const { return path_of_key(path_, field); }

const Node* ObjectView::node(std::string_view field) const {
  (void)field_of(field);
  return node_ == nullptr ? nullptr : node_->find(field);
}

bool ObjectView::has(std::string_view field) const { return node(field) != nullptr; }

Place ObjectView::place() const { return node_ == nullptr ? Place{} : node_->place; }

Place ObjectView::place(std::string_view field) const {
  const Node* value = node(field);
  return value == nullptr ? place() : value->place;
}

std::optional<std::string> ObjectView::scalar(std::string_view field, FieldType type) const {
  const Field& known = field_of(field);
  CHECK(known.type == type, "the field " + std::string(field) + " of " + std::string(table_->title) + " is read as another type");
  if (const Node* value = node(field)) {
    if (value->kind != NodeKind::Scalar) return std::nullopt;
    return value->text;
  }
  if (known.default_text.empty()) return std::nullopt;
  return std::string(known.default_text);
}

std::string ObjectView::text(std::string_view field) const {
  return scalar(field, field_of(field).type).value_or(std::string());
}

bool ObjectView::boolean(std::string_view field) const {
  const auto text = scalar(field, FieldType::Boolean);
  return text && resolve_foreign(*text).boolean;  // both dialects agree on what validate() let through
}

std::int64_t ObjectView::integer(std::string_view field) const {
  const auto text = scalar(field, FieldType::Integer);
  return text && !text->empty() ? resolve_foreign(*text).integer : 0;
}

double ObjectView::number(std::string_view field) const {
  const auto text = scalar(field, FieldType::Number);
  if (!text) return 0;
  const Scalar value = resolve_strict(*text);
  return value.type == ScalarType::Integer ? static_cast<double>(value.integer) : value.number;
}

SimDuration ObjectView::duration(std::string_view field) const {
  const auto text = scalar(field, FieldType::Duration);
  return text ? parse_duration(*text).value_or(SimDuration{}) : SimDuration{};
}

double ObjectView::rate(std::string_view field) const {
  const auto text = scalar(field, FieldType::Rate);
  return text ? parse_rate(*text).value_or(0.0) : 0.0;
}

std::int64_t ObjectView::bytes(std::string_view field) const {
  const auto text = scalar(field, FieldType::Bytes);
  return text ? parse_bytes(*text).value_or(0) : 0;
}

double ObjectView::bandwidth(std::string_view field) const {
  const auto text = scalar(field, FieldType::Bandwidth);
  return text ? parse_bandwidth(*text).value_or(0.0) : 0.0;
}

std::int64_t ObjectView::growth(std::string_view field) const {
  const auto text = scalar(field, FieldType::Growth);
  return text ? parse_growth(*text).value_or(0) : 0;
}

std::int64_t ObjectView::cpu_milli(std::string_view field) const {
  const auto text = scalar(field, FieldType::Cpu);
  return text ? parse_amount(*text).value_or(Quantity{}).milli_value() : 0;
}

cluster::LabelSelector ObjectView::selector(std::string_view field) const {
  CHECK(field_of(field).type == FieldType::LabelSelector, "not a selector: " + std::string(field));
  const Node* value = node(field);
  return value == nullptr ? cluster::LabelSelector{} : read_selector(*value).value_or(cluster::LabelSelector{});
}

ObjectView ObjectView::object(std::string_view field) const {
  const Field& known = field_of(field);
  CHECK(known.type == FieldType::Object && known.shape == FieldShape::One, "not an object: " + std::string(field));
  return ObjectView(node(field), known.table(), path_of(field));
}

std::vector<const Node*> ObjectView::nodes(std::string_view field) const {
  const Field& known = field_of(field);
  CHECK(known.shape == FieldShape::List || known.shape == FieldShape::OneOrList, "not a list: " + std::string(field));
  std::vector<const Node*> result;
  const Node* value = node(field);
  if (value == nullptr) return result;
  if (value->kind == NodeKind::Sequence) {
    for (const Node& item : value->items) result.push_back(&item);
  } else if (known.shape == FieldShape::OneOrList) {
    result.push_back(value);
  }
  return result;
}

std::vector<ObjectView> ObjectView::objects(std::string_view field) const {
  const Field& known = field_of(field);
  CHECK(known.type == FieldType::Object, "not a list of objects: " + std::string(field));
  std::vector<ObjectView> result;
  const bool single = node(field) != nullptr && node(field)->kind != NodeKind::Sequence;
  for (const Node* item : nodes(field)) {
    result.emplace_back(item, known.table(), single ? path_of(field) : path_of_index(path_of(field), result.size()));
  }
  return result;
}

std::vector<std::string> ObjectView::texts(std::string_view field) const {
  std::vector<std::string> result;
  for (const Node* item : nodes(field)) result.push_back(item->text);
  return result;
}

std::vector<std::pair<std::string, ObjectView>> ObjectView::object_map(std::string_view field) const {
  const Field& known = field_of(field);
  CHECK(known.type == FieldType::Object && known.shape == FieldShape::Map, "not a map of objects: " + std::string(field));
  std::vector<std::pair<std::string, ObjectView>> result;
  const Node* value = node(field);
  if (value == nullptr) return result;
  for (const Member& member : value->members) {
    result.emplace_back(member.key, ObjectView(&member.value, known.table(), path_of_key(path_of(field), member.key)));
  }
  return result;
}

cluster::Labels ObjectView::text_map(std::string_view field) const {
  CHECK(field_of(field).shape == FieldShape::Map, "not a map: " + std::string(field));
  cluster::Labels result;
  const Node* value = node(field);
  if (value == nullptr) return result;
  for (const Member& member : value->members) result[member.key] = member.value.text;
  return result;
}

void report_field(Diagnostics& diagnostics, const ObjectView& view, std::string_view field, ErrorCode code, std::string what, std::string found,
                  std::string allowed, std::string hint) {
  Error error = make_error(code, std::move(what), view.place(field));
  error.path = view.path_of(field);
  error.found = std::move(found);
  error.allowed = std::move(allowed);
  error.hint = std::move(hint);
  diagnostics.error(std::move(error));
}

}  // namespace tandem::scenario
