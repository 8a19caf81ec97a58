// validate(): a node tree against a field table.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "core/scenario/check_expression.hpp"
#include "core/scenario/document_path.hpp"
#include "core/scenario/field_types.hpp"
#include "core/scenario/fields.hpp"
#include "core/scenario/notations.hpp"

namespace tandem::scenario {
namespace {

class Validator {
 public:
  Validator(Dialect dialect, Diagnostics& diagnostics) : dialect_(dialect), diagnostics_(diagnostics) {}

  void object(const Node& node, const FieldTable& table, const std::string& path) {
    if (node.kind != NodeKind::Mapping) {
      return report(make_error(ErrorCode::ValueType, fmt::format("{} is a mapping", table.title), node.place)
                        .with_found(describe(node))
                        .with_allowed("a mapping with the fields " + names_of(table)),
                    path);
    }
    for (const Member& member : node.members) {
      if (diagnostics_.full()) return;
      const Field* field = table.find(member.key);
      if (field == nullptr) {
        unknown_field(member, table, path);
      } else {
        shape(*field, member.value, path_of_key(path, member.key));
      }
    }
    presence(node, table, path);
  }

 private:
  void report(Error error, const std::string& path) {
    error.path = path;
    diagnostics_.error(std::move(error));
  }

  static std::string names_of(const FieldTable& table) {
    std::string names;
    for (const Field& field : table.fields) names += (names.empty() ? "" : ", ") + std::string(field.name);
    return names;
  }

  void unknown_field(const Member& member, const FieldTable& table, const std::string& path) {
    std::vector<std::string_view> known;
    for (const Field& field : table.fields) known.push_back(field.name);
    const std::string nearest = nearest_name(member.key, known);
    report(make_error(ErrorCode::ValueUnknownField, fmt::format("{} has no such field", table.title), member.place)
               .with_found(escape_for_terminal(member.key, 80))
               .with_allowed(names_of(table))
               .with_hint(nearest.empty() ? "remove it" : fmt::format("did you mean {}?", nearest)),
           path_of_key(path, member.key));
  }

  void presence(const Node& node, const FieldTable& table, const std::string& path) {
    for (const Field& field : table.fields) {
      if (!field.required || node.find(field.name) != nullptr) continue;
      report(make_error(ErrorCode::ValueMissing, fmt::format("{} needs the field {}", table.title, field.name), node.place)
                 .with_allowed(type_words(field))
                 .with_hint(field.example.empty() ? std::string() : fmt::format("for example {}: {}", field.name, field.example)),
             path_of_key(path, field.name));
    }
    for (const auto& group : table.exactly_one) one_of(node, table, group, true, path);
    for (const auto& group : table.at_most_one) one_of(node, table, group, false, path);
    for (const auto& [field, partner] : table.needs) partner_of(node, field, partner, path);
    for (const FieldCase& one : table.cases) field_case(node, one, path);
  }

  void field_case(const Node& node, const FieldCase& one, const std::string& path) {
    const Node* value = node.find(one.field);
    if (value == nullptr || value->kind != NodeKind::Scalar || !contains(one.values, value->text)) return;
    for (const std::string_view needed : one.needs) {
      if (node.find(needed) != nullptr) continue;
      report(make_error(ErrorCode::ValueMissing, fmt::format("{} {} needs the field {}", one.field, value->text, needed), value->place)
                 .with_allowed(fmt::format("{} beside {}", needed, one.field)),
             path_of_key(path, one.field));
    }
    for (const std::string_view forbidden : one.forbids) {
      const Node* there = node.find(forbidden);
      if (there == nullptr) continue;
      report(make_error(ErrorCode::ValueConflict, fmt::format("{} has no meaning with {} {}", forbidden, one.field, value->text), there->place)
                 .with_found(std::string(forbidden))
                 .with_allowed("no such field"),
             path_of_key(path, forbidden));
    }
    const Node* restricted = one.restricted.empty() ? nullptr : node.find(one.restricted);
    if (restricted == nullptr || restricted->kind != NodeKind::Scalar || contains(one.to, restricted->text)) return;
    report(make_error(ErrorCode::ValueNotAllowed, fmt::format("{} {} has no such {}", one.field, value->text, one.restricted), restricted->place)
               .with_found(describe(*restricted))
               .with_allowed(fmt::format("{}", fmt::join(one.to, ", "))),
           path_of_key(path, one.restricted));
  }

