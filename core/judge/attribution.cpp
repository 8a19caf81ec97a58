#include "core/judge/attribution.hpp"

#include <algorithm>
#include <cmath>

namespace tandem::judge {

const AttributionTable::Row* AttributionTable::largest() const {
  const Row* found = nullptr;
  for (const Row& row : rows) {
    if (found == nullptr || std::abs(row.difference()) > std::abs(found->difference())) found = &row;
  }
  return found;
}

double AttributionTable::imbalance() const {
  double sum_a = 0, sum_b = 0;
  for (const Row& row : rows) {
    sum_a += row.a;
    sum_b += row.b;
  }
  return std::max(std::abs(sum_a - total_a), std::abs(sum_b - total_b));
}

namespace {

/// Sums of the parts of answered requests, in ns. `reported` are those whose replica said how long it queued, served and computed.
struct ResponseParts {
  std::uint64_t answered = 0;
  std::uint64_t reported = 0;
  bool throttling_known = true;
  double latency = 0;           // of all answered
  double reported_latency = 0;  // of the reported ones
  double lag = 0, transport = 0, queued = 0, cpu = 0, throttled = 0, other = 0;
};

ResponseParts parts_of(const record::Recording& recording, std::uint32_t traffic) {
  ResponseParts parts;
  const record::RequestColumns& c = recording.requests();
  for (std::size_t row = 0; row < c.index.size(); ++row) {
    if (c.traffic[row] != traffic || c.outcome[row] != static_cast<std::uint8_t>(record::RequestOutcome::Ok)) continue;
    const auto latency = static_cast<double>(c.end[row] - c.intended[row]);
    ++parts.answered;
    parts.latency += latency;
    if (c.queued[row] < 0 || c.service[row] < 0 || c.cpu[row] < 0) continue;
    const bool known = c.throttled[row] >= 0;
    const std::int64_t throttled = known ? c.throttled[row] : 0;
    ++parts.reported;
    parts.throttling_known = parts.throttling_known && known;
    parts.reported_latency += latency;
    parts.lag += static_cast<double>(c.sent[row] - c.intended[row]);
    parts.transport += static_cast<double>(c.end[row] - c.sent[row] - c.queued[row] - c.service[row]);
    parts.queued += static_cast<double>(c.queued[row]);
    parts.cpu += static_cast<double>(c.cpu[row]);
    parts.throttled += static_cast<double>(throttled);
    parts.other += static_cast<double>(c.service[row] - c.cpu[row] - throttled);
  }
  return parts;
}

std::optional<std::uint32_t> number_of(const record::Recording& recording, const std::string& traffic) {
  const auto& totals = recording.totals();
  for (std::size_t i = 0; i < totals.size(); ++i) {
    if (totals[i].name == traffic) return static_cast<std::uint32_t>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<AttributionTable> attribute_response_time(const record::Recording& a, const record::Recording& b, const std::string& traffic) {
  const auto number_a = number_of(a, traffic);
  const auto number_b = number_of(b, traffic);
  if (!number_a || !number_b) return std::nullopt;
  const ResponseParts left = parts_of(a, *number_a);
  const ResponseParts right = parts_of(b, *number_b);
  if (left.reported == 0 || right.reported == 0) return std::nullopt;

  AttributionTable table;
  table.title = "mean response time, traffic " + traffic;
  const auto mean = [](double sum, std::uint64_t count) { return sum / static_cast<double>(count) / 1e6; };
  table.total_a = mean(left.latency, left.answered);
  table.total_b = mean(right.latency, right.answered);
  const auto add = [&](const char* mechanism, const char* measured_as, double ResponseParts::*part) {
    table.rows.push_back({mechanism, measured_as, mean(left.*part, left.reported), mean(right.*part, right.reported)});
  };
  add("schedule lag", "sent - intended", &ResponseParts::lag);
  add("client, proxy, network", "end - sent - queued - service", &ResponseParts::transport);
  add("queue in the replica", "queued", &ResponseParts::queued);
  add("CPU service", "cpu", &ResponseParts::cpu);
  if (left.throttling_known && right.throttling_known) {
    add("CFS throttling", "throttled", &ResponseParts::throttled);
    add("CPU contention, waits", "service - cpu - throttled", &ResponseParts::other);
  } else {
    // Where one side cannot see throttling, the split would put it under two names.
    const auto both = [&](const ResponseParts& parts) { return mean(parts.throttled + parts.other, parts.reported); };
    table.rows.push_back({"contention, throttling, waits", "service - cpu", both(left), both(right)});
  }
  // Answers whose replica reported nothing (an error page of the proxy) pull the mean away from that of the reported ones.
  const auto unreported = [&](const ResponseParts& parts) { return mean(parts.latency, parts.answered) - mean(parts.reported_latency, parts.reported); };
  if (left.reported != left.answered || right.reported != right.answered) {
    table.rows.push_back({"answers without a replica's report", "mean of all - mean of reported", unreported(left), unreported(right)});
  }
  table.note = "over " + std::to_string(left.reported) + " and " + std::to_string(right.reported) + " reported requests of " +
               std::to_string(left.answered) + " and " + std::to_string(right.answered) + " answered";
  return table;
}

}  // namespace tandem::judge
