#include "core/scenario/document_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/scenario/scalars.hpp"

namespace tandem::scenario {
namespace {

nlohmann::json scalar_to_json(const Node& node, Dialect dialect, Diagnostics& diagnostics) {
  const Scalar scalar = resolve(node, dialect);
  if (scalar.out_of_range) {
    diagnostics.error(make_error(scalar.type == ScalarType::Float ? ErrorCode::ValueNotFinite : ErrorCode::ValueOutOfRange, "a number that JSON cannot carry", node.place)
                          .with_found(escape_for_terminal(node.text, 80))
                          .with_allowed("whole numbers of 64 bits, finite fractions")
                          .with_hint("quote it if it is meant as text"));
    return nullptr;
  }
  const bool forced_wrong = (node.tag == "int" && scalar.type != ScalarType::Integer) ||
                            (node.tag == "float" && scalar.type != ScalarType::Integer && scalar.type != ScalarType::Float) ||
                            (node.tag == "bool" && scalar.type != ScalarType::Boolean) ||
                            (node.tag == "null" && scalar.type != ScalarType::Null);
  if (forced_wrong) {
    diagnostics.error(make_error(ErrorCode::SyntaxTag, "a value that does not fit its tag", node.place)
                          .with_found(escape_for_terminal(node.text, 80))
                          .with_allowed("a value of type " + node.tag));
    return nullptr;
  }
  if (dialect == Dialect::Foreign && !scalar.oddity.empty()) {
    diagnostics.warning(make_error(ErrorCode::ValueType, std::string(scalar.oddity) + ", which a strict reader refuses", node.place)
                            .with_found(escape_for_terminal(node.text, 80))
                            .with_hint("write it plainly, or quote it if it is meant as text"));
  }
  switch (scalar.type) {
    case ScalarType::Null: return nullptr;
    case ScalarType::Boolean: return scalar.boolean;
    case ScalarType::Integer: return scalar.integer;
    case ScalarType::Float: return scalar.number;
    case ScalarType::Text: return node.text;
  }
  return nullptr;
}

}  // namespace

nlohmann::json to_json(const Node& node, Dialect dialect, Diagnostics& diagnostics) {
  if (node.kind == NodeKind::Scalar) return scalar_to_json(node, dialect, diagnostics);
  if (node.kind == NodeKind::Sequence) {
    nlohmann::json list = nlohmann::json::array();
    for (const Node& item : node.items) list.push_back(to_json(item, dialect, diagnostics));
    return list;
  }
  nlohmann::json object = nlohmann::json::object();
  for (const Member& member : node.members) object[member.key] = to_json(member.value, dialect, diagnostics);
  return object;
}

}  // namespace tandem::scenario
