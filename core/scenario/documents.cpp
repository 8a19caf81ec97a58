#include "core/scenario/documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/text.hpp"
#include "core/scenario/raw_document.hpp"
#include "core/scenario/scalars.hpp"
#include "core/scenario/text_rules.hpp"

namespace tandem::scenario {
namespace {

/// Second half of reading: the arena of raw nodes becomes a tree, aliases and merge keys written out within the budget.
class TreeBuilder {
 public:
  TreeBuilder(const raw::RawStream& stream, const ParseOptions& options, Diagnostics& diagnostics)
      : stream_(stream), options_(options), diagnostics_(diagnostics) {}

  std::vector<Node> build() {
    std::vector<Node> documents;
    for (const raw::Index root : stream_.roots) {
      const raw::RawNode& node = stream_.nodes[root];
      const bool empty = node.kind == NodeKind::Scalar && node.style == ScalarStyle::Plain && node.text.empty() && !node.is_alias;
      if (!empty) documents.push_back(build_node(root, 1, nullptr));
      if (stopped_) break;
    }
    return documents;
  }

 private:
  /// `alias` is the place to blame when the budget runs out: the outermost alias on the way, or null.
  Node build_node(raw::Index index, std::size_t depth, const Place* alias) {
    const raw::RawNode& raw = stream_.nodes[index];
    Node node;
    node.place = raw.place;
    if (stopped_ || !spend(raw, depth, alias)) return node;
    if (raw.is_alias) {
      if (alias == nullptr) {
        warn("an alias", raw.place, "*" + raw.text, "kubectl and kind copy the anchor's value here, and so does Tandem");
      }
      return build_node(raw.target, depth, alias == nullptr ? &raw.place : alias);
    }
    node.kind = raw.kind;
    node.style = raw.style;
    node.verbatim = raw.verbatim;
    node.text = raw.text;
    node.tag = raw.tag == "map" || raw.tag == "seq" ? std::string() : raw.tag;
    node.content = raw.content;
    if (raw.kind == NodeKind::Sequence) {
      node.items.reserve(raw.children.size());
      for (const raw::Index child : raw.children) node.items.push_back(build_node(child, depth + 1, alias));
    } else if (raw.kind == NodeKind::Mapping) {
      build_mapping(raw, depth, alias, node);
    }
    return node;
  }

  bool spend(const raw::RawNode& raw, std::size_t depth, const Place* alias) {
    const Place& place = alias == nullptr ? raw.place : *alias;
    const InputLimits& limits = options_.limits;
    ++spent_;
    const bool bomb = alias != nullptr && spent_ > std::max<std::size_t>(1000, limits.alias_factor * stream_.nodes.size());
    if (spent_ > limits.nodes || bomb) {
      return stop(ErrorCode::SyntaxTooManyNodes, "the file has too many values once its aliases are written out", place,
                  fmt::format("at most {} values, and at most {} times as many as are written", limits.nodes, limits.alias_factor));
    }
    if (depth > limits.depth + 1) {
      return stop(ErrorCode::SyntaxTooDeep, "nested too deeply once its aliases are written out", place,
                  fmt::format("at most {} levels", limits.depth));
    }
    return true;
  }

  bool stop(ErrorCode code, std::string what, const Place& place, std::string allowed) {
    diagnostics_.error(make_error(code, std::move(what), place).with_allowed(std::move(allowed)).with_hint(
        "write the values out where they are needed"));
    stopped_ = true;
    return false;
  }

  void warn(std::string what, const Place& place, std::string found, std::string hint) {
    diagnostics_.warning(make_error(ErrorCode::SyntaxAlias, std::move(what) + ", which a strict reader refuses", place)
                             .with_found(std::move(found))
                             .with_hint(std::move(hint)));
  }

