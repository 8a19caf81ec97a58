#include "core/judge/checks.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/judge/metrics.hpp"
#include "core/judge/steps.hpp"
#include "core/scenario/check_expression.hpp"

namespace tandem::judge {

using scenario::CheckSpec;

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed: return "passed";
    case Verdict::Failed: return "failed";
    case Verdict::Error: return "error";
  }
  return {};
}

bool CheckReport::all_passed() const {
  return std::all_of(results.begin(), results.end(), [](const CheckResult& result) { return result.verdict == Verdict::Passed; });
}

namespace {

std::string seconds_text(SimTime time) { return to_string(time); }

/// Evaluates one check. The window is opened first; then the kind decides.
class Evaluation {
 public:
  Evaluation(const CheckSpec& check, const record::Recording& recording, const RunHistory& history, const std::vector<EventLife>& events)
      : check_(check), recording_(recording), history_(history), events_(events) {
    result_.name = check.name;
    result_.kind = check.kind;
    result_.expression = check.threshold.empty() ? check.expression : check.expression + " " + check.threshold;
    result_.max_points = check.points;
    result_.place = check.place;
  }

  CheckResult run() {
    if (open_window()) {
      if (check_.kind == "metric") metric();
      else if (check_.kind == "eventually") eventually();
      else if (check_.kind == "always") throughout(true);
      else if (check_.kind == "never") throughout(false);
      else error("a check of an unknown kind: " + check_.kind, "");
    }
    if (result_.verdict == Verdict::Passed) result_.points = result_.max_points;
    return std::move(result_);
  }

 private:
  void decide(Verdict verdict, std::string seen, std::string hint = {}) {
    result_.verdict = verdict;
    result_.seen = std::move(seen);
    result_.hint = std::move(hint);
  }
  void error(std::string seen, std::string hint) { decide(Verdict::Error, std::move(seen), std::move(hint)); }
  void error(const Error& cause) { error(cause.what + (cause.found.empty() ? "" : " (" + cause.found + ")"), cause.hint); }

  std::string look_at(SimTime time) const {
    return "see the cluster at that moment: tandem get pods " + (recording_.folder().empty() ? "RUN" : recording_.folder()) + " --at " +
           to_string(time - kTimeZero);
  }

  /// First moment from `from` on that `text` names: a time, or when a condition holds. nullopt: the condition never holds.
  Result<std::optional<SimTime>> moment(const std::string& text, SimTime from) {
    const auto parsed = scenario::parse_moment(text);
    if (!parsed) return tl::unexpected(parsed.error());
    if (parsed->is_time) return std::optional(parsed->time);
    const auto condition = condition_over_time(parsed->condition, history_, &events_);
    if (!condition) return tl::unexpected(condition.error());
    return condition->first(true, from, history_.ended_at + nanoseconds(1));
  }

  bool open_window() {
    window_ = {kTimeZero, history_.ended_at, true};
    if (!check_.from.empty()) {
      const auto from = moment(check_.from, kTimeZero);
      if (!from) return error(from.error()), false;
      if (!*from) return error("its start never came: " + check_.from + " did not hold at any time", "see the run's summary for what became of the workload"), false;
      window_.from = **from;
      window_.whole_run = false;
    }
    wanted_until_ = window_.until;
    if (!check_.until.empty()) {
      const auto until = moment(check_.until, window_.from);
      if (!until) return error(until.error()), false;
      if (*until) {
        wanted_until_ = **until;
        window_.until = std::min(**until, history_.ended_at);
        window_.whole_run = false;
      }
    }
    if (window_.from >= window_.until) {
      error("its window is empty: from " + seconds_text(window_.from) + " until " + seconds_text(window_.until), "the run ended at " + seconds_text(history_.ended_at));
      return false;
    }
    return true;
  }

  /// The recording covers the whole window that the check asked for.
  bool window_recorded() const { return history_.complete && wanted_until_ <= history_.ended_at; }
  std::string why_not_recorded() const {
    return history_.complete ? "the run ended at " + seconds_text(history_.ended_at) + ", before the check's window did"
                             : "the recording is incomplete: it ends at " + seconds_text(history_.ended_at);
  }

  std::string window_text() const { return "from " + seconds_text(window_.from) + " until " + seconds_text(window_.until); }

  /// always (value true) and never (value false).
  void throughout(bool value) {
    result_.expected = check_.expression + (value ? " at every moment " : " at no moment ") + window_text();
    const auto condition = parsed_condition();
    if (!condition) return error(condition.error());
    if (const auto violation = condition->first(!value, window_.from, window_.until)) {
      result_.first_violation = *violation;
      const SimDuration total = condition->total(!value, window_.from, window_.until);
      decide(Verdict::Failed, "at " + seconds_text(*violation) + ": " + condition->values_at(*violation) + "; in all for " + to_string(total),
             look_at(*violation));
    } else if (!window_recorded()) {
      error(why_not_recorded(), "");
    } else {
      decide(Verdict::Passed, std::string(value ? "it held" : "it never held") + " " + window_text());
    }
  }

