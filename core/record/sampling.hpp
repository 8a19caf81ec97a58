#pragma once
// Internal: which requests are stored when there are too many. Level k keeps one in 2^k, chosen by the request's index alone, so
// that every level's choice contains the next one's and a reader can thin what was stored before the level rose.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/random.hpp"

namespace tandem::record::detail {

inline bool kept_at_level(std::uint64_t index, std::uint8_t level) {
  if (level == 0) return true;
  std::array<char, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((index >> (8 * i)) & 0xFF);
  const std::uint64_t mask = (std::uint64_t{1} << level) - 1;
  return (stable_hash(std::string_view(bytes.data(), bytes.size())) & mask) == 0;
}

/// The smallest level from `level` on that keeps at most about `stored_max` of `seen` requests.
inline std::uint8_t level_for(std::uint64_t seen, std::uint64_t stored_max, std::uint8_t level = 0) {
  while (level < 40 && (seen >> level) > stored_max) ++level;
  return level;
}

}  // namespace tandem::record::detail
