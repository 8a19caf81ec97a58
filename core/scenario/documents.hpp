#pragma once
// YAML and JSON text as trees of nodes that know their place. Built on libyaml's event stream; every limit of
// limits.hpp acts while events arrive, so a hostile file costs no more than an honest one.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/scenario/diagnostics.hpp"

namespace tandem::scenario {

/// How a file is read.
enum class Dialect : std::uint8_t {
  Strict,   ///< our own kinds: no anchors, aliases, merge keys, tags or tabs
  Foreign,  ///< manifests and kind configuration: as kubectl and kind read them, with a warning where Strict would refuse
};

enum class NodeKind : std::uint8_t { Scalar, Sequence, Mapping };
enum class ScalarStyle : std::uint8_t { Plain, SingleQuoted, DoubleQuoted, Literal, Folded };

struct Member;

/// One value of a document. Sequences use `items`, mappings `members` (in file order), scalars `text`.
struct Node {
  NodeKind kind = NodeKind::Scalar;
  ScalarStyle style = ScalarStyle::Plain;
  bool verbatim = false;      ///< scalar stands in the file on one line exactly as in `text`
  std::string text;           ///< scalar after unescaping
  std::string tag;            ///< Foreign: "str", "int", "float", "bool", "null" if the file forces one; else empty
  Place place;
  Place content;              ///< Literal scalars: where the first character of `text` stands; line 0 if unknown
  std::vector<Node> items;
  std::vector<Member> members;

  [[nodiscard]] const Node* find(std::string_view key) const;  ///< nullptr if absent or not a mapping
  [[nodiscard]] bool is_plain() const { return kind == NodeKind::Scalar && style == ScalarStyle::Plain && tag.empty(); }
};

struct Member {
  std::string key;
  Place place;                ///< of the key
  bool merged = false;        ///< came in through a merge key
  Node value;
};

/// Where the byte `offset` of a scalar's text stands in its file; the scalar's own place where that cannot be told.
Place place_in(const Node& scalar, std::size_t offset);
/// "a mapping", "a list", "the text 'x'", "nothing": for Error::found.
std::string describe(const Node& node);

struct ParseOptions {
  Dialect dialect = Dialect::Strict;
  bool tabs_allowed = false;    ///< JSON files may be indented with tabs even when Strict
  std::string file;             ///< names the places
  Place origin;                 ///< embedded text: place of its first character (line 0: the text is a file of its own)
  bool origin_is_exact = true;  ///< false: every place is `origin` itself
  InputLimits limits;
};

/// Every document of the stream, empty ones (no content at all) left out. Errors go to `diagnostics`; after any error the
/// result is empty, because half a document would only lead to misleading errors further on.
std::vector<Node> parse_documents(std::string_view text, const ParseOptions& options, Diagnostics& diagnostics);

/// Dialect and tab rule for one of our own files by its name (".json" allows tabs).
ParseOptions strict_options(const std::string& file, const InputLimits& limits);
ParseOptions foreign_options(const std::string& file, const InputLimits& limits);

}  // namespace tandem::scenario
