#include "core/scenario/text_rules.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace tandem::scenario {
namespace {

struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t bytes = 0;  ///< 0: not valid UTF-8
};

Decoded decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(at);
  if (first < 0x80) return {first, 1};
  std::size_t size = 0;
  std::uint32_t smallest = 0;
  std::uint32_t value = 0;
  if ((first & 0xE0) == 0xC0) {
    size = 2, smallest = 0x80, value = first & 0x1F;
  } else if ((first & 0xF0) == 0xE0) {
    size = 3, smallest = 0x800, value = first & 0x0F;
  } else if ((first & 0xF8) == 0xF0) {
    size = 4, smallest = 0x10000, value = first & 0x07;
  } else {
    return {};
  }
  if (at + size > text.size()) return {};
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(at + i) & 0x3F);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest || value > 0x10FFFF || surrogate) return {};
  return {value, size};
}

bool is_bidi_override(std::uint32_t c) { return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069); }
bool is_control(std::uint32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }
bool is_never_text(std::uint32_t c) { return c == 0x2028 || c == 0x2029 || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF; }

Error refusal(ErrorCode code, std::string what, const std::string& file, std::uint32_t line, std::size_t column,
              std::string found, std::string hint) {
  Error error = make_error(code, std::move(what), Place{file, line, static_cast<std::uint32_t>(column)});
  error.found = std::move(found);
  error.hint = std::move(hint);
  return error;
}

}  // namespace

std::optional<Error> find_forbidden_text(std::string_view text, const std::string& file, bool tabs_refused) {
  std::uint32_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t column = at - line_start + 1;
    const Decoded character = decode(text, at);
    const std::uint32_t c = character.code_point;
    if (character.bytes == 0) {
      return refusal(ErrorCode::FileNotUtf8, "the file is not valid UTF-8", file, line, column,
                     fmt::format("byte 0x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(text[at]))),
                     "save the file as UTF-8 text");
    }
    if (c == '\t' && tabs_refused) {
      return refusal(ErrorCode::SyntaxTab, "a tab character", file, line, column, "a tab",
                     "indent with spaces, and write \"\\t\" inside double quotes where a tab is meant");
    }
    if (c == '\r' && (at + 1 >= text.size() || text[at + 1] != '\n')) {
      return refusal(ErrorCode::FileControlCharacter, "a carriage return that is not part of a line end", file, line, column, "U+000D",
                     "end lines with LF or CR LF");
    }
    const bool line_or_space = c == '\t' || c == '\n' || c == '\r';
    if ((is_control(c) && !line_or_space) || is_never_text(c)) {
      return refusal(ErrorCode::FileControlCharacter, "a control character", file, line, column, fmt::format("U+{:04X}", c),
                     "remove it; a text file holds printable characters only");
    }
    if (is_bidi_override(c)) {
      return refusal(ErrorCode::FileBidiOverride, "a character that changes the writing direction", file, line, column,
                     fmt::format("U+{:04X}", c), "remove it: it makes the text read differently from what it says");
    }
    at += character.bytes;
    if (c == '\n') ++line, line_start = at;
  }
  return std::nullopt;
}

std::optional<ErrorCode> find_forbidden_escape(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Decoded character = decode(text, at);
    if (character.bytes == 0) return ErrorCode::FileNotUtf8;
    const std::uint32_t c = character.code_point;
    if (is_control(c) && c != '\t' && c != '\n' && c != '\r') return ErrorCode::FileControlCharacter;
    if (is_bidi_override(c)) return ErrorCode::FileBidiOverride;
    at += character.bytes;
  }
  return std::nullopt;
}

std::string_view without_byte_order_mark(std::string_view text) {
  return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

}  // namespace tandem::scenario