  /// The text of a key; nullopt if the key is no scalar.
  std::optional<std::string> key_text(const raw::RawNode& key) {
    if (key.kind != NodeKind::Scalar || key.is_alias) {
      diagnostics_.error(make_error(ErrorCode::SyntaxKeyNotScalar, "a key that is not a plain text", key.place)
                             .with_found(key.is_alias ? "an alias" : key.kind == NodeKind::Sequence ? "a list" : "a mapping")
                             .with_allowed("a text as key"));
      return std::nullopt;
    }
    const bool foreign_plain = options_.dialect == Dialect::Foreign && key.style == ScalarStyle::Plain && key.tag.empty();
    if (!foreign_plain) return key.text;
    const Scalar scalar = resolve_foreign(key.text);
    std::string text = key.text;
    if (scalar.type == ScalarType::Boolean) text = scalar.boolean ? "true" : "false";
    if (scalar.type == ScalarType::Integer && !scalar.out_of_range) text = fmt::format("{}", scalar.integer);
    if (scalar.type == ScalarType::Float && !scalar.out_of_range) text = format_double(scalar.number);
    if (scalar.type == ScalarType::Null) {
      diagnostics_.error(make_error(ErrorCode::SyntaxKeyNotScalar, "an empty key", key.place).with_allowed("a text as key"));
      return std::nullopt;
    }
    if (text != key.text) {
      warn("a key that kubectl reads as " + text, key.place, key.text, "quote the key if its letters are meant");
    }
    return text;
  }

  void build_mapping(const raw::RawNode& raw, std::size_t depth, const Place* alias, Node& node) {
    std::map<std::string, std::size_t, std::less<>> positions;
    node.members.reserve(raw.children.size() / 2);
    for (std::size_t i = 0; i + 1 < raw.children.size() && !stopped_; i += 2) {
      const raw::RawNode& key = stream_.nodes[raw.children[i]];
      const bool merge = key.kind == NodeKind::Scalar && !key.is_alias && key.style == ScalarStyle::Plain && key.text == "<<";
      if (merge) {
        merge_into(key, raw.children[i + 1], depth, alias, node, positions);
        continue;
      }
      ++spent_;  // keys count as values, as they do in the file
      const auto text = key_text(key);
      Node value = build_node(raw.children[i + 1], depth + 1, alias);
      if (text) insert(Member{*text, key.place, false, std::move(value)}, node, positions);
    }
  }

  void insert(Member member, Node& node, std::map<std::string, std::size_t, std::less<>>& positions) {
    const auto [position, fresh] = positions.emplace(member.key, node.members.size());
    if (fresh) {
      node.members.push_back(std::move(member));
      return;
    }
    Member& present = node.members[position->second];
    if (present.merged) {
      present = std::move(member);  // a written key after the merge key replaces what the merge brought
      return;
    }
    diagnostics_.error(make_error(ErrorCode::SyntaxDuplicateKey, "the key appears twice in one mapping", member.place)
                           .with_found(escape_for_terminal(member.key, 80))
                           .with_allowed("each key once")
                           .with_hint(fmt::format("it stands at line {} already; remove one of them", present.place.line)));
  }

  void merge_into(const raw::RawNode& key, raw::Index value, std::size_t depth, const Place* alias, Node& node,
                  std::map<std::string, std::size_t, std::less<>>& positions) {
    if (options_.dialect == Dialect::Strict) {
      diagnostics_.error(make_error(ErrorCode::SyntaxMergeKey, "a merge key", key.place)
                             .with_found("<<")
                             .with_hint("write the values out"));
      return;
    }
    warn("a merge key", key.place, "<<", "kubectl merges the mapping in, and so does Tandem");
    const Node source = build_node(value, depth, alias);
    if (stopped_) return;
    std::vector<const Node*> mappings;
    if (source.kind == NodeKind::Mapping) mappings.push_back(&source);
    // Of several mappings the first one wins, so the last one is merged first.
    if (source.kind == NodeKind::Sequence) {
      for (auto item = source.items.rbegin(); item != source.items.rend(); ++item) mappings.push_back(&*item);
    }
    const bool all_mappings =
        !mappings.empty() && std::all_of(mappings.begin(), mappings.end(), [](const Node* n) { return n->kind == NodeKind::Mapping; });
    if (!all_mappings) {
      diagnostics_.error(make_error(ErrorCode::SyntaxMergeKey, "a merge key needs a mapping or a list of mappings", source.place)
                             .with_found(describe(source)));
      return;
    }
    for (const Node* mapping : mappings) {
      for (const Member& member : mapping->members) merge_member(member, node, positions);
    }
  }

