#include "core/scenario/raw_document.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/text.hpp"
#include "core/scenario/line_index.hpp"
#include "core/scenario/text_rules.hpp"

namespace tandem::scenario::raw {
namespace {

std::string_view view_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view{} : std::string_view(reinterpret_cast<const char*>(text));
}

ScalarStyle style_of(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: return ScalarStyle::SingleQuoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return ScalarStyle::DoubleQuoted;
    case YAML_LITERAL_SCALAR_STYLE: return ScalarStyle::Literal;
    case YAML_FOLDED_SCALAR_STYLE: return ScalarStyle::Folded;
    default: return ScalarStyle::Plain;
  }
}

std::size_t leading_spaces(std::string_view line) {
  const std::size_t at = line.find_first_not_of(' ');
  return at == std::string_view::npos ? line.size() : at;
}

/// The events of one text. Soft errors (a forbidden tag) let reading go on; hard ones (limits, syntax) stop it at once.
class EventReader {
 public:
  EventReader(std::string_view text, const ParseOptions& options, Diagnostics& diagnostics)
      : text_(text), options_(options), diagnostics_(diagnostics), lines_(text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~EventReader() { yaml_parser_delete(&parser_); }
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  RawStream read() {
    const std::size_t errors_before = diagnostics_.error_count();
    bool more = true;
    while (more && !stopped_ && diagnostics_.error_count() - errors_before < options_.limits.errors) {
      yaml_event_t event;
      if (yaml_parser_parse(&parser_, &event) == 0) {
        report_syntax_error();
        break;
      }
      more = event.type != YAML_STREAM_END_EVENT;
      on_event(event);
      yaml_event_delete(&event);
    }
    return std::move(stream_);
  }

 private:
  struct Open {
    Index index;
    std::string anchor;
  };

  [[nodiscard]] Place place_of(const yaml_mark_t& mark) const {
    if (options_.origin.line == 0) {
      const auto line = static_cast<std::uint32_t>(mark.line) + 1;
      return {options_.file, line, lines_.byte_column(line, mark.column)};
    }
    if (!options_.origin_is_exact) return options_.origin;
    const auto line = static_cast<std::uint32_t>(mark.line) + 1;
    // Every line of a block scalar has lost the same indentation, so the column of the first one holds for all.
    return {options_.file, options_.origin.line + line - 1, lines_.byte_column(line, mark.column) + options_.origin.column - 1};
  }

  void soft_error(ErrorCode code, std::string what, Place place, std::string found, std::string allowed, std::string hint) {
    Error error = make_error(code, std::move(what), std::move(place));
    error.found = std::move(found);
    error.allowed = std::move(allowed);
    error.hint = std::move(hint);
    diagnostics_.error(std::move(error));
  }

  void stop(ErrorCode code, std::string what, Place place, std::string allowed) {
    soft_error(code, std::move(what), std::move(place), "", std::move(allowed), "split the file or make it smaller");
    stopped_ = true;
  }

  void report_syntax_error() {
    std::string what = "not well-formed YAML";
    if (parser_.problem != nullptr) what += fmt::format(": {}", parser_.problem);
    if (parser_.context != nullptr) {
      what += fmt::format(" {}", parser_.context);
      if (parser_.context_mark.line != parser_.problem_mark.line) {
        what += fmt::format(" that starts at line {}", place_of(parser_.context_mark).line);
      }
    }
    const Place place = place_of(parser_.problem_mark);
    std::string hint = "look at the indentation, the brackets and the quotes up to this place";
    const std::string_view line = lines_.line(static_cast<std::uint32_t>(parser_.problem_mark.line) + 1);
    if (parser_.problem_mark.column < line.size() && line[parser_.problem_mark.column] == '\t') {
      hint = "indent with spaces, not with tabs";
    }
    soft_error(ErrorCode::SyntaxError, std::move(what), place, "", "", std::move(hint));
    stopped_ = true;
  }

  void on_event(const yaml_event_t& event) {
    const Place place = place_of(event.start_mark);
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT: return begin_document(place);
      case YAML_SCALAR_EVENT: return scalar(event, place);
      case YAML_ALIAS_EVENT: return alias(event, place);
      case YAML_SEQUENCE_START_EVENT:
        return open(NodeKind::Sequence, view_of(event.data.sequence_start.anchor), view_of(event.data.sequence_start.tag), place);
      case YAML_MAPPING_START_EVENT:
        return open(NodeKind::Mapping, view_of(event.data.mapping_start.anchor), view_of(event.data.mapping_start.tag), place);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT: return close();
      default: return;
    }
  }

