#pragma once
// Text formats that other tools read (conventions §4). Exports are for people and tools; the recording stays the source.
// Exports that tell what objects did over time (trace, series, OpenMetrics, JUnit) are in core/judge.

#include <functional>
#include <string>
#include <string_view>

#include "core/record/recording.hpp"

namespace tandem::record {

/// Takes the next piece of the output; pieces are at most about 64 KiB.
using TextSink = std::function<void(std::string_view)>;

/// One JSON object a line, ordered by time: {"t_ns", "event": "object"|"decision"|"mark"|"sample"|"request", …}. A request's time
/// is its end. Object lines hold the whole object after the change.
void export_jsonl(const Recording& recording, const TextSink& out);

/// A row per traffic source and an aggregate, columns as locust's statistics. Times in ms, from the intended time, over answered
/// requests. Type is "HTTP" and the content size 0: the recording holds neither method nor sizes.
void export_requests_csv(const Recording& recording, const TextSink& out);

/// RFC 4180 quoting; cells that a spreadsheet would run as a formula get a leading apostrophe (hardening G7).
std::string csv_cell(std::string_view text);

}  // namespace tandem::record
