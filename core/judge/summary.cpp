#include "core/judge/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/judge/cluster_utilisation.hpp"
#include "core/judge/host_load.hpp"
#include "core/judge/identity.hpp"
#include "core/judge/rollouts.hpp"
#include "core/judge/table.hpp"
#include "core/record/units.hpp"

namespace tandem::judge {

using nlohmann::json;
using record::RequestOutcome;
using record::TrafficTotals;

namespace {

constexpr std::size_t kNameWidth = 34;

/// "name....: " in k6's look.
std::string dotted(std::string name) {
  const std::size_t width = width_of(name);
  if (width < kNameWidth) name.append(kNameWidth - width, '.');
  return "   " + name + ": ";
}

std::string ms(std::int64_t ns) {
  const double value = record::in_milliseconds(SimDuration{ns});
  return format_fixed(value, value < 10 ? 2 : 1) + "ms";
}

struct Trend {
  std::string_view name;
  double ms;
};

std::vector<Trend> trend_of(const Histogram& latency) {
  const auto quantile = [&](double q) { return record::in_milliseconds(SimDuration{latency.quantile(q)}); };
  return {{"avg", latency.mean() / 1e6}, {"min", record::in_milliseconds(SimDuration{latency.min()})}, {"med", quantile(0.5)},
          {"max", record::in_milliseconds(SimDuration{latency.max()})}, {"p(90)", quantile(0.9)}, {"p(95)", quantile(0.95)},
          {"p(99)", quantile(0.99)}, {"p(99.9)", quantile(0.999)}};
}

std::string mark_of(Verdict verdict, const SummaryOptions& options) {
  const bool passed = verdict == Verdict::Passed;
  if (options.ascii) return passed ? "ok  " : "FAIL";
  return passed ? "\xE2\x9C\x93" : "\xE2\x9C\x97";
}

std::string check_lines(const CheckReport& report, bool metrics, const SummaryOptions& options) {
  std::string text;
  std::size_t passed = 0, total = 0;
  for (const CheckResult& result : report.results) {
    if ((result.kind == "metric") != metrics) continue;
    ++total;
    if (result.verdict == Verdict::Passed) ++passed;
    text += fmt::format("   {} {}  ({}/{} points)\n", mark_of(result.verdict, options), result.name, format_double(result.points), format_double(result.max_points));
    if (result.verdict == Verdict::Passed) {
      text += fmt::format("       {}: {}\n", result.expression, result.seen);
      continue;
    }
    if (!result.expected.empty()) text += fmt::format("       expected: {}\n", result.expected);
    text += fmt::format("       {}: {}\n", result.verdict == Verdict::Error ? "not evaluated" : "seen", result.seen);
    if (!result.hint.empty()) text += fmt::format("       hint: {}\n", result.hint);
  }
  if (total == 0) return {};
  return fmt::format("{} {} passed of {}\n{}\n", metrics ? "THRESHOLDS" : "CHECKS", passed, total, text);
}

std::string traffic_lines(const record::Recording& recording) {
  std::string text;
  const double duration = record::in_seconds(recording.ended_at());
  for (const TrafficTotals& totals : recording.totals()) {
    const auto tagged = [&](const char* metric) { return fmt::format("{}{{traffic:{}}}", metric, totals.name); };
    text += dotted(tagged("http_reqs")) + fmt::format("{}  {}/s over the run\n", totals.requests, duration > 0 ? format_fixed(static_cast<double>(totals.requests) / duration, 1) : "0");
    const double failed = totals.requests == 0 ? 0 : static_cast<double>(totals.failed) / static_cast<double>(totals.requests);
    text += dotted(tagged("http_req_failed")) + fmt::format("{}%  {} of {}\n", format_fixed(failed * 100, 2), totals.failed, totals.requests);
    if (totals.latency_ns.count() > 0) {
      text += dotted(tagged("http_req_duration"));
      std::string values;
      for (const Trend& trend : trend_of(totals.latency_ns)) values += fmt::format("{}{}={}", values.empty() ? "" : " ", trend.name, ms(static_cast<std::int64_t>(trend.ms * 1e6)));
      text += values + "\n";
    }
    std::string parts;
    for (const auto& [status, count] : totals.by_status) {
      if (status != 0) parts += fmt::format("{}{}: {}", parts.empty() ? "" : "  ", status, count);
    }
    for (const auto& [outcome, count] : totals.by_outcome) {
      if (outcome != RequestOutcome::Ok) parts += fmt::format("{}{}: {}", parts.empty() ? "" : "  ", name_of(outcome), count);
    }
    if (!parts.empty()) text += dotted("  answers") + parts + "\n";
    if (totals.stored_one_in > 1) text += fmt::format("     one request in {} is stored; these figures are of all\n", totals.stored_one_in);
  }
  return text;
}

std::string rollout_line(const Rollout& rollout) {
  if (rollout.end) return fmt::format("{} (from {} to {})", to_string(*rollout.duration()), to_string(rollout.start), to_string(*rollout.end));
  if (rollout.superseded) return fmt::format("superseded by the next change (from {})", to_string(rollout.start));
  return fmt::format("not over when the run ended (from {})", to_string(rollout.start));
}

std::string deployment_lines(const RunHistory& history) {
  std::string text;
  for (const DeploymentLife& deployment : history.deployments) {
    const std::string name = identity_of(deployment);
    for (const Rollout& rollout : rollouts_of(deployment, history)) {
      text += dotted(rollout.number == 0 ? name + " first start" : fmt::format("{} rollout {}", name, rollout.number)) + rollout_line(rollout) + "\n";
      text += dotted("  ReplicaSet sizes") + sizes_text(rollout, history) + "\n";
    }
    const Availability availability = availability_of(deployment, history);
    if (!availability.first_full) {
      text += dotted(name + " availability") + "never had all replicas available\n";
      continue;
    }
    text += dotted(name + " below desired") + fmt::format("{} in all, longest {}, {} replica-seconds missing\n", to_string(availability.below_desired),
                                                          to_string(availability.longest_below_desired), format_fixed(availability.missing_replica_seconds, 3));
    text += dotted(name + " below minAvailable") + fmt::format("{} in all, longest {}, fewest available {}\n", to_string(availability.below_minimum),
                                                               to_string(availability.longest_below_minimum), availability.lowest_available);
  }
  return text;
}

std::string overload_lines(const std::vector<std::string>& reasons, const SummaryOptions& options) {
  if (reasons.empty()) return {};
  std::string text = "NOT GRADABLE the machine was too busy for the measurement to count\n";
  for (const std::string& reason : reasons) text += fmt::format("   {} {}\n", mark_of(Verdict::Failed, options), escape_for_terminal(reason, 500));
  return text + "       hint: end other programs on this machine and run again\n\n";
}

json counter(const std::string& name, double count, double duration) {
  return {{"name", name}, {"type", "counter"}, {"contains", "default"}, {"values", {{"count", count}, {"rate", duration > 0 ? count / duration : 0}}}};
}

json traffic_metrics(const record::Recording& recording) {
  json metrics = json::array();
  const double duration = record::in_seconds(recording.ended_at());
  for (const TrafficTotals& totals : recording.totals()) {
    const std::string tag = "{traffic:" + totals.name + "}";
    metrics.push_back(counter("http_reqs" + tag, static_cast<double>(totals.requests), duration));
    const double rate = totals.requests == 0 ? 0 : static_cast<double>(totals.failed) / static_cast<double>(totals.requests);
    metrics.push_back({{"name", "http_req_failed" + tag}, {"type", "rate"}, {"contains", "default"},
                       {"values", {{"rate", rate}, {"matches", totals.failed}, {"total", totals.requests}}}});
    json values = json::object();
    for (const Trend& trend : trend_of(totals.latency_ns)) values[std::string(trend.name)] = trend.ms;
    metrics.push_back({{"name", "http_req_duration" + tag}, {"type", "trend"}, {"contains", "time"}, {"values", values}});
    for (const auto& [status, count] : totals.by_status) {
      if (status != 0) metrics.push_back(counter(fmt::format("http_reqs{{traffic:{},status:{}}}", totals.name, status), static_cast<double>(count), duration));
    }
    for (const auto& [outcome, count] : totals.by_outcome) {
      if (outcome != RequestOutcome::Ok) metrics.push_back(counter(fmt::format("http_reqs{{traffic:{},outcome:{}}}", totals.name, name_of(outcome)), static_cast<double>(count), duration));
    }
  }
  return metrics;
}

void add_deployment_metrics(const RunHistory& history, json& metrics, json& deployments) {
  const auto gauge = [&](const std::string& name, const char* contains, double value) {
    metrics.push_back({{"name", name}, {"type", "gauge"}, {"contains", contains}, {"values", {{"value", value}, {"min", value}, {"max", value}}}});
  };
  for (const DeploymentLife& deployment : history.deployments) {
    json rollouts = json::array();
    double last = 0, smallest = 0, largest = 0;
    std::size_t finished = 0;
    for (const Rollout& rollout : rollouts_of(deployment, history)) {
      const auto duration = rollout.duration();
      rollouts.push_back({{"number", rollout.number}, {"start_ns", rollout.start.ns}, {"from_action", rollout.from_action}, {"superseded", rollout.superseded},
                          {"end_ns", rollout.end ? json(rollout.end->ns) : json(nullptr)}, {"duration_ms", duration ? json(record::in_milliseconds(*duration)) : json(nullptr)},
                          {"sizes", sizes_text(rollout, history)}});
      if (rollout.number == 0 || !duration) continue;
      last = record::in_milliseconds(*duration);
      smallest = finished == 0 ? last : std::min(smallest, last);
      largest = std::max(largest, last);
      ++finished;
    }
    const std::string tag = fmt::format("{{deployment:{},namespace:{}}}", deployment.name, deployment.namespace_);
    if (finished > 0) {
      metrics.push_back({{"name", "rollout_duration" + tag}, {"type", "gauge"}, {"contains", "time"}, {"values", {{"value", last}, {"min", smallest}, {"max", largest}}}});
    }
    const Availability availability = availability_of(deployment, history);
    gauge("missing_replica_seconds" + tag, "default", availability.missing_replica_seconds);
    gauge("longest_below_desired" + tag, "time", record::in_milliseconds(availability.longest_below_desired));
    gauge("longest_below_min_available" + tag, "time", record::in_milliseconds(availability.longest_below_minimum));
    deployments.push_back({{"name", deployment.name}, {"namespace", deployment.namespace_}, {"rollouts", rollouts}});
  }
}

/// How full the workers were, and how fragmented: gauges over the whole run.
void add_cluster_metrics(const RunHistory& history, json& metrics) {
  const ClusterFigures figures = figures_over_run(history);
  const auto gauge = [&](std::string name, const OverTime& figure) {
    metrics.push_back({{"name", std::move(name)}, {"type", "gauge"}, {"contains", "default"},
                       {"values", {{"value", figure.last()}, {"avg", figure.mean(history.ended_at)}, {"min", figure.minimum()}, {"max", figure.maximum()}}}});
  };
  gauge("nodes_in_use", figures.nodes_in_use);
  for (std::size_t r = 0; r < figures.resources.size(); ++r) {
    gauge(fmt::format("resource_utilisation{{resource:{}}}", figures.resources[r]), figures.utilisation[r]);
    gauge(fmt::format("resource_fragmentation{{resource:{}}}", figures.resources[r]), figures.fragmentation[r]);
  }
}

}  // namespace

std::string summary_text(const record::Recording& recording, const RunHistory& history, const CheckReport& checks, const SummaryOptions& options) {
  std::string text = check_lines(checks, true, options) + check_lines(checks, false, options);
  const std::vector<std::string> overload = not_gradable_reasons(recording);
  if (!checks.results.empty()) {
    text += fmt::format("POINTS {} of {}{}\n\n", format_double(checks.score), format_double(checks.max_score),
                        overload.empty() ? "" : ", withheld: the run does not count");
  }
  text += overload_lines(overload, options);
  text += traffic_lines(recording);
  text += deployment_lines(history);
  text += dotted("run") + fmt::format("{} of {} time, seed {}{}\n", to_string(recording.ended_at() - kTimeZero), recording.world() == "sim" ? "simulated" : "real",
                                      recording.seed(), recording.complete() ? "" : ", INCOMPLETE: the recording has no end");
  text += dotted("digest") + recording.digest() + "\n";
  return text;
}

json summary_json(const record::Recording& recording, const RunHistory& history, const CheckReport& checks) {
  json metrics = traffic_metrics(recording);
  json deployments = json::array();
  add_deployment_metrics(history, metrics, deployments);
  add_cluster_metrics(history, metrics);
  json results = json::array();
  json thresholds = json::object();
  for (const CheckResult& result : checks.results) {
    const bool passed = result.verdict == Verdict::Passed;
    json line = {{"name", result.name}, {"passes", passed ? 1 : 0}, {"fails", passed ? 0 : 1}, {"verdict", name_of(result.verdict)}, {"kind", result.kind},
                 {"expression", result.expression}, {"points", result.points}, {"max_points", result.max_points}, {"expected", result.expected},
                 {"seen", result.seen}, {"hint", result.hint}};
    line["first_violation_ns"] = result.first_violation ? json(result.first_violation->ns) : json(nullptr);
    results.push_back(std::move(line));
    if (result.kind == "metric") thresholds[result.expression] = {{"ok", passed}};
  }
  const std::vector<std::string> overload = not_gradable_reasons(recording);
  return {{"version", "1.0.0"},
          {"metadata", {{"digest", recording.digest()}, {"gradable", overload.empty()}, {"not_gradable", overload}}},
          {"config", {{"scenario", recording.manifest_text("/scenario/path")}, {"execution", recording.world()},
                      {"duration", record::in_seconds(recording.ended_at())}, {"seed", recording.seed()}}},
          {"results", {{"checks", {{"results", results}, {"score", checks.score}, {"max_score", checks.max_score}}}, {"thresholds", thresholds}, {"metrics", metrics},
                       {"deployments", deployments}}}};
}

}  // namespace tandem::judge
