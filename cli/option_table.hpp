#pragma once
// The options of a verb as a table: the parser, --help, the completion scripts and the man pages are all made from it.
// No parser library in sight, so that a verb compiles fast; parser.cpp knows it.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tandem::cli {

/// What a value is: its word in the help, and what a shell offers for it.
enum class Takes : std::uint8_t {
  Text,      ///< anything
  Scenario,  ///< a scenario file or its folder
  Run,       ///< a recording folder
  File,
  Folder,
  Time,      ///< a moment or duration such as 21.5s
  Number,
  Choice,    ///< one of Option::choices
};

/// One option, flag or operand.
struct Option {
  std::vector<std::string> names;  ///< "-o", "--output"; an operand has one name without dashes
  std::string help;                ///< one line
  /// Where the value goes: bool and int are flags (int counts repetitions), vectors take several values.
  std::variant<bool*, int*, std::string*, std::vector<std::string>*, std::optional<std::uint64_t>*, double*> target;
  Takes kind = Takes::Text;
  std::vector<std::string_view> choices;
  bool is_required = false;
  char separator = '\0';           ///< a value is split here; none: '\0'

  Option* required() { return is_required = true, this; }
  Option* takes(Takes what) { return kind = what, this; }
  Option* one_of(std::vector<std::string_view> words) { return choices = std::move(words), kind = Takes::Choice, this; }
  Option* split_at(char character) { return separator = character, this; }

  [[nodiscard]] bool is_operand() const { return !names.front().starts_with('-'); }
  [[nodiscard]] bool is_flag() const { return std::holds_alternative<bool*>(target) || std::holds_alternative<int*>(target); }
  [[nodiscard]] bool is_repeatable() const { return std::holds_alternative<std::vector<std::string>*>(target) || std::holds_alternative<int*>(target); }
  /// "RUN", "FILE", "sim|docker": what stands for the value in help texts. Empty for flags.
  [[nodiscard]] std::string value_word() const;
};

/// In order of definition. Options stay where they are, so the pointers that add_option() returns stay valid.
class OptionTable {
 public:
  /// `names` as in "-o,--output", or "run" for an operand.
  template <class Target>
  Option* add_option(std::string_view names, Target& target, std::string help) {
    return add(names, &target, std::move(help));
  }
  Option* add_flag(std::string_view names, bool& target, std::string help) { return add(names, &target, std::move(help)); }
  Option* add_flag(std::string_view names, int& target, std::string help) { return add(names, &target, std::move(help)); }

  [[nodiscard]] const std::deque<Option>& options() const { return options_; }

 private:
  Option* add(std::string_view names, decltype(Option::target) target, std::string help);
  std::deque<Option> options_;
};

}  // namespace tandem::cli
