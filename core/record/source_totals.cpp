#include "core/record/source_totals.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/record/sampling.hpp"

namespace tandem::record::detail {

namespace {

template <class Key>
void increment(std::vector<std::pair<Key, std::uint64_t>>& counts, Key key) {
  const auto place = std::lower_bound(counts.begin(), counts.end(), key, [](const auto& entry, Key wanted) { return entry.first < wanted; });
  if (place != counts.end() && place->first == key) {
    ++place->second;
  } else {
    counts.insert(place, {key, 1});
  }
}

}  // namespace

SourceTotals::SourceTotals(const TrafficSource& source, std::uint64_t stored_max)
    : expect_status(source.expect_status), expected_requests(source.expected_requests) {
  totals.name = source.name;
  first_level = level = level_for(source.expected_requests, stored_max);
}

void SourceTotals::count(RequestOutcome outcome, std::uint16_t status, std::int64_t latency_ns) {
  ++totals.requests;
  if (is_failed(outcome, status, expect_status)) ++totals.failed;
  increment(totals.by_status, status);
  increment(totals.by_outcome, outcome);
  if (outcome == RequestOutcome::Ok) totals.latency_ns.record(latency_ns);
}

std::string SourceTotals::fact() const {
  std::string line = fmt::format("totals {} {} level {} {} statuses", totals.requests, totals.failed, first_level, level);
  for (const auto& [status, count] : totals.by_status) line += fmt::format(" {}:{}", status, count);
  line += " outcomes";
  for (const auto& [outcome, count] : totals.by_outcome) line += fmt::format(" {}:{}", static_cast<int>(outcome), count);
  const Histogram& latency = totals.latency_ns;
  line += fmt::format(" latency {} {} {} {}", latency.min(), latency.max(), static_cast<std::int64_t>(latency.sum() >> 64),
                      static_cast<std::uint64_t>(latency.sum()));
  const std::vector<std::uint64_t>& buckets = latency.buckets();
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i] != 0) line += fmt::format(" {}:{}", i, buckets[i]);
  }
  return line;
}

std::string source_fact(const TrafficSource& source) {
  // Names come from outside: their length keeps the line unambiguous.
  std::string line = fmt::format("source {} {}", source.name.size(), source.name);
  for (const int status : source.expect_status) line += fmt::format(" {}", status);
  return line;
}

}  // namespace tandem::record::detail
