#include "core/judge/metrics.hpp"

#include <algorithm>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "core/judge/cluster_utilisation.hpp"
#include "core/judge/over_time.hpp"
#include "core/judge/rollouts.hpp"
#include "core/judge/statistics.hpp"
#include "core/record/units.hpp"

namespace tandem::judge {

using record::RequestColumns;
using record::RequestOutcome;
using record::TrafficTotals;
using scenario::Aggregation;

namespace {

tl::unexpected<Error> no_data(std::string what, std::string hint = {}) {
  return fail(make_error(ErrorCode::UsageNotFound, std::move(what)).with_hint(std::move(hint)));
}

std::string tag_of(const scenario::Metric& metric, std::string_view name) {
  for (const auto& [key, value] : metric.tags) {
    if (key == name) return value;
  }
  return {};
}

/// What a metric collects from the stored requests that its tags and its window select.
struct Selection {
  std::uint64_t requests = 0;   // scaled by sampling
  std::uint64_t failed = 0;     // scaled by sampling
  std::vector<std::int64_t> latencies;  // answered, ns
  std::uint64_t sampled_one_in = 1;
};

/// The traffic sources a metric speaks of, by number. Errors: UsageNotFound.
Result<std::vector<bool>> selected_sources(const scenario::Metric& metric, const record::Recording& recording) {
  const std::vector<TrafficTotals>& totals = recording.totals();
  const std::string wanted = tag_of(metric, "traffic");
  std::vector<bool> selected(totals.size(), wanted.empty());
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < totals.size(); ++i) {
    names.emplace_back(totals[i].name);
    if (totals[i].name == wanted) selected[i] = true;
  }
  if (!wanted.empty() && std::find(selected.begin(), selected.end(), true) == selected.end()) {
    const std::string nearest = nearest_name(wanted, names);
    return no_data("the run has no traffic source " + wanted, nearest.empty() ? "" : "did you mean " + nearest + "?");
  }
  return selected;
}

Selection select_stored(const scenario::Metric& metric, const std::vector<bool>& sources, const Window& window, const record::Recording& recording) {
  Selection selection;
  const RequestColumns& columns = recording.requests();
  const std::string pod = tag_of(metric, "pod");
  const std::string status_text = tag_of(metric, "status");
  const std::int64_t status = status_text.empty() ? -1 : parse_int(status_text).value_or(-2);
  for (std::size_t row = 0; row < columns.index.size(); ++row) {
    const std::uint32_t source = columns.traffic[row];
    if (!sources[source]) continue;
    if (columns.intended[row] < window.from.ns || columns.intended[row] >= window.until.ns) continue;
    if (status != -1 && columns.status[row] != status) continue;
    if (!pod.empty() && recording.text(columns.replica[row]) != pod) continue;
    const TrafficTotals& totals = recording.totals()[source];
    selection.requests += totals.stored_one_in;
    if (record::is_failed(static_cast<RequestOutcome>(columns.outcome[row]), columns.status[row], totals.expect_status)) selection.failed += totals.stored_one_in;
    if (columns.outcome[row] == static_cast<std::uint8_t>(RequestOutcome::Ok)) {
      selection.latencies.push_back(columns.end[row] - columns.intended[row]);
    }
    selection.sampled_one_in = std::max(selection.sampled_one_in, totals.stored_one_in);
  }
  return selection;
}

double percentile_ms(std::vector<std::int64_t>& values, double percent) {
  std::sort(values.begin(), values.end());
  return record::in_milliseconds(SimDuration{quantile_of_sorted(values, percent / 100)});
}

double trend_value(std::vector<std::int64_t>& latencies, const scenario::Threshold& threshold) {
  switch (threshold.aggregation) {
    case Aggregation::Average: {
      Int128 sum = 0;
      for (const std::int64_t latency : latencies) sum += latency;
      return static_cast<double>(sum) / static_cast<double>(latencies.size()) / 1e6;
    }
    case Aggregation::Minimum: return record::in_milliseconds(SimDuration{*std::min_element(latencies.begin(), latencies.end())});
    case Aggregation::Maximum: return record::in_milliseconds(SimDuration{*std::max_element(latencies.begin(), latencies.end())});
    case Aggregation::Median: return percentile_ms(latencies, 50);
    default: return percentile_ms(latencies, threshold.percentile);
  }
}

double trend_value(const Histogram& latencies, const scenario::Threshold& threshold) {
  switch (threshold.aggregation) {
    case Aggregation::Average: return latencies.mean() / 1e6;
    case Aggregation::Minimum: return record::in_milliseconds(SimDuration{latencies.min()});
    case Aggregation::Maximum: return record::in_milliseconds(SimDuration{latencies.max()});
    case Aggregation::Median: return record::in_milliseconds(SimDuration{latencies.quantile(0.5)});
    default: return record::in_milliseconds(SimDuration{latencies.quantile(threshold.percentile / 100)});
  }
}

/// The exact totals of the selected sources.
struct ExactTotals {
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;
  Histogram latency;
  bool sampled = false;
};

ExactTotals exact_totals(const std::vector<bool>& sources, const record::Recording& recording) {
  ExactTotals sum;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!sources[i]) continue;
    const TrafficTotals& totals = recording.totals()[i];
    sum.requests += totals.requests;
    sum.failed += totals.failed;
    sum.latency.merge(totals.latency_ns);
    sum.sampled = sum.sampled || totals.stored_one_in > 1;
  }
  return sum;
}

