#include "core/cluster/api/go_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/cluster/api/text_rules.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::size_t kMaxDepth = 10000;  // maxNestingDepth

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Go's quoteChar: a byte stands for the character of that number.
std::string quoted(char c) {
  switch (c) {
    case '\'': return "'\\''";
    case '"': return "'\"'";
    case '\\': return "'\\\\'";
    case '\a': return "'\\a'";
    case '\b': return "'\\b'";
    case '\f': return "'\\f'";
    case '\n': return "'\\n'";
    case '\r': return "'\\r'";
    case '\t': return "'\\t'";
    case '\v': return "'\\v'";
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7f) return fmt::format("'\\x{:02x}'", byte);
  if (byte < 0x80) return fmt::format("'{}'", c);
  if (byte <= 0xa0 || byte == 0xad) return fmt::format("'\\u{:04x}'", byte);  // not printable
  return fmt::format("'{}{}'", static_cast<char>(0xc0 | (byte >> 6)), static_cast<char>(0x80 | (byte & 0x3f)));
}

/// Of a number far from one: whether it is far above, and not far below. Only its size in powers of ten is looked at.
bool is_above_one(std::string_view number) {
  const std::size_t letter = number.find_first_of("eE");
  const std::string_view digits = number.substr(0, letter);
  std::int64_t exponent = 0;
  if (letter != std::string_view::npos && parse_go_integer(number.substr(letter + 1), 32, exponent) == Numeral::Range) return number[letter + 1] != '-';
  const std::size_t first = digits.find_first_of("123456789");
  const std::size_t point = std::min(digits.find('.'), digits.size());
  return first != std::string_view::npos && static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + exponent > 0;
}

/// A reader that stops at the first byte no JSON text can go on with. At the end of the text it sees one blank more, as Go's
/// scanner does, so that an open number is complained about as such.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    if (value() && (skip_spaces(), at_ < text_.size())) fail("after top-level value");
    return error_;
  }
  /// Of the numbers read, the first that no float64 holds.
  [[nodiscard]] const std::string& too_large() const { return too_large_; }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : ' '; }
  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool fail(std::string_view context) {
    error_ = fmt::format("invalid character {} {}", quoted(peek()), context);
    return false;
  }
  bool end() {
    error_ = "unexpected end of JSON input";
    return false;
  }
  /// Fails here unless the text ended where a blank could have stood.
  bool fail_or_end(std::string_view context) { return at_ >= text_.size() ? end() : fail(context); }

  bool value() {
    skip_spaces();
    if (at_ >= text_.size()) return end();
    switch (const char c = text_[at_]; c) {
      case '{': return nested(&Scanner::object);
      case '[': return nested(&Scanner::array);
      case '"': return string();
      case 't': return literal("true");
      case 'f': return literal("false");
      case 'n': return literal("null");
      default: return c == '-' || is_digit(c) ? number() : fail("looking for beginning of value");
    }
  }

  bool nested(bool (Scanner::*body)()) {
    if (++depth_ > kMaxDepth) return fail("exceeded max depth");
    ++at_;
    const bool fine = (this->*body)();
    --depth_;
    return fine;
  }

  bool object() {
    skip_spaces();
    if (peek() == '}') return ++at_, true;
    while (true) {
      skip_spaces();
      if (peek() != '"') return fail_or_end("looking for beginning of object key string");
      if (!string()) return false;
      skip_spaces();
      if (peek() != ':') return fail_or_end("after object key");
      ++at_;
      if (!value()) return false;
      skip_spaces();
      if (peek() == '}') return ++at_, true;
      if (peek() != ',') return fail_or_end("after object key:value pair");
      ++at_;
    }
  }

  bool array() {
    skip_spaces();
    if (peek() == ']') return ++at_, true;
    while (true) {
      if (!value()) return false;
      skip_spaces();
      if (peek() == ']') return ++at_, true;
      if (peek() != ',') return fail_or_end("after array element");
      ++at_;
    }
  }

  bool string() {
    ++at_;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') return ++at_, true;
      if (static_cast<unsigned char>(c) < 0x20) return fail("in string literal");
      if (c == '\\' && !escape()) return false;
    }
    return end();
  }

  bool escape() {
    ++at_;
    if (std::string_view("bfnrt\\/\"").find(peek()) != std::string_view::npos) return true;
    if (peek() != 'u') return fail("in string escape code");
    for (int i = 0; i < 4; ++i) {
      ++at_;
      if (!is_hex(peek())) return fail("in \\u hexadecimal character escape");
    }
    return true;
  }

  bool literal(std::string_view word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      ++at_;
      if (peek() != word[i]) return fail(fmt::format("in literal {} (expecting {})", word, quoted(word[i])));
    }
    return ++at_, true;
  }

  bool digits(std::string_view context) {
    if (!is_digit(peek())) return fail(context);
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool number() {
    const std::size_t start = at_;
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else if (!digits("in numeric literal")) {
      return false;
    }
    if (peek() == '.') {
      ++at_;
      if (!digits("after decimal point in numeric literal")) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits("in exponent of numeric literal")) return false;
    }
    note_size(text_.substr(start, at_ - start));
    return true;
  }

  void note_size(std::string_view number) {
    double read = 0;
    const bool fits = std::from_chars(number.data(), number.data() + number.size(), read).ec != std::errc::result_out_of_range;
    if (!fits && too_large_.empty() && is_above_one(number)) too_large_ = number;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::optional<std::string> error_;
  std::string too_large_;
};

}  // namespace

std::optional<std::string> go_json_syntax_error(std::string_view text) { return Scanner(text).run(); }

std::string_view go_json_kind(const Json& value) {
  return value.is_object() ? "object" : value.is_array() ? "array" : value.is_string() ? "string" : value.is_boolean() ? "bool" : "number";
}

std::optional<std::string> go_json_map_error(std::string_view text) {
  Scanner scanner(text);
  if (auto error = scanner.run()) return error;
  const char first = text[text.find_first_not_of(" \t\r\n")];
  if (first == 'n') return std::nullopt;
  if (first != '{') {
    const char* found = first == '[' ? "array" : first == '"' ? "string" : first == 't' || first == 'f' ? "bool" : "number";
    return fmt::format("json: cannot unmarshal {} into Go value of type map[string]interface {{}}", found);
  }
  if (scanner.too_large().empty()) return std::nullopt;
  return fmt::format("json: cannot unmarshal number {} into Go value of type float64", scanner.too_large());
}

}  // namespace tandem::cluster::api
