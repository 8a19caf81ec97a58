#pragma once

#include <cstdint>

namespace tandem::sim {

/// Two 32-bit numbers in the 64-bit payload of an event.
constexpr std::uint64_t join(std::uint32_t high, std::uint32_t low) { return static_cast<std::uint64_t>(high) << 32 | low; }
constexpr std::uint32_t high_of(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }
constexpr std::uint32_t low_of(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

}  // namespace tandem::sim
