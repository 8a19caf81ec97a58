#include "core/control/job/index_set.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace tandem::control {

namespace {

std::optional<std::int32_t> number(std::string_view text) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

IndexSet parse_indexes(std::string_view text, std::int32_t completions) {
  IndexSet indexes;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const std::size_t dash = part.find('-');
    const auto first = number(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number(part.substr(dash + 1));
    // As the real controller: what it cannot read it skips; intervals come in order, so the first too large one ends the reading.
    if (first && *first >= completions) return indexes;
    if (!first || !last) continue;
    for (std::int32_t i = *first; i <= *last && i < completions; ++i) indexes.insert(indexes.end(), i);
  }
  return indexes;
}

std::string format_indexes(const IndexSet& indexes) {
  std::string text;
  for (auto at = indexes.begin(); at != indexes.end();) {
    const std::int32_t first = *at;
    std::int32_t last = first;
    while (++at != indexes.end() && *at == last + 1) last = *at;
    if (!text.empty()) text += ',';
    text += fmt::format("{}", first);
    if (last > first) text += fmt::format("{}{}", last == first + 1 ? ',' : '-', last);
  }
  return text;
}

}  // namespace tandem::control
