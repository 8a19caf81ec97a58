#include "core/base/bounded_json.hpp"

#include <nlohmann/json.hpp>

namespace tandem {

namespace {

/// Brackets outside of strings, without parsing: a text that is not JSON at all gets its verdict from the parser.
bool nests_deeper_than(std::string_view text, std::size_t limit) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

nlohmann::json parse_bounded_json(std::string_view text, std::size_t depth) {
  if (nests_deeper_than(text, depth)) return nlohmann::json(nlohmann::json::value_t::discarded);  // braces would make an array of it
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace tandem
