#pragma once
// Objects as the documents that `-o json` and `-o yaml` print.

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace tandem::kubectl {

/// Go's json.MarshalIndent with four blanks: keys in order, `<`, `>` and `&` escaped.
std::string to_json_text(const nlohmann::json& value);

/// sigs.k8s.io/yaml: keys in its natural order, lines of texts folded at 80 columns, texts with line breaks as literal blocks,
/// quotes only where a text would read back as something else.
std::string to_yaml_text(const nlohmann::json& value);

/// The object as kubectl shows it by default: without metadata.managedFields.
nlohmann::json without_managed_fields(nlohmann::json object);

}  // namespace tandem::kubectl
