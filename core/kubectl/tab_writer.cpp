#include "core/kubectl/tab_writer.hpp"

#include <algorithm>

namespace tandem::kubectl {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void TabWriter::write(std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\t':
      case '\v': lines_.back().cells.emplace_back(); break;
      case '\n':
      case '\f': lines_.emplace_back(); break;
      case '\x1b': lines_.back().cells.back() += "^["; break;
      case '\r': lines_.back().cells.back() += "\\r"; break;
      default: lines_.back().cells.back() += c;
    }
  }
}

std::size_t TabWriter::column_width(std::size_t first, std::size_t end, std::size_t column) {
  std::size_t width = width_min_;
  for (std::size_t i = first; i < end; ++i) width = std::max(width, width_of(lines_[i].cells[column]) + padding_);
  if (!remembers_widths_) return width;
  if (remembered_.size() <= column) remembered_.resize(column + 1, 0);
  remembered_[column] = std::max(remembered_[column], width);
  return remembered_[column];
}

/// The lines of [first, end) that all have the columns before `column`, whose widths are known.
void TabWriter::lay_out(std::size_t first, std::size_t end, std::size_t column, std::vector<std::size_t>& widths, std::string& out) {
  const auto has_cell = [&](std::size_t line) { return lines_[line].cells.size() > column + 1; };
  for (std::size_t i = first; i < end;) {
    if (has_cell(i)) {
      std::size_t block_end = i;
      while (block_end < end && has_cell(block_end)) ++block_end;
      widths.push_back(column_width(i, block_end, column));
      lay_out(i, block_end, column + 1, widths, out);
      widths.pop_back();
      i = block_end;
      continue;
    }
    const std::vector<std::string>& cells = lines_[i].cells;
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      out += cells[cell];
      if (cell < widths.size()) out.append(widths[cell] - width_of(cells[cell]), ' ');
    }
    if (i + 1 < lines_.size()) out += '\n';
    ++i;
  }
}

std::string TabWriter::flush() {
  std::string out;
  std::vector<std::size_t> widths;
  lay_out(0, lines_.size(), 0, widths, out);
  lines_.assign(1, Line{});
  return out;
}

}  // namespace tandem::kubectl
