#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tandem::scenario {

/// Finds lines of a text and turns libyaml's columns (characters) into ours (bytes). Lines end with "\n" or "\r\n".
/// Keeps a view: the text must outlive it.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text);

  /// Line number from 1, without its line end; empty beyond the last line.
  [[nodiscard]] std::string_view line(std::uint32_t number) const;
  /// Column in bytes, from 1, of the character number `characters` (from 0) of a line.
  [[nodiscard]] std::uint32_t byte_column(std::uint32_t line_number, std::size_t characters) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
  bool ascii_ = true;
};

}  // namespace tandem::scenario
