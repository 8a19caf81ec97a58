#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/text.hpp"
#include "core/record/export_text.hpp"
#include "core/record/units.hpp"

namespace tandem::record {

std::string csv_cell(std::string_view text) {
  std::string cell(text);
  // A spreadsheet would run these as formulas (hardening G7); plain numbers stay numbers.
  const bool formula = !cell.empty() && (cell[0] == '=' || cell[0] == '+' || cell[0] == '-' || cell[0] == '@' || cell[0] == '\t' || cell[0] == '\r');
  if (formula) cell.insert(cell.begin(), '\'');
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

namespace {

constexpr double kPercentiles[] = {0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0};

std::string milliseconds_text(std::int64_t ns) { return format_double(in_milliseconds(SimDuration{ns})); }

/// From the first intended start to the last end of a source's stored requests, in seconds.
double span_seconds(const Recording& recording, std::optional<std::uint32_t> traffic) {
  const RequestColumns& c = recording.requests();
  std::int64_t first = INT64_MAX, last = INT64_MIN;
  for (std::size_t row = 0; row < c.index.size(); ++row) {
    if (traffic && c.traffic[row] != *traffic) continue;
    first = std::min(first, c.intended[row]);
    last = std::max(last, c.end[row]);
  }
  return last > first ? in_seconds(SimDuration{last - first}) : 0;
}

std::string row(std::string_view type, std::string_view name, const TrafficTotals& totals, double seconds) {
  const Histogram& latency = totals.latency_ns;
  const auto per_second = [&](std::uint64_t count) { return format_double(seconds > 0 ? static_cast<double>(count) / seconds : 0); };
  std::string line = fmt::format("{},{},{},{},{},{},{},{},0,{},{}", csv_cell(type), csv_cell(name), totals.requests, totals.failed,
                                 milliseconds_text(latency.quantile(0.5)), format_double(latency.mean() / 1e6), milliseconds_text(latency.min()),
                                 milliseconds_text(latency.max()), per_second(totals.requests), per_second(totals.failed));
  for (const double percentile : kPercentiles) line += "," + milliseconds_text(latency.quantile(percentile));
  return line + "\n";
}

}  // namespace

void export_requests_csv(const Recording& recording, const TextSink& out) {
  detail::BufferedText text(out);
  text << "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,"
          "Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n";
  TrafficTotals all;
  for (std::size_t i = 0; i < recording.totals().size(); ++i) {
    const TrafficTotals& totals = recording.totals()[i];
    text << row("HTTP", totals.name, totals, span_seconds(recording, static_cast<std::uint32_t>(i)));
    all.requests += totals.requests;
    all.failed += totals.failed;
    all.latency_ns.merge(totals.latency_ns);
  }
  text << row("", "Aggregated", all, span_seconds(recording, std::nullopt));
}

}  // namespace tandem::record
