#include "core/scenario/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "core/base/text.hpp"
#include "core/scenario/line_index.hpp"
#include "core/scenario/text_rules.hpp"

namespace tandem::scenario {

void Diagnostics::warning(Error warning) {
  warning.severity = Severity::Warning;
  warnings_.push_back(std::move(warning));
}

Errors in_reading_order(Errors errors, std::size_t limit) {
  std::map<std::string, std::size_t> file_order;
  for (const Error& error : errors) file_order.emplace(error.place.file, file_order.size());
  std::stable_sort(errors.begin(), errors.end(), [&](const Error& a, const Error& b) {
    const auto key = [&](const Error& e) { return std::tuple(file_order.at(e.place.file), e.place.line, e.place.column); };
    return key(a) < key(b);
  });
  if (errors.size() > limit) {
    const std::size_t left_out = errors.size() - limit;
    errors.resize(limit);
    errors.back().hint += fmt::format("{}({} more not shown)", errors.back().hint.empty() ? "" : " ", left_out);
  }
  return errors;
}

std::string render(const Error& error, std::string_view source) {
  constexpr std::size_t kWidth = 160;
  constexpr std::size_t kBefore = 100;
  std::string text = to_string(error);
  if (text.ends_with('\n')) text.pop_back();
  if (error.place.line == 0) return text + "\n";
  const std::string_view line = LineIndex(without_byte_order_mark(source)).line(error.place.line);
  if (line.empty()) return text + "\n";

  // Cut at character boundaries, and let the caret stand under the character, not under its byte.
  const auto boundary = [&](std::size_t at) {
    while (at > 0 && at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80) --at;
    return std::min(at, line.size());
  };
  const std::size_t caret = boundary(error.place.column == 0 ? 0 : error.place.column - 1);
  const std::size_t begin = boundary(caret > kBefore ? caret - kBefore : 0);
  const std::size_t end = boundary(std::min(line.size(), begin + kWidth));
  const std::string before = escape_for_terminal(line.substr(begin, caret - begin), 4 * kWidth);
  const std::string after = escape_for_terminal(line.substr(caret, end - caret), 4 * kWidth);
  const auto characters = static_cast<std::size_t>(std::count_if(
      before.begin(), before.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));

  const std::size_t first_line_end = text.find('\n');
  std::string head = text.substr(0, first_line_end);
  const std::string tail = first_line_end == std::string::npos ? "" : text.substr(first_line_end + 1);
  head += fmt::format("\n    {}{}{}{}\n    {}{}^\n", begin > 0 ? "..." : "", before, after, end < line.size() ? "..." : "",
                      begin > 0 ? "   " : "", std::string(characters, ' '));
  if (!tail.empty()) head += tail + "\n";
  return head;
}

}  // namespace tandem::scenario
