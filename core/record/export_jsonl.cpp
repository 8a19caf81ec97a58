#include <algorithm>
#include <tuple>
#include <vector>

#include "core/cluster/json.hpp"
#include "core/record/export_text.hpp"

namespace tandem::record {

using nlohmann::json;

namespace {

enum class LineKind : std::uint8_t { Mark, Object, Decision, Request, Sample };

struct Line {
  std::int64_t time;
  LineKind kind;
  std::size_t number;
};

std::vector<Line> lines_by_time(const Recording& recording) {
  std::vector<Line> lines;
  for (std::size_t i = 0; i < recording.marks().size(); ++i) lines.push_back({recording.marks()[i].time.ns, LineKind::Mark, i});
  for (std::size_t i = 0; i < recording.changes().size(); ++i) lines.push_back({recording.changes()[i].time.ns, LineKind::Object, i});
  for (std::size_t i = 0; i < recording.decisions().size(); ++i) lines.push_back({recording.decisions()[i].time.ns, LineKind::Decision, i});
  for (std::size_t i = 0; i < recording.requests().end.size(); ++i) lines.push_back({recording.requests().end[i], LineKind::Request, i});
  for (std::size_t i = 0; i < recording.samples().size(); ++i) lines.push_back({recording.samples()[i].time.ns, LineKind::Sample, i});
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return std::tie(a.time, a.kind, a.number) < std::tie(b.time, b.kind, b.number);
  });
  return lines;
}

const char* type_name(cluster::ChangeType type) {
  switch (type) {
    case cluster::ChangeType::Added: return "ADDED";
    case cluster::ChangeType::Modified: return "MODIFIED";
    case cluster::ChangeType::Deleted: return "DELETED";
  }
  return "";
}

json request_line(const Recording& recording, std::size_t row) {
  const RequestRecord request = detail::request_at(recording, row);
  json line = {{"traffic", recording.totals()[request.traffic].name}, {"index", request.index}, {"intended_ns", request.intended.ns},
               {"sent_ns", request.sent.ns}, {"status", request.status}, {"outcome", name_of(request.outcome)},
               {"replica", request.replica}, {"connection", request.connection}, {"attempts", request.attempts}};
  // Unknown durations are left out rather than written as -1.
  const std::pair<const char*, SimDuration> durations[] = {
      {"queued_ns", request.queued}, {"service_ns", request.service}, {"cpu_ns", request.cpu}, {"throttled_ns", request.throttled}};
  for (const auto& [name, value] : durations) {
    if (value.ns >= 0) line[name] = value.ns;
  }
  return line;
}

json decision_line(const SchedulingDecision& decision) {
  json line = {{"pod", decision.pod}, {"attempt", decision.attempt}, {"input_version", decision.input_version}, {"node", decision.node},
               {"ties", decision.ties}, {"feasible", decision.feasible}, {"evaluated", decision.evaluated}, {"message", decision.message}};
  if (decision.inputs) {
    line["begun_ns"] = decision.inputs->begun.ns;
    line["seen"] = decision.inputs->seen;
    line["search_start"] = decision.inputs->search_start;
    line["tie_count"] = decision.inputs->tie_count;
    line["nominated_node"] = decision.inputs->nominated_node;
  }
  return line;
}

}  // namespace

RequestRecord detail::request_at(const Recording& recording, std::size_t row) {
  const RequestColumns& c = recording.requests();
  RequestRecord request;
  request.traffic = c.traffic[row];
  request.index = c.index[row];
  request.intended = SimTime{c.intended[row]};
  request.sent = SimTime{c.sent[row]};
  request.end = SimTime{c.end[row]};
  request.queued = nanoseconds(c.queued[row]);
  request.service = nanoseconds(c.service[row]);
  request.cpu = nanoseconds(c.cpu[row]);
  request.throttled = nanoseconds(c.throttled[row]);
  request.status = c.status[row];
  request.outcome = static_cast<RequestOutcome>(c.outcome[row]);
  request.replica = recording.text(c.replica[row]);
  request.connection = c.connection[row];
  request.attempts = c.attempts[row];
  return request;
}

void export_jsonl(const Recording& recording, const TextSink& out) {
  detail::BufferedText text(out);
  const auto write = [&](std::int64_t time, const char* event, json line) {
    line["t_ns"] = time;
    line["event"] = event;
    text << detail::dump(line) << "\n";
  };
  const std::vector<Line> lines = lines_by_time(recording);
  for (const Line& line : lines) {
    switch (line.kind) {
      case LineKind::Mark: {
        const Mark& mark = recording.marks()[line.number];
        write(line.time, "mark", {{"kind", mark.kind}, {"subject", mark.subject}, {"text", mark.text}});
        break;
      }
      case LineKind::Object: {
        const ObjectChange& change = recording.changes()[line.number];
        write(line.time, "object", {{"type", type_name(change.type)}, {"object", recording.json_after(line.number)}});
        break;
      }
      case LineKind::Decision: write(line.time, "decision", decision_line(recording.decisions()[line.number])); break;
      case LineKind::Request: write(line.time, "request", request_line(recording, line.number)); break;
      case LineKind::Sample: {
        const Sample& sample = recording.samples()[line.number];
        write(line.time, "sample", {{"entity", sample.entity}, {"metric", sample.metric}, {"value", sample.value}});
        break;
      }
    }
  }
}

}  // namespace tandem::record