  void eventually() {
    // Without `until`, the time given by `within` counts even where it reaches beyond the run.
    SimTime deadline = check_.within ? window_.from + *check_.within : wanted_until_;
    if (!check_.until.empty()) deadline = std::min(deadline, wanted_until_);
    result_.expected = check_.expression + (check_.within ? " within " + to_string(*check_.within) + " of " + seconds_text(window_.from)
                                                           : " at some moment " + window_text());
    const auto condition = parsed_condition();
    if (!condition) return error(condition.error());
    const SimTime last = std::min(deadline, history_.ended_at);
    if (const auto held = condition->first(true, window_.from, last + nanoseconds(1))) {
      decide(Verdict::Passed, "it held at " + seconds_text(*held) + ", after " + to_string(*held - window_.from));
    } else if (!history_.complete || deadline > history_.ended_at) {
      error(why_not_recorded(), "");
    } else {
      result_.first_violation = last;
      decide(Verdict::Failed, "not until " + seconds_text(last) + ": " + condition->values_at(last), look_at(last));
    }
  }

  void metric() {
    const auto parsed = scenario::parse_metric(check_.expression);
    if (!parsed) return error(parsed.error());
    const auto threshold = scenario::parse_threshold(check_.threshold, *parsed);
    if (!threshold) return error(threshold.error());
    result_.expected = check_.expression + " " + check_.threshold;
    if (!window_recorded()) return error(why_not_recorded(), "");
    const auto value = metric_value(*parsed, *threshold, window_, recording_, history_);
    if (!value) return error(value.error());
    const bool holds = scenario::compare(value->value, threshold->comparison, threshold->limit);
    const bool grows = threshold->comparison == scenario::Comparison::Greater || threshold->comparison == scenario::Comparison::GreaterEqual;
    const bool shrinks = threshold->comparison == scenario::Comparison::Less || threshold->comparison == scenario::Comparison::LessEqual;
    const std::string seen = (value->at_least ? "at least " : "") + value_text(*value, *threshold, *parsed) +
                             (value->note.empty() ? "" : ", " + value->note);
    // A lower bound decides only what a larger value would decide alike.
    if (value->at_least && !((grows && holds) || (shrinks && !holds))) return error(seen, "give the scenario a longer horizon");
    decide(holds ? Verdict::Passed : Verdict::Failed, seen, holds ? "" : "see the run's summary for the whole distribution");
  }

  static std::string value_text(const MetricValue& value, const scenario::Threshold& threshold, const scenario::Metric& metric) {
    const auto& definitions = scenario::metric_definitions();
    const auto definition = std::find_if(definitions.begin(), definitions.end(), [&](const auto& d) { return d.name == metric.name; });
    if (definition != definitions.end() && definition->is_time) return format_double(value.value) + " ms over " + std::to_string(value.count);
    if (definition != definitions.end() && definition->kind == scenario::MetricKind::Gauge && !definition->is_time) return format_fixed(value.value, 2);
    if (definition != definitions.end() && definition->kind == scenario::MetricKind::Share) return format_fixed(value.value * 100, 1) + "%";
    if (definition != definitions.end() && definition->kind == scenario::MetricKind::Rate) {
      return format_fixed(value.value * 100, 3) + "% of " + std::to_string(value.count);
    }
    return format_double(value.value) + (threshold.aggregation == scenario::Aggregation::Rate ? "/s" : "");
  }

  Result<ConditionOverTime> parsed_condition() const {
    const auto parsed = scenario::parse_condition(check_.expression);
    if (!parsed) return tl::unexpected(parsed.error());
    return condition_over_time(*parsed, history_, &events_);
  }

  const CheckSpec& check_;
  const record::Recording& recording_;
  const RunHistory& history_;
  const std::vector<EventLife>& events_;
  CheckResult result_;
  Window window_;
  SimTime wanted_until_;
};

bool asks_for_events(const std::string& moment_or_condition) {
  const auto parsed = scenario::parse_moment(moment_or_condition);
  if (!parsed || parsed->is_time) return false;
  const std::vector<scenario::ObjectField> fields = scenario::fields_of(parsed->condition);
  return std::any_of(fields.begin(), fields.end(), [](const auto& field) { return field.subject == scenario::Subject::Events; });
}

bool asks_for_events(const CheckSpec& check) {
  return asks_for_events(check.from) || asks_for_events(check.until) || (check.kind != "metric" && asks_for_events(check.expression));
}

}  // namespace

CheckReport evaluate_checks(const std::vector<CheckSpec>& checks, const record::Recording& recording, const RunHistory& history) {
  const bool with_events = std::any_of(checks.begin(), checks.end(), [](const CheckSpec& check) { return asks_for_events(check); });
  const std::vector<EventLife> events = with_events ? events_of(recording) : std::vector<EventLife>{};
  CheckReport report;
  for (const CheckSpec& check : checks) {
    report.results.push_back(Evaluation(check, recording, history, events).run());
    report.score += report.results.back().points;
    report.max_score += report.results.back().max_points;
  }
  return report;
}

}  // namespace tandem::judge
