#pragma once
// Document paths such as "spec.traffic[0].arrivals" or "spec.images[\"web:1.0.0\"].startup" over node trees.

#include <string>
#include <string_view>

#include "core/scenario/documents.hpp"

namespace tandem::scenario {

/// "spec" + "seed" → "spec.seed"; keys that are no plain words are bracketed and quoted.
std::string path_of_key(std::string_view parent, std::string_view key);
std::string path_of_index(std::string_view parent, std::size_t index);

/// The value at `path`, or nullptr.
const Node* node_at(const Node& root, std::string_view path);

/// The place of the value at `path`; where the path leaves the tree, of the deepest value on the way that exists.
/// Keys that contain dots are found without quoting as well, the longest key first.
Place place_at(const Node& root, std::string_view path);

/// Puts `value` at `path` (for --set): replaces what is there, makes missing mappings on the way, appends to a list at the
/// index after its last. Errors: UsageBadArgument, with the part of the path in question.
Status set_at(Node& root, std::string_view path, Node value);

}  // namespace tandem::scenario
