#include "tests/lint/source_text.hpp"

#include <algorithm>

namespace tandem::lint {
namespace {

/// Walks through C++ text once, blanking as it goes.
class Blanker {
 public:
  Blanker(std::string_view text, bool keep_strings) : in_(text), out_(text), keep_strings_(keep_strings) {}

  std::string run() {
    while (at_ < in_.size()) {
      if (starts("//")) {
        blank_until(in_.find('\n', at_), true);
      } else if (starts("/*")) {
        blank_until(end_after("*/", at_ + 2), true);
      } else if (starts("R\"")) {
        raw_string();
      } else if (in_[at_] == '"' || (in_[at_] == '\'' && !is_digit_separator())) {
        literal(in_[at_]);
      } else {
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool starts(std::string_view prefix) const { return in_.substr(at_).starts_with(prefix); }
  [[nodiscard]] bool is_digit_separator() const {
    const auto alnum = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    return at_ > 0 && at_ + 1 < in_.size() && alnum(in_[at_ - 1]) && alnum(in_[at_ + 1]) && in_[at_ - 1] <= '9';
  }
  [[nodiscard]] std::size_t end_after(std::string_view mark, std::size_t from) const {
    const std::size_t found = in_.find(mark, from);
    return found == std::string_view::npos ? in_.size() : found + mark.size();
  }

  void blank_until(std::size_t end, bool blank) {
    end = std::min(end, in_.size());
    for (; at_ < end; ++at_) {
      if (blank && in_[at_] != '\n') out_[at_] = ' ';
    }
  }

  void raw_string() {
    const std::size_t open = in_.find('(', at_);
    if (open == std::string_view::npos) {
      ++at_;
      return;
    }
    const std::string close = ")" + std::string(in_.substr(at_ + 2, open - at_ - 2)) + "\"";
    blank_until(end_after(close, open), !keep_strings_);
  }

  void literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < in_.size() && in_[end] != quote && in_[end] != '\n') end += in_[end] == '\\' ? 2 : 1;
    ++at_;  // the quotes stay
    blank_until(end, !keep_strings_);
    at_ = std::min(at_ + 1, in_.size());
  }

  std::string_view in_;
  std::string out_;
  bool keep_strings_;
  std::size_t at_ = 0;
};

}  // namespace

std::string without_comments(std::string_view text, bool keep_strings) { return Blanker(text, keep_strings).run(); }

std::vector<Include> includes_of(std::string_view text) {
  const std::string code = without_comments(text, true);
  std::vector<Include> found;
  std::size_t line = 1;
  for (std::size_t start = 0; start < code.size(); ++line) {
    const std::size_t end = std::min(code.find('\n', start), code.size());
    const std::string_view row = std::string_view(code).substr(start, end - start);
    start = end + 1;
    const std::size_t first = row.find_first_not_of(" \t");
    if (first == std::string_view::npos || row[first] != '#' || row.find("include") == std::string_view::npos) continue;
    const std::size_t open = row.find_first_of("<\"");
    if (open == std::string_view::npos) continue;
    const std::size_t close = row.find_first_of(">\"", open + 1);
    if (close != std::string_view::npos) found.push_back({std::string(row.substr(open + 1, close - open - 1)), line});
  }
  return found;
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

}  // namespace tandem::lint
