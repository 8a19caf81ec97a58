// The events about an object, oldest first.

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/text.hpp"
#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

namespace {

/// "5m", "16m (x3 over 39m)".
std::string interval_text(const json& event, std::int64_t now) {
  const json& event_time = at(event, "/eventTime");
  const std::string first = time_since(event_time.is_null() ? at(event, "/firstTimestamp") : event_time, now);
  if (const json& series = at(event, "/series"); series.is_object()) {
    return fmt::format("{} (x{} over {})", time_since(at(series, "/lastObservedTime"), now), number_at(series, "/count"), first);
  }
  const std::int64_t count = number_at(event, "/count");
  return count > 1 ? fmt::format("{} (x{} over {})", time_since(at(event, "/lastTimestamp"), now), count, first) : first;
}

/// Seconds of the last sight; an event of the newer API has none and comes first.
std::int64_t last_seen(const json& event) { return unix_seconds_of(at(event, "/lastTimestamp")); }

}  // namespace

EventsOf events_of(const json& object) {
  return {text_at(object, "/metadata/name"), text_at(object, "/metadata/namespace"), text_at(object, "/kind"), text_at(object, "/metadata/uid")};
}

std::vector<const json*> find_events(const EventsOf& wanted, const DescribeContext& context) {
  std::vector<const json*> found;
  for (const json& object : context.objects) {
    if (text_at(object, "/kind") != "Event") continue;
    const json& involved = at(object, "/involvedObject");
    const bool same = text_at(involved, "/name") == wanted.name && text_at(involved, "/namespace") == wanted.name_space &&
                      (wanted.kind.empty() || text_at(involved, "/kind") == wanted.kind) && (wanted.uid.empty() || text_at(involved, "/uid") == wanted.uid);
    if (same) found.push_back(&object);
  }
  std::stable_sort(found.begin(), found.end(), [](const json* a, const json* b) {
    return std::make_tuple(text_at(*a, "/metadata/namespace"), text_at(*a, "/metadata/name")) <
           std::make_tuple(text_at(*b, "/metadata/namespace"), text_at(*b, "/metadata/name"));
  });
  return found;
}

void describe_events(Description& text, std::vector<const json*> events, const DescribeContext& context) {
  if (events.empty()) return text.field(0, "Events", "<none>");
  std::stable_sort(events.begin(), events.end(), [](const json* a, const json* b) { return last_seen(*a) < last_seen(*b); });
  text.line(0, "Events:");
  text.line(1, "Type\tReason\tAge\tFrom\tMessage");
  text.line(1, "----\t------\t----\t----\t-------");
  for (const json* event : events) {
    std::string source = text_at(*event, "/source/component");
    if (source.empty()) source = text_at(*event, "/reportingComponent");
    text.line(1, fmt::format("{}\t{}\t{}\t{}\t{}", text_at(*event, "/type"), text_at(*event, "/reason"), interval_text(*event, context.now_unix_seconds), source,
                             trim(text_at(*event, "/message"))));
  }
}

void describe_events_of(Description& text, const json& object, const DescribeContext& context) {
  if (context.show_events) describe_events(text, find_events(events_of(object), context), context);
}

}  // namespace tandem::kubectl