  void begin_document(const Place& place) {
    anchors_.clear();
    if (++documents_ > options_.limits.documents) {
      stop(ErrorCode::SyntaxTooManyDocuments, "too many documents in one file", place,
           fmt::format("at most {} documents", options_.limits.documents));
    }
  }

  /// Appends a node below the innermost open collection.
  std::optional<Index> append(RawNode node) {
    if (stream_.nodes.size() >= options_.limits.nodes) {
      stop(ErrorCode::SyntaxTooManyNodes, "the file has too many values", node.place,
           fmt::format("at most {} values", options_.limits.nodes));
      return std::nullopt;
    }
    const auto index = static_cast<Index>(stream_.nodes.size());
    if (open_.empty()) {
      stream_.roots.push_back(index);
    } else {
      stream_.nodes[open_.back().index].children.push_back(index);
    }
    stream_.nodes.push_back(std::move(node));
    return index;
  }

  /// True if the next scalar is the key of a mapping.
  [[nodiscard]] bool expects_key() const {
    if (open_.empty()) return false;
    const RawNode& parent = stream_.nodes[open_.back().index];
    return parent.kind == NodeKind::Mapping && parent.children.size() % 2 == 0;
  }

  void scalar(const yaml_event_t& event, const Place& place) {
    const auto& data = event.data.scalar;
    RawNode node;
    node.style = style_of(data.style);
    node.text.assign(reinterpret_cast<const char*>(data.value), data.length);
    node.tag = checked_tag(view_of(data.tag), place);
    node.place = place;
    const std::size_t limit = expects_key() ? options_.limits.key_bytes : options_.limits.scalar_bytes;
    if (node.text.size() > limit) {
      stop(ErrorCode::SyntaxScalarTooLong, expects_key() ? "a key is too long" : "a text is too long", place,
           fmt::format("at most {} bytes", limit));
      return;
    }
    if (const auto forbidden = find_forbidden_escape(node.text)) {
      soft_error(*forbidden, "an escape that makes a character no text may hold", place, escape_for_terminal(node.text, 60),
                 "printable characters, line ends and tabs", "remove the escape");
    }
    locate_content(event, node);
    const std::string anchor = checked_anchor(view_of(data.anchor), place);
    if (const auto index = append(std::move(node)); index && !anchor.empty()) anchors_[anchor] = {*index, true};
  }

  /// Remembers where the text of the scalar stands, as far as line by line equality with the file allows.
  void locate_content(const yaml_event_t& event, RawNode& node) const {
    const std::size_t first_line = event.start_mark.line + 1;
    if (node.style == ScalarStyle::Literal) {
      std::size_t skipped = 0;
      std::string_view rest = node.text;
      while (rest.starts_with('\n')) rest.remove_prefix(1), ++skipped;
      if (rest.empty()) return;
      const std::string_view first = rest.substr(0, rest.find('\n'));
      const std::string_view written = lines_.line(static_cast<std::uint32_t>(first_line + skipped + 1));
      if (!written.ends_with(first)) return;
      const std::size_t indentation = leading_spaces(written) - leading_spaces(first);
      Place header = place_of(event.start_mark);
      if (options_.origin.line != 0 && !options_.origin_is_exact) return;
      const std::uint32_t base = options_.origin.line == 0 ? 0 : options_.origin.column - 1;
      node.content = {header.file, header.line + 1, base + static_cast<std::uint32_t>(indentation) + 1};
      return;
    }
    if (event.start_mark.line != event.end_mark.line) return;
    const std::string_view line = lines_.line(static_cast<std::uint32_t>(first_line));
    const std::uint32_t line_number = static_cast<std::uint32_t>(first_line);
    const std::size_t quote = node.style == ScalarStyle::Plain ? 0 : 1;
    const std::size_t begin = lines_.byte_column(line_number, event.start_mark.column) - 1 + quote;
    node.verbatim = begin <= line.size() && line.substr(begin).starts_with(node.text) && options_.origin_is_exact;
  }

