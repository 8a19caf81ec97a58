#pragma once
// What YAML 1.1, as go-yaml reads it, takes a plain scalar for; and the order of keys in its documents.

#include <string_view>

namespace tandem::kubectl {

/// The text, written without quotes, is a text again: no boolean, null, number, time or number to base 60.
bool reads_back_as_text(std::string_view text);

/// go-yaml's natural order of keys: letters after other characters, runs of digits by their value. Not transitive for keys like
/// "9", "10" and "1x": sort by insertion, as go-yaml's few keys are.
bool yaml_key_less(std::string_view a, std::string_view b);

}  // namespace tandem::kubectl
