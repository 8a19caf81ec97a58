#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem::judge {

/// Text columns as kubectl prints them: no borders, cells padded to the widest of their column plus three spaces, the last column not
/// padded (an empty last cell leaves the padding of the one before it). Widths count code points.
class Table {
 public:
  explicit Table(std::vector<std::string> header = {}) {
    if (!header.empty()) rows_.push_back(std::move(header));
  }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  /// Every line ends with a line feed.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Code points of UTF-8 text.
std::size_t width_of(std::string_view text);

}  // namespace tandem::judge
