#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "core/base/text.hpp"
#include "core/judge/cluster_utilisation.hpp"
#include "core/judge/export_run.hpp"
#include "core/judge/identity.hpp"
#include "core/judge/rollouts.hpp"
#include "core/judge/steps.hpp"
#include "core/record/export_text.hpp"
#include "core/record/units.hpp"

namespace tandem::judge {

using record::Recording;
using record::RequestOutcome;

namespace {

struct Point {
  SimTime time;
  std::string entity;
  std::string metric;
  double value = 0;
};

void add_deployments(const RunHistory& history, std::vector<Point>& points) {
  for (const DeploymentLife& deployment : history.deployments) {
    const std::string entity = "deployment/" + identity_of(deployment);
    const std::pair<const char*, std::int32_t DeploymentState::*> fields[] = {{"desired", &DeploymentState::desired}, {"replicas", &DeploymentState::replicas},
                                                                              {"updated", &DeploymentState::updated}, {"ready", &DeploymentState::ready},
                                                                              {"available", &DeploymentState::available}};
    for (const auto& [name, field] : fields) {
      std::optional<std::int32_t> before;
      for (const DeploymentState& state : deployment.states) {
        const std::int32_t value = state.exists ? state.*field : 0;
        if (before != value) points.push_back({state.at.time, entity, name, static_cast<double>(value)});
        before = value;
      }
    }
    for (const SizeChange& change : size_changes(deployment, history)) {
      points.push_back({change.at.time, fmt::format("replicaset/{}#{}", identity_of(deployment), change.replica_set), "desired", static_cast<double>(std::max(change.to, 0))});
    }
  }
}

void add_services(const RunHistory& history, std::vector<Point>& points) {
  for (const ServiceLife& service : history.services) {
    scenario::ObjectField field;
    field.subject = scenario::Subject::Service;
    field.namespace_ = service.namespace_;
    field.name = service.name;
    field.field = scenario::Observed::Endpoints;
    const auto steps = steps_of(field, history);
    if (!steps) continue;
    for (const auto& [time, value] : steps->points) points.push_back({time, "service/" + service.name, "endpoints", static_cast<double>(value)});
  }
}

/// Requests of what is allocatable, by worker and in all, and how much of the free amount is of no use.
void add_utilisation(const RunHistory& history, std::vector<Point>& points) {
  ClusterUtilisation cluster(history);
  std::map<std::pair<std::string, std::string>, double> before;
  for (const SimTime moment : cluster.moments()) {
    cluster.advance(moment);
    const auto add = [&](std::string entity, std::string metric, double value) {
      const auto [place, inserted] = before.try_emplace({entity, metric}, value);
      if (!inserted && place->second == value) return;
      place->second = value;
      points.push_back({moment, std::move(entity), std::move(metric), value});
    };
    add("cluster", "nodes_in_use", static_cast<double>(cluster.nodes_in_use()));
    for (std::size_t r = 0; r < cluster.resources().size(); ++r) {
      const std::string& name = cluster.resources()[r];
      add("cluster", name + "_utilisation", cluster.utilisation(r));
      add("cluster", name + "_fragmentation", cluster.fragmentation(r));
    }
    for (const std::size_t number : cluster.changed()) {
      const ClusterUtilisation::Node& node = cluster.nodes()[number];
      for (std::size_t r = 0; r < cluster.resources().size(); ++r) add("node/" + node.name, cluster.resources()[r] + "_utilisation", cluster.utilisation(r, node));
    }
  }
}

void add_traffic(const Recording& recording, std::vector<Point>& points) {
  struct Second {
    std::uint64_t requests = 0, failed = 0, answered = 0;
    double latency_ns = 0;
  };
  std::map<std::pair<std::uint32_t, std::int64_t>, Second> seconds;
  const record::RequestColumns& c = recording.requests();
  for (std::size_t row = 0; row < c.index.size(); ++row) {
    const record::TrafficTotals& totals = recording.totals()[c.traffic[row]];
    Second& second = seconds[{c.traffic[row], c.intended[row] / 1'000'000'000}];
    const auto outcome = static_cast<RequestOutcome>(c.outcome[row]);
    second.requests += totals.stored_one_in;
    if (record::is_failed(outcome, c.status[row], totals.expect_status)) second.failed += totals.stored_one_in;
    if (outcome != RequestOutcome::Ok) continue;
    ++second.answered;
    second.latency_ns += static_cast<double>(c.end[row] - c.intended[row]);
  }
  for (const auto& [key, second] : seconds) {
    const std::string entity = "traffic/" + recording.totals()[key.first].name;
    const SimTime time = kTimeZero + tandem::seconds(key.second);
    points.push_back({time, entity, "http_reqs", static_cast<double>(second.requests)});
    points.push_back({time, entity, "http_req_failed", static_cast<double>(second.failed)});
    if (second.answered > 0) points.push_back({time, entity, "http_req_duration_avg_ms", second.latency_ns / static_cast<double>(second.answered) / 1e6});
  }
}

}  // namespace

void export_series_csv(const Recording& recording, const record::TextSink& out) {
  const RunHistory history = RunHistory::of(recording);
  std::vector<Point> points;
  for (const record::Sample& sample : recording.samples()) points.push_back({sample.time, sample.entity, sample.metric, sample.value});
  add_deployments(history, points);
  add_services(history, points);
  add_utilisation(history, points);
  add_traffic(recording, points);
  std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return std::tie(a.time, a.entity, a.metric) < std::tie(b.time, b.entity, b.metric); });
  record::detail::BufferedText text(out);
  text << "t_s,entity,metric,value\n";
  for (const Point& point : points) {
    text << fmt::format("{},{},{},{}\n", format_double(record::in_seconds(point.time)), record::csv_cell(point.entity), record::csv_cell(point.metric), format_double(point.value));
  }
}

// ---------------------------------------------------------------- OpenMetrics

namespace {

/// Label values: backslash, quote and line feed are escaped.
std::string label(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') escaped += "\\n";
    else escaped += c;
  }
  return escaped;
}

/// Prometheus' default borders (ns and, as their exposition writes them, s) and some below them: replies inside one cluster take milliseconds.
constexpr std::pair<std::int64_t, const char*> kBorders[] = {
    {500'000, "0.0005"},     {1'000'000, "0.001"},   {2'500'000, "0.0025"},  {5'000'000, "0.005"},     {10'000'000, "0.01"},
    {25'000'000, "0.025"},   {50'000'000, "0.05"},   {100'000'000, "0.1"},   {250'000'000, "0.25"},    {500'000'000, "0.5"},
    {1'000'000'000, "1.0"},  {2'500'000'000, "2.5"}, {5'000'000'000, "5.0"}, {10'000'000'000, "10.0"}};

void write_family(record::detail::BufferedText& text, std::string_view name, std::string_view type, std::string_view unit, std::string_view help) {
  text << fmt::format("# TYPE {} {}\n", name, type);
  if (!unit.empty()) text << fmt::format("# UNIT {} {}\n", name, unit);
  text << fmt::format("# HELP {} {}\n", name, help);
}

void write_latencies(record::detail::BufferedText& text, const record::TrafficTotals& totals) {
  const std::string traffic = label(totals.name);
  const Histogram& latency = totals.latency_ns;
  std::size_t bucket = 0;
  std::uint64_t below = 0;
  for (const auto& [limit, border] : kBorders) {
    for (; bucket < latency.buckets().size() && Histogram::highest_of(bucket) <= limit; ++bucket) below += latency.buckets()[bucket];
    text << fmt::format("tandem_http_request_duration_seconds_bucket{{traffic=\"{}\",le=\"{}\"}} {}\n", traffic, border, below);
  }
  text << fmt::format("tandem_http_request_duration_seconds_bucket{{traffic=\"{}\",le=\"+Inf\"}} {}\n", traffic, latency.count());
  text << fmt::format("tandem_http_request_duration_seconds_sum{{traffic=\"{}\"}} {}\n", traffic, format_double(static_cast<double>(latency.sum()) / 1e9));
  text << fmt::format("tandem_http_request_duration_seconds_count{{traffic=\"{}\"}} {}\n", traffic, latency.count());
}

}  // namespace

void export_openmetrics(const Recording& recording, const record::TextSink& out) {
  const RunHistory history = RunHistory::of(recording);
  record::detail::BufferedText text(out);
  write_family(text, "tandem_http_requests", "counter", "", "Requests sent.");
  for (const auto& totals : recording.totals()) text << fmt::format("tandem_http_requests_total{{traffic=\"{}\"}} {}\n", label(totals.name), totals.requests);
  write_family(text, "tandem_http_requests_failed", "counter", "", "Requests without an answer or with a status that their source does not expect.");
  for (const auto& totals : recording.totals()) text << fmt::format("tandem_http_requests_failed_total{{traffic=\"{}\"}} {}\n", label(totals.name), totals.failed);
  write_family(text, "tandem_http_responses", "counter", "", "Answers by status code.");
  for (const auto& totals : recording.totals()) {
    for (const auto& [status, count] : totals.by_status) {
      if (status != 0) text << fmt::format("tandem_http_responses_total{{traffic=\"{}\",code=\"{}\"}} {}\n", label(totals.name), status, count);
    }
  }
  write_family(text, "tandem_http_outcomes", "counter", "", "Requests by how they ended for their client.");
  for (const auto& totals : recording.totals()) {
    for (const auto& [outcome, count] : totals.by_outcome) text << fmt::format("tandem_http_outcomes_total{{traffic=\"{}\",outcome=\"{}\"}} {}\n", label(totals.name), name_of(outcome), count);
  }
  write_family(text, "tandem_http_request_duration_seconds", "histogram", "seconds", "From the intended start to the end of the answer, answered requests.");
  for (const auto& totals : recording.totals()) write_latencies(text, totals);

  const std::pair<const char*, std::int32_t DeploymentState::*> gauges[] = {
      {"tandem_deployment_replicas_desired", &DeploymentState::desired}, {"tandem_deployment_replicas_available", &DeploymentState::available}};
  for (const auto& [name, field] : gauges) {
    write_family(text, name, "gauge", "", "Of the Deployment at the end of the run.");
    for (const DeploymentLife& deployment : history.deployments) {
      const DeploymentState& state = deployment.states.back();
      if (state.exists) text << fmt::format("{}{{namespace=\"{}\",deployment=\"{}\"}} {}\n", name, label(deployment.namespace_), label(deployment.name), state.*field);
    }
  }
  write_family(text, "tandem_run_duration_seconds", "gauge", "seconds", "Run time, simulated or real.");
  text << fmt::format("tandem_run_duration_seconds {}\n# EOF\n", format_double(record::in_seconds(recording.ended_at())));
}

}  // namespace tandem::judge
