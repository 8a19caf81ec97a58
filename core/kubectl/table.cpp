#include "core/kubectl/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/cluster/json.hpp"

namespace tandem::kubectl {

namespace {

/// Of kubectl's tab writer: blanks behind the widest cell, and the least width of a column with them.
constexpr std::size_t kPadding = 3;
constexpr std::size_t kColumnWidthMin = 6;

/// Characters, not bytes: kubectl's tab writer counts runes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void append_row(std::string& text, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += cells[i];
    if (i + 1 < cells.size()) text.append(std::max(widths[i] + kPadding, kColumnWidthMin) - width_of(cells[i]), ' ');
  }
  text += '\n';
}

}  // namespace

std::string human_duration(std::int64_t seconds) {
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return fmt::format("{}s", seconds);
  const auto two = [](std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit) {
    return small == 0 ? fmt::format("{}{}", large, large_unit) : fmt::format("{}{}{}{}", large, large_unit, small, small_unit);
  };
  const std::int64_t minutes = seconds / 60;
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return fmt::format("{}m", minutes);
  const std::int64_t hours = minutes / 60;
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return fmt::format("{}h", hours);
  const std::int64_t days = hours / 24;
  if (hours < 192) return two(days, "d", hours % 24, "h");
  if (days < 365 * 2) return fmt::format("{}d", days);
  if (days < 365 * 8) return two(days / 365, "y", days % 365, "d");
  return fmt::format("{}y", days / 365);
}

std::string to_text(const Table& table, bool with_headers) {
  std::vector<std::size_t> widths(table.columns.size(), 0);
  const auto measure = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width_of(cells[i]));
  };
  if (with_headers) measure(table.columns);
  for (const auto& row : table.rows) measure(row);
  std::string text;
  if (with_headers) append_row(text, table.columns, widths);
  for (const auto& row : table.rows) append_row(text, row, widths);
  return text;
}

std::int64_t unix_seconds_of(const nlohmann::json& time) {
  if (!time.is_string()) return 0;
  const Result<SimTime> parsed = cluster::parse_time(time.get_ref<const std::string&>());
  if (!parsed) return 0;
  // Whole seconds, cut towards the past.
  const std::int64_t ns = parsed->ns;
  const std::int64_t whole = ns >= 0 ? ns / 1'000'000'000 : -((-ns + 999'999'999) / 1'000'000'000);
  return cluster::kEpochUnixSeconds + whole;
}

}  // namespace tandem::kubectl
