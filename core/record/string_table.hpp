#pragma once
// Internal: numbers strings in order of first appearance. References stay valid until clear().

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tandem::record::detail {

class StringTable {
 public:
  std::uint32_t number_of(std::string_view text) {
    const auto known = numbers_.find(text);
    if (known != numbers_.end()) return known->second;
    const std::string& kept = storage_.emplace_back(text);
    const auto number = static_cast<std::uint32_t>(views_.size());
    views_.emplace_back(kept);
    numbers_.emplace(kept, number);
    return number;
  }
  [[nodiscard]] const std::vector<std::string_view>& views() const { return views_; }
  void clear() {
    numbers_.clear();
    views_.clear();
    storage_.clear();
  }

 private:
  std::deque<std::string> storage_;
  std::vector<std::string_view> views_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;  // look-up only
};

}  // namespace tandem::record::detail
