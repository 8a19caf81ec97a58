#pragma once
// First half of reading YAML: libyaml's events into an arena that still holds aliases as such. Used by documents.cpp only.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/scenario/documents.hpp"

namespace tandem::scenario::raw {

using Index = std::uint32_t;

struct RawNode {
  NodeKind kind = NodeKind::Scalar;
  ScalarStyle style = ScalarStyle::Plain;
  bool is_alias = false;
  bool verbatim = false;
  Index target = 0;                ///< of an alias
  std::string text;                ///< scalar text, or the alias' name
  std::string tag;                 ///< as the YAML core schema names it without prefix; empty = none
  Place place;
  Place content;
  std::vector<Index> children;     ///< mapping: key, value, key, value, …
};

struct RawStream {
  std::vector<RawNode> nodes;
  std::vector<Index> roots;        ///< one a document
};

/// Reads the whole stream. Syntax errors, limits, and what the dialect forbids go to `diagnostics`.
RawStream read_events(std::string_view text, const ParseOptions& options, Diagnostics& diagnostics);

}  // namespace tandem::scenario::raw
