#include "core/judge/first_difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace tandem::judge {

namespace {

using record::Recording;
using Found = std::optional<std::string>;

std::string at(SimTime time) { return to_string(time - kTimeZero); }

/// The first row of two lists that `describe` tells apart; then their lengths.
template <class Rows, class Describe>
Found compare_rows(std::string_view what, const Rows& a, const Rows& b, Describe describe) {
  const std::size_t both = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < both; ++i) {
    const std::string first = describe(a[i]);
    const std::string second = describe(b[i]);
    if (first != second) return fmt::format("{} {}: {}, not {}", what, i, first, second);
  }
  if (a.size() != b.size()) return fmt::format("{} {}s, not {}", a.size(), what, b.size());
  return std::nullopt;
}

Found compare_changes(const Recording& a, const Recording& b) {
  const auto name = [](const record::ObjectChange& change) {
    return fmt::format("{} {} {}/{}, version {}, at {}", change.type == cluster::ChangeType::Added ? "added" : change.type == cluster::ChangeType::Deleted ? "deleted" : "modified",
                       cluster::name_of(change.kind), change.namespace_, change.name, change.resource_version, at(change.time));
  };
  if (Found found = compare_rows("object change", a.changes(), b.changes(), name)) return found;
  for (std::size_t i = 0; i < a.changes().size(); ++i) {
    const nlohmann::json first = a.json_after(i);
    const nlohmann::json second = b.json_after(i);
    if (first == second) continue;
    const nlohmann::json difference = nlohmann::json::diff(second, first);
    const nlohmann::json& step = difference.front();
    return fmt::format("object change {} ({}): {} is {}", i, name(a.changes()[i]), step.value("path", ""), step.contains("value") ? step["value"].dump() : "gone");
  }
  return std::nullopt;
}

std::string describe_decision(const record::SchedulingDecision& decision) {
  std::string text = fmt::format("{} to {} at {} (attempt {}, {} of {} feasible, {})", decision.pod, decision.node, at(decision.time), decision.attempt, decision.feasible,
                                 decision.evaluated, decision.message);
  if (!decision.inputs) return text;
  const record::DecisionInputs& inputs = *decision.inputs;
  text += fmt::format(", begun at {} having seen {} and {} changes, search from {}, {} ties", at(inputs.begun), inputs.seen, inputs.seen_during, inputs.search_start, inputs.tie_count);
  if (!inputs.nominated_node.empty()) text += ", nominated to " + inputs.nominated_node;
  if (!inputs.policy_answer.empty()) text += ", policy " + inputs.policy_answer;
  return text;
}

std::string describe_note(const record::SchedulerNote& note) {
  return fmt::format("kind {} about {} {} at {} having seen {} changes", static_cast<int>(note.kind), note.subject, note.node, at(note.time), note.seen);
}

Found compare_requests(const Recording& a, const Recording& b) {
  const record::RequestColumns& x = a.requests();
  const record::RequestColumns& y = b.requests();
  const std::size_t both = std::min(x.index.size(), y.index.size());
  for (std::size_t i = 0; i < both; ++i) {
    const auto where = [&] { return fmt::format("request {} of {}", x.index[i], x.traffic[i] < a.totals().size() ? a.totals()[x.traffic[i]].name : "?"); };
    if (x.traffic[i] != y.traffic[i] || x.index[i] != y.index[i]) return fmt::format("stored request {} is another one", i);
    const std::pair<std::string_view, std::pair<std::int64_t, std::int64_t>> times[] = {
        {"intended", {x.intended[i], y.intended[i]}}, {"sent", {x.sent[i], y.sent[i]}},       {"end", {x.end[i], y.end[i]}},
        {"queued", {x.queued[i], y.queued[i]}},       {"service", {x.service[i], y.service[i]}}, {"cpu", {x.cpu[i], y.cpu[i]}},
        {"throttled", {x.throttled[i], y.throttled[i]}}};
    for (const auto& [name, values] : times) {
      if (values.first != values.second) return fmt::format("{}: {} {}, not {}", where(), name, to_string(SimDuration{values.first}), to_string(SimDuration{values.second}));
    }
    if (x.status[i] != y.status[i]) return fmt::format("{}: status {}, not {}", where(), x.status[i], y.status[i]);
    if (a.text(x.replica[i]) != b.text(y.replica[i])) return fmt::format("{}: answered by {}, not {}", where(), a.text(x.replica[i]), b.text(y.replica[i]));
    if (x.outcome[i] != y.outcome[i] || x.attempts[i] != y.attempts[i] || x.connection[i] != y.connection[i]) return where() + ": another outcome, number of attempts or connection";
  }
  if (x.index.size() != y.index.size()) return fmt::format("{} stored requests, not {}", x.index.size(), y.index.size());
  return std::nullopt;
}

}  // namespace

Found first_difference(const Recording& a, const Recording& b) {
  if (a.seed() != b.seed()) return fmt::format("seed {}, not {}", a.seed(), b.seed());
  if (Found found = compare_rows("mark", a.marks(), b.marks(), [](const record::Mark& mark) { return fmt::format("{} {} {} at {}", mark.kind, mark.subject, mark.text, at(mark.time)); })) return found;
  if (Found found = compare_changes(a, b)) return found;
  if (Found found = compare_rows("scheduling decision", a.decisions(), b.decisions(), describe_decision)) return found;
  if (Found found = compare_rows("note of the scheduler", a.scheduler_notes(), b.scheduler_notes(), describe_note)) return found;
  if (Found found = compare_requests(a, b)) return found;
  if (Found found = compare_rows("sample", a.samples(), b.samples(), [](const record::Sample& sample) {
        return fmt::format("{} of {} is {} at {}", sample.metric, sample.entity, format_double(sample.value), at(sample.time));
      })) {
    return found;
  }
  if (a.ended_at() != b.ended_at()) return fmt::format("ended at {}, not {}", at(a.ended_at()), at(b.ended_at()));
  return std::nullopt;
}

}  // namespace tandem::judge
