#pragma once
// Internal: exact totals of one traffic source, and the sampling level its stored requests follow.

#include <cstdint>
#include <string>
#include <vector>

#include "core/record/recording.hpp"
#include "core/record/writer.hpp"

namespace tandem::record::detail {

struct SourceTotals {
  TrafficTotals totals;
  std::vector<int> expect_status;
  std::uint64_t expected_requests = 0;
  std::uint8_t first_level = 0;
  std::uint8_t level = 0;

  SourceTotals() = default;
  SourceTotals(const TrafficSource& source, std::uint64_t stored_max);
  void count(RequestOutcome outcome, std::uint16_t status, std::int64_t latency_ns);
  /// Canonical line for the digest.
  [[nodiscard]] std::string fact() const;
};

/// Canonical line about a source as declared.
std::string source_fact(const TrafficSource& source);

}  // namespace tandem::record::detail
