#include "cli/option_table.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace tandem::cli {

std::string Option::value_word() const {
  if (is_flag()) return {};
  switch (kind) {
    case Takes::Text: return "TEXT";
    case Takes::Scenario: return "SCENARIO";
    case Takes::Run: return "RUN";
    case Takes::File: return "FILE";
    case Takes::Folder: return "FOLDER";
    case Takes::Time: return "TIME";
    case Takes::Number: return "N";
    case Takes::Choice: break;
  }
  std::string words;
  for (const std::string_view choice : choices) words += (words.empty() ? "" : "|") + std::string(choice);
  return words;
}

Option* OptionTable::add(std::string_view names, decltype(Option::target) target, std::string help) {
  Option& option = options_.emplace_back();
  option.names = split(names, ',');
  option.help = std::move(help);
  option.target = target;
  if (std::holds_alternative<std::optional<std::uint64_t>*>(target) || std::holds_alternative<double*>(target)) option.kind = Takes::Number;
  return &option;
}

}  // namespace tandem::cli