MetricValue traffic_value(std::string_view metric, const scenario::Threshold& threshold, std::uint64_t requests, std::uint64_t failed,
                          const Window& window) {
  if (metric == "http_req_failed") return {static_cast<double>(failed) / static_cast<double>(requests), requests, false, {}};
  if (threshold.aggregation == Aggregation::Rate) return {static_cast<double>(requests) / record::in_seconds(window.until - window.from), requests, false, {}};
  return {static_cast<double>(requests), requests, false, {}};
}

Result<MetricValue> traffic_metric(const scenario::Metric& metric, const scenario::Threshold& threshold, const Window& window,
                                   const record::Recording& recording) {
  const auto sources = selected_sources(metric, recording);
  if (!sources) return tl::unexpected(sources.error());
  const bool is_trend = metric.name == "http_req_duration";
  const bool only_traffic_tags = tag_of(metric, "status").empty() && tag_of(metric, "pod").empty();
  const auto nothing = [&] { return no_data("no request matches " + to_string(metric) + " in the window of the check"); };
  if (window.whole_run && only_traffic_tags) {
    ExactTotals totals = exact_totals(*sources, recording);
    if (!is_trend) {
      if (totals.requests == 0 && metric.name == "http_req_failed") return nothing();
      return traffic_value(metric.name, threshold, totals.requests, totals.failed, window);
    }
    if (totals.latency.count() == 0) return nothing();
    if (totals.sampled) return MetricValue{trend_value(totals.latency, threshold), totals.latency.count(), false, {}};
  }
  Selection selection = select_stored(metric, *sources, window, recording);
  MetricValue value;
  if (is_trend) {
    if (selection.latencies.empty()) return nothing();
    const std::uint64_t count = selection.latencies.size();
    value = {trend_value(selection.latencies, threshold), count, false, {}};
  } else {
    if (selection.requests == 0 && metric.name == "http_req_failed") return nothing();
    value = traffic_value(metric.name, threshold, selection.requests, selection.failed, window);
  }
  if (selection.sampled_one_in > 1) value.note = "from one request in " + std::to_string(selection.sampled_one_in);
  return value;
}

