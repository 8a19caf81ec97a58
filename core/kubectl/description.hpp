#pragma once
// The text of a description as it is written: lines at levels of indentation, titles and values apart by tabs.

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace tandem::kubectl {

class Description {
 public:
  /// Text at a level: two blanks each in front.
  void write(std::size_t level, std::string_view text) { text_.append(2 * (level + base_level_), ' ').append(text); }
  void line(std::size_t level, std::string_view text) { write(level, std::string(text) + "\n"); }
  /// "Title:\tvalue\n".
  void field(std::size_t level, std::string_view title, std::string_view value);

  /// Labels one a line, the first beside the title; `indent` goes in front of each line.
  void labels(std::string_view title, const nlohmann::json& labels, std::string_view indent = "");
  /// Annotations likewise, long ones on lines of their own and cut; without the one that `kubectl apply` leaves.
  void annotations(std::string_view title, const nlohmann::json& annotations);
  /// Any list of texts likewise; "<none>" for an empty one.
  void list(std::string_view title, const std::vector<std::string>& values, std::string_view indent = "");

  /// While it lives, everything is written some levels deeper.
  class Nested {
   public:
    Nested(Description& description, std::size_t levels) : description_(description), levels_(levels) { description_.base_level_ += levels_; }
    ~Nested() { description_.base_level_ -= levels_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Description& description_;
    std::size_t levels_;
  };

  /// With its tabs, as `rollout history --revision` prints it.
  [[nodiscard]] const std::string& raw() const { return text_; }
  /// In columns.
  [[nodiscard]] std::string text() const;

 private:
  std::string text_;
  std::size_t base_level_ = 0;
};

}  // namespace tandem::kubectl
