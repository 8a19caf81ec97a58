#pragma once
// Columns of text like Go's text/tabwriter, which lays out everything that kubectl prints.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::kubectl {

/// Cells end at a tab; what follows the last tab of a line belongs to no column. A column is a run of consecutive lines that have
/// a cell there: it is as wide as its widest cell (in characters) plus the padding. Tables and descriptions differ only in numbers.
class TabWriter {
 public:
  /// `width_min`: least width of a column with its padding, in characters. `padding`: blanks behind the widest cell.
  /// `remembers_widths`: a column never gets narrower than it was before a flush() (kubectl's watch).
  explicit TabWriter(std::size_t width_min, std::size_t padding, bool remembers_widths = false)
      : width_min_(width_min), padding_(padding), remembers_widths_(remembers_widths) {}

  /// Of `kubectl get` and `top` (cli-runtime printers.GetNewTabWriter).
  static TabWriter for_tables() { return TabWriter(6, 3, true); }
  /// Of `kubectl describe` and `rollout history`.
  static TabWriter for_descriptions() { return TabWriter(0, 2); }

  /// Tabs and vertical tabs end a cell, line feeds and form feeds a line. Escape and carriage return are written out as kubectl
  /// does ("^[", "\r"), so that no object can command a terminal.
  void write(std::string_view text);
  /// The text laid out so far; the next lines form new columns.
  std::string flush();

 private:
  struct Line {
    std::vector<std::string> cells{std::string()};
  };
  void lay_out(std::size_t first, std::size_t end, std::size_t column, std::vector<std::size_t>& widths, std::string& out);
  std::size_t column_width(std::size_t first, std::size_t end, std::size_t column);

  std::size_t width_min_;
  std::size_t padding_;
  bool remembers_widths_;
  std::vector<std::size_t> remembered_;
  std::vector<Line> lines_{Line{}};
};

/// Characters, not bytes: the tab writer counts runes.
std::size_t width_of(std::string_view text);

}  // namespace tandem::kubectl
