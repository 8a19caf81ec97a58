#pragma once
// A position in a text of the check language, and its one way to complain. Shared by the parsers of conditions and of fields.

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/text.hpp"

namespace tandem::scenario {

/// ScenarioBadCheck at the byte `offset` of the text.
inline tl::unexpected<Error> bad_check(std::size_t offset, std::string what, std::string found, std::string allowed, std::string hint = {}) {
  Error error = make_error(ErrorCode::ScenarioBadCheck, std::move(what), Place{"", 1, static_cast<std::uint32_t>(offset) + 1});
  error.found = std::move(found);
  error.allowed = std::move(allowed);
  error.hint = std::move(hint);
  return fail(std::move(error));
}

struct CheckCursor {
  std::string_view text;
  std::size_t at = 0;

  [[nodiscard]] bool at_end() const { return at >= text.size(); }
  [[nodiscard]] char current() const { return at_end() ? '\0' : text[at]; }
  void skip_blanks() {
    while (!at_end() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t')) ++at;
  }
  static bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
  }
  /// The word at the present position without taking it.
  [[nodiscard]] std::string_view peek_word() const {
    std::size_t end = at;
    while (end < text.size() && is_word_character(text[end])) ++end;
    return text.substr(at, end - at);
  }
  bool take(std::string_view token) {
    if (!text.substr(at).starts_with(token)) return false;
    at += token.size();
    return true;
  }
  [[nodiscard]] std::string rest_for_message() const { return at_end() ? std::string("the end") : escape_for_terminal(text.substr(at), 40); }
};

}  // namespace tandem::scenario