  void alias(const yaml_event_t& event, const Place& place) {
    const std::string name(view_of(event.data.alias.anchor));
    RawNode node;
    node.is_alias = true;
    node.text = name;
    node.place = place;
    if (options_.dialect == Dialect::Strict) {
      soft_error(ErrorCode::SyntaxAlias, "an alias", place, "*" + name, "plain values only", "write the value out");
      node.is_alias = false;
    } else if (const auto anchor = anchors_.find(name); anchor == anchors_.end()) {
      soft_error(ErrorCode::SyntaxAlias, "an alias to an anchor that does not exist", place, "*" + name, "",
                 "define it before its use with &" + name);
      node.is_alias = false;
    } else if (!anchor->second.closed) {
      soft_error(ErrorCode::SyntaxAlias, "an anchor whose value contains itself", place, "*" + name, "", "write the value out");
      node.is_alias = false;
    } else {
      node.target = anchor->second.index;
    }
    append(std::move(node));
  }

  void open(NodeKind kind, std::string_view anchor, std::string_view tag, const Place& place) {
    if (open_.size() >= options_.limits.depth) {
      return stop(ErrorCode::SyntaxTooDeep, "nested too deeply", place, fmt::format("at most {} levels", options_.limits.depth));
    }
    RawNode node;
    node.kind = kind;
    node.place = place;
    node.tag = checked_tag(tag, place);
    const std::string name = checked_anchor(anchor, place);
    const auto index = append(std::move(node));
    if (!index) return;
    if (!name.empty()) anchors_[name] = {*index, false};
    open_.push_back({*index, name});
  }

  void close() {
    const Open closed = open_.back();
    open_.pop_back();
    const auto anchor = anchors_.find(closed.anchor);
    if (!closed.anchor.empty() && anchor != anchors_.end() && anchor->second.index == closed.index) anchor->second.closed = true;
  }

  std::string checked_anchor(std::string_view anchor, const Place& place) {
    if (anchor.empty()) return {};
    if (options_.dialect == Dialect::Strict) {
      soft_error(ErrorCode::SyntaxAlias, "an anchor", place, "&" + std::string(anchor), "plain values only", "remove the anchor");
      return {};
    }
    return std::string(anchor);
  }

  std::string checked_tag(std::string_view tag, const Place& place) {
    if (tag.empty()) return {};
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (options_.dialect == Dialect::Foreign) {
      if (tag == "!") return "str";
      if (tag.starts_with(kCore)) {
        const std::string_view name = tag.substr(kCore.size());
        constexpr std::string_view kKnown[] = {"str", "int", "float", "bool", "null", "map", "seq"};
        if (std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown)) return std::string(name);
      }
    }
    soft_error(ErrorCode::SyntaxTag, "a tag", place, escape_for_terminal(tag, 80),
               options_.dialect == Dialect::Strict ? "no tags" : "!!str, !!int, !!float, !!bool, !!null, !!map, !!seq",
               "remove the tag; quote the value if it is meant as text");
    return {};
  }

  struct Anchor {
    Index index;
    bool closed;
  };

  std::string_view text_;
  const ParseOptions& options_;
  Diagnostics& diagnostics_;
  LineIndex lines_;
  yaml_parser_t parser_;
  RawStream stream_;
  std::vector<Open> open_;
  std::map<std::string, Anchor> anchors_;
  std::size_t documents_ = 0;
  bool stopped_ = false;
};

}  // namespace

RawStream read_events(std::string_view text, const ParseOptions& options, Diagnostics& diagnostics) {
  return EventReader(text, options, diagnostics).read();
}

}  // namespace tandem::scenario::raw