Result<MetricValue> rollout_metric(const scenario::Metric& metric, const scenario::Threshold& threshold, const Window& window, const RunHistory& history) {
  const std::string name = tag_of(metric, "deployment");
  const std::string namespace_ = tag_of(metric, "namespace");
  struct Duration {
    SimTime start;
    double ms;
    bool unfinished;
  };
  std::vector<Duration> durations;
  std::vector<std::string_view> names;
  bool known = name.empty() && namespace_.empty();
  for (const DeploymentLife& deployment : history.deployments) {
    names.emplace_back(deployment.name);
    if ((!name.empty() && deployment.name != name) || (!namespace_.empty() && deployment.namespace_ != namespace_)) continue;
    known = true;
    for (const Rollout& rollout : rollouts_of(deployment, history)) {
      if (rollout.number == 0 || rollout.superseded || rollout.start < window.from || rollout.start >= window.until) continue;
      durations.push_back({rollout.start, record::in_milliseconds(rollout.end.value_or(history.ended_at) - rollout.start), !rollout.end});
    }
  }
  if (!known) {
    const std::string nearest = nearest_name(name, names);
    return no_data("the run has no Deployment " + name, nearest.empty() ? "" : "did you mean " + nearest + "?");
  }
  if (durations.empty()) return no_data("no rollout took place in the window of the check");
  std::stable_sort(durations.begin(), durations.end(), [](const Duration& a, const Duration& b) { return a.start < b.start; });
  Duration chosen = durations.back();
  for (const Duration& duration : durations) {
    if (threshold.aggregation == Aggregation::Minimum && duration.ms < chosen.ms) chosen = duration;
    if (threshold.aggregation == Aggregation::Maximum && duration.ms > chosen.ms) chosen = duration;
  }
  MetricValue value{chosen.ms, durations.size(), false, {}};
  if (chosen.unfinished) {
    value.at_least = true;
    value.note = "still going on when the run ended";
  }
  return value;
}

double value_of(const OverTime& figure, Aggregation aggregation, SimTime end) {
  switch (aggregation) {
    case Aggregation::Minimum: return figure.minimum();
    case Aggregation::Maximum: return figure.maximum();
    case Aggregation::Average: return figure.mean(end);
    default: return figure.last();
  }
}

Result<MetricValue> cluster_metric(const scenario::Metric& metric, const scenario::Threshold& threshold, const Window& window, const RunHistory& history) {
  ClusterUtilisation cluster(history);
  const std::string named = tag_of(metric, "resource");
  const std::size_t resource = cluster.resource(named.empty() ? "cpu" : named);
  if (resource == cluster.resources().size()) {
    const std::vector<std::string_view> names(cluster.resources().begin(), cluster.resources().end());
    const std::string nearest = nearest_name(named, names);
    return no_data("no worker of the run has the resource " + named, nearest.empty() ? "" : "did you mean " + nearest + "?");
  }
  const std::string node_name = tag_of(metric, "node");
  const auto now = [&]() -> double {
    if (metric.name == "nodes_in_use") return static_cast<double>(cluster.nodes_in_use());
    if (metric.name == "resource_fragmentation") return cluster.fragmentation(resource);
    if (node_name.empty()) return cluster.utilisation(resource);
    for (const ClusterUtilisation::Node& node : cluster.nodes()) {
      if (node.name == node_name && node.exists) return cluster.utilisation(resource, node);
    }
    return 0;
  };
  const auto& nodes = cluster.nodes();
  if (!node_name.empty() && std::none_of(nodes.begin(), nodes.end(), [&](const auto& node) { return node.name == node_name; })) {
    std::vector<std::string_view> names;
    for (const ClusterUtilisation::Node& node : nodes) names.emplace_back(node.name);
    const std::string nearest = nearest_name(node_name, names);
    return no_data("the run has no worker " + node_name, nearest.empty() ? "" : "did you mean " + nearest + "?");
  }
  OverTime figure;
  cluster.advance(window.from);
  figure.add(window.from, now());
  for (const SimTime moment : cluster.moments()) {
    if (moment <= window.from || moment >= window.until) continue;
    cluster.advance(moment);
    figure.add(moment, now());
  }
  return MetricValue{value_of(figure, threshold.aggregation, window.until), figure.count(), false, {}};
}

}  // namespace

Result<MetricValue> metric_value(const scenario::Metric& metric, const scenario::Threshold& threshold, const Window& window,
                                 const record::Recording& recording, const RunHistory& history) {
  if (metric.name == "rollout_duration") return rollout_metric(metric, threshold, window, history);
  if (metric.name.starts_with("resource_") || metric.name == "nodes_in_use") return cluster_metric(metric, threshold, window, history);
  return traffic_metric(metric, threshold, window, recording);
}

}  // namespace tandem::judge