  static bool contains(const std::vector<std::string_view>& words, std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

  void one_of(const Node& node, const FieldTable& table, const std::vector<std::string_view>& group, bool needed, const std::string& path) {
    std::vector<const Member*> present;
    std::string names;
    for (const std::string_view name : group) names += (names.empty() ? "" : ", ") + std::string(name);
    for (const Member& member : node.members) {
      if (std::find(group.begin(), group.end(), member.key) != group.end()) present.push_back(&member);
    }
    if (present.empty() && needed) {
      report(make_error(ErrorCode::ValueMissing, fmt::format("{} says nothing of what it is for", table.title), node.place)
                 .with_allowed("exactly one of " + names),
             path);
    }
    if (present.size() > 1) {
      report(make_error(ErrorCode::ValueConflict, fmt::format("{} has two fields of which one excludes the other", table.title),
                        present[1]->place)
                 .with_found(present[0]->key + " and " + present[1]->key)
                 .with_allowed(fmt::format("{} one of {}", needed ? "exactly" : "at most", names)),
             path_of_key(path, present[1]->key));
    }
  }

  void partner_of(const Node& node, std::string_view field, std::string_view partner, const std::string& path) {
    const Node* value = node.find(field);
    if (value == nullptr || node.find(partner) != nullptr) return;
    report(make_error(ErrorCode::ValueMissing, fmt::format("{} is used together with {}", field, partner), value->place)
               .with_allowed(fmt::format("{} beside {}", partner, field)),
           path_of_key(path, field));
  }

  void shape(const Field& field, const Node& node, const std::string& path) {
    switch (field.shape) {
      case FieldShape::One: return value(field, node, path);
      case FieldShape::OneOrList:
        if (node.kind != NodeKind::Sequence) return value(field, node, path);
        return list(field, node, path);
      case FieldShape::List:
        if (node.kind == NodeKind::Sequence) return list(field, node, path);
        return report(make_error(ErrorCode::ValueType, fmt::format("{} is a list", field.name), node.place)
                          .with_found(describe(node))
                          .with_allowed("a list of " + type_words(field))
                          .with_hint("put the value into brackets: [ ]"),
                      path);
      case FieldShape::Map: return map(field, node, path);
    }
  }

  void list(const Field& field, const Node& node, const std::string& path) {
    if (field.unique) no_value_twice(field, node, path);
    for (std::size_t i = 0; i < node.items.size() && !diagnostics_.full(); ++i) value(field, node.items[i], path_of_index(path, i));
  }

  void no_value_twice(const Field& field, const Node& node, const std::string& path) {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < node.items.size() && !diagnostics_.full(); ++i) {
      const Node& item = node.items[i];
      if (item.kind != NodeKind::Scalar || seen.insert(item.text).second) continue;
      report(make_error(ErrorCode::ValueDuplicateName, fmt::format("{} has the same value twice", field.name), item.place).with_found(describe(item)), path_of_index(path, i));
    }
  }

  void map(const Field& field, const Node& node, const std::string& path) {
    if (node.kind != NodeKind::Mapping) {
      return report(make_error(ErrorCode::ValueType, fmt::format("{} is a mapping", field.name), node.place)
                        .with_found(describe(node))
                        .with_allowed("a mapping from names to " + type_words(field)),
                    path);
    }
    Field key_field = field;
    key_field.type = field.key_type;
    for (const Member& member : node.members) {
      if (diagnostics_.full()) return;
      Node key;
      key.text = member.key;
      key.style = ScalarStyle::DoubleQuoted;  // a key is always text
      if (const Status status = check_scalar(key_field, key, dialect_); !status) {
        Error error = status.error();
        error.place = member.place;
        report(std::move(error), path_of_key(path, member.key));
      }
      value(field, member.value, path_of_key(path, member.key));
    }
  }

  void value(const Field& field, const Node& node, const std::string& path) {
    if (field.type == FieldType::Anything) return;
    if (field.type == FieldType::Object) return object(node, field.table(), path);
    if (field.type == FieldType::LabelSelector) {
      if (const auto selector = read_selector(node); !selector) report(selector.error(), path);
      return;
    }
    if (const Status status = check_scalar(field, node, dialect_); !status) {
      Error error = status.error();
      // Errors of the check language know their column inside the text.
      error.place = error.place.column != 0 ? place_in(node, error.place.column - 1) : node.place;
      report(std::move(error), path);
    }
  }

  Dialect dialect_;
  Diagnostics& diagnostics_;
};

}  // namespace

const Field* FieldTable::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

void validate(const Node& node, const FieldTable& table, std::string_view path, Dialect dialect, Diagnostics& diagnostics) {
  Validator(dialect, diagnostics).object(node, table, std::string(path));
}

}  // namespace tandem::scenario