  void merge_member(const Member& member, Node& node, std::map<std::string, std::size_t, std::less<>>& positions) {
    Member merged = member;
    merged.merged = true;
    const auto [position, fresh] = positions.emplace(member.key, node.members.size());
    if (fresh) {
      node.members.push_back(std::move(merged));
      return;
    }
    Member& present = node.members[position->second];
    // kubectl's reader works in file order: a merge key after a written key replaces it, against YAML's merge rule.
    if (!present.merged) {
      warn("a merge key that replaces a key written before it", present.place, present.key,
           "kubectl takes the merged value; put the merge key first");
    }
    present = std::move(merged);
  }

  const raw::RawStream& stream_;
  const ParseOptions& options_;
  Diagnostics& diagnostics_;
  std::size_t spent_ = 0;
  bool stopped_ = false;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Place place_in(const Node& scalar, std::size_t offset) {
  if (scalar.verbatim) {
    Place place = scalar.place;
    place.column += static_cast<std::uint32_t>(offset) + (scalar.style == ScalarStyle::Plain ? 0 : 1);
    return place;
  }
  if (scalar.content.line != 0 && offset <= scalar.text.size()) {
    const std::string_view before = std::string_view(scalar.text).substr(0, offset);
    const auto line_breaks = std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    Place place = scalar.content;
    place.line += static_cast<std::uint32_t>(line_breaks);
    place.column += static_cast<std::uint32_t>(offset - line_start);
    return place;
  }
  return scalar.place;
}

std::string describe(const Node& node) {
  if (node.kind == NodeKind::Mapping) return "a mapping";
  if (node.kind == NodeKind::Sequence) return "a list";
  if (node.style == ScalarStyle::Plain && node.text.empty()) return "nothing";
  return fmt::format("'{}'", escape_for_terminal(node.text, 80));
}

std::vector<Node> parse_documents(std::string_view text, const ParseOptions& options, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  if (text.size() > options.limits.file_bytes) {
    diagnostics.error(make_error(ErrorCode::FileTooLarge, "the file is too large", Place{options.file})
                          .with_found(fmt::format("{} bytes", text.size()))
                          .with_allowed(fmt::format("at most {} bytes", options.limits.file_bytes)));
    return {};
  }
  const bool embedded = options.origin.line != 0;
  if (!embedded) text = without_byte_order_mark(text);
  const bool tabs_refused = options.dialect == Dialect::Strict && !options.tabs_allowed && !embedded;
  if (auto error = find_forbidden_text(text, options.file, tabs_refused)) {
    if (embedded) error->place = options.origin;
    diagnostics.error(std::move(*error));
    return {};
  }
  const raw::RawStream stream = raw::read_events(text, options, diagnostics);
  if (!diagnostics.clean_since(errors_before)) return {};
  std::vector<Node> documents = TreeBuilder(stream, options, diagnostics).build();
  if (!diagnostics.clean_since(errors_before)) return {};
  return documents;
}

ParseOptions strict_options(const std::string& file, const InputLimits& limits) {
  ParseOptions options;
  options.dialect = Dialect::Strict;
  options.tabs_allowed = file.ends_with(".json");
  options.file = file;
  options.limits = limits;
  return options;
}

ParseOptions foreign_options(const std::string& file, const InputLimits& limits) {
  ParseOptions options;
  options.dialect = Dialect::Foreign;
  options.file = file;
  options.limits = limits;
  return options;
}

}  // namespace tandem::scenario
