#pragma once
// Words that the texts of explain share.

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/text.hpp"

namespace tandem::judge {

struct Words {
  /// Longer lists of names are cut.
  static constexpr std::size_t kNamesShown = 8;

  /// "100m", "2".
  static std::string cpu(std::int64_t milli) { return milli % 1000 == 0 ? std::to_string(milli / 1000) : std::to_string(milli) + "m"; }
  /// "128Mi", in the largest binary unit that divides it.
  static std::string bytes(std::int64_t amount) {
    static constexpr const char* kUnits[] = {"", "Ki", "Mi", "Gi", "Ti"};
    std::size_t unit = 0;
    for (; amount != 0 && amount % 1024 == 0 && unit + 1 < std::size(kUnits); ++unit) amount /= 1024;
    return std::to_string(amount) + kUnits[unit];
  }
  /// "a, b, c and 5 more".
  static std::string list(const std::vector<std::string>& names, std::size_t shown) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
    return text;
  }
  static std::string cut(const std::string& text, std::size_t limit) { return escape_for_terminal(text, limit); }

  static std::string without_trailing_blanks(const std::string& text) {
    std::string result;
    for (const char letter : text) {
      if (letter == '\n') {
        while (!result.empty() && result.back() == ' ') result.pop_back();
      }
      result += letter;
    }
    return result;
  }
};

}  // namespace tandem::judge
