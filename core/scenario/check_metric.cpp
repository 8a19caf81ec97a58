// Metrics and thresholds in k6's grammar.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/check.hpp"
#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "core/scenario/check_expression.hpp"

namespace tandem::scenario {
namespace {

struct AggregationName {
  std::string_view name;
  Aggregation aggregation;
};
constexpr std::array<AggregationName, 7> kAggregations{{{"count", Aggregation::Count},
                                                        {"rate", Aggregation::Rate},
                                                        {"avg", Aggregation::Average},
                                                        {"min", Aggregation::Minimum},
                                                        {"med", Aggregation::Median},
                                                        {"max", Aggregation::Maximum},
                                                        {"value", Aggregation::Value}}};

std::string_view name_of(Aggregation aggregation) {
  if (aggregation == Aggregation::Percentile) return "p(N)";
  for (const AggregationName& row : kAggregations) {
    if (row.aggregation == aggregation) return row.name;
  }
  return {};
}

const MetricDefinition* find_definition(std::string_view name) {
  for (const MetricDefinition& definition : metric_definitions()) {
    if (definition.name == name) return &definition;
  }
  return nullptr;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

tl::unexpected<Error> bad_check(std::size_t offset, std::string what, std::string_view found, std::string allowed,
                                const std::string& nearest = {}) {
  Error error = make_error(ErrorCode::ScenarioBadCheck, std::move(what), Place{"", 1, static_cast<std::uint32_t>(offset) + 1});
  error.found = escape_for_terminal(found, 60);
  error.allowed = std::move(allowed);
  if (!nearest.empty()) error.hint = fmt::format("did you mean {}?", nearest);
  return fail(std::move(error));
}

/// A position in a text with the few moves both parsers need.
struct Scanner {
  std::string_view text;
  std::size_t at = 0;

  void skip_blanks() {
    while (at < text.size() && text[at] == ' ') ++at;
  }
  [[nodiscard]] bool at_end() const { return at >= text.size(); }
  bool take(std::string_view token) {
    if (!text.substr(at).starts_with(token)) return false;
    at += token.size();
    return true;
  }
  std::string_view take_until(std::string_view stops) {
    const std::size_t end = std::min(text.find_first_of(stops, at), text.size());
    const std::string_view taken = text.substr(at, end - at);
    at = end;
    return taken;
  }
  [[nodiscard]] std::string_view rest() const { return text.substr(at); }
};

std::optional<Comparison> take_operator(Scanner& scanner) {
  // k6 writes both == and === for equality.
  constexpr std::array<std::pair<std::string_view, Comparison>, 7> kOperators{{{"===", Comparison::Equal},
                                                                               {"==", Comparison::Equal},
                                                                               {"!=", Comparison::NotEqual},
                                                                               {"<=", Comparison::LessEqual},
                                                                               {">=", Comparison::GreaterEqual},
                                                                               {"<", Comparison::Less},
                                                                               {">", Comparison::Greater}}};
  for (const auto& [token, comparison] : kOperators) {
    if (scanner.take(token)) return comparison;
  }
  return std::nullopt;
}

/// The limit of a threshold: a number, a percentage of a rate, or a duration where the metric is a time.
Result<double> parse_limit(std::string_view text, std::size_t offset, const MetricDefinition& metric, Aggregation aggregation) {
  const bool share = metric.kind == MetricKind::Rate || metric.kind == MetricKind::Share;
  const bool time = metric.is_time && aggregation != Aggregation::Count;
  std::string allowed = "a number";
  if (share) allowed = "a number from 0 to 1, or a percentage";
  if (time) allowed = "milliseconds, or a duration with its unit";
  if (share && text.ends_with('%')) {
    const auto percent = parse_number(text.substr(0, text.size() - 1));
    if (percent && *percent >= 0 && *percent <= 100) return *percent / 100;
    return bad_check(offset, "not a percentage", text, std::move(allowed));
  }
  if (const auto number = parse_number(text)) {
    if (share && (*number < 0 || *number > 1)) return bad_check(offset, metric.kind == MetricKind::Rate ? "a rate is a share of the requests" : "a share is at most the whole", text, std::move(allowed));
    return *number;
  }
  if (time) {
    if (const auto duration = parse_duration(text)) return to_milliseconds(*duration);
  }
  return bad_check(offset, "the threshold has no limit", text, std::move(allowed));
}

}  // namespace

const std::vector<MetricDefinition>& metric_definitions() {
  using enum Aggregation;
  static const std::vector<MetricDefinition> kDefinitions = {
      {"http_reqs", MetricKind::Counter, false, {"traffic", "status", "pod"}, {Count, Rate},
       "requests sent; rate is per second of the checked window"},
      {"http_req_failed", MetricKind::Rate, false, {"traffic", "pod"}, {Rate},
       "share of requests without an answer or with a status that the source does not expect"},
      {"http_req_duration", MetricKind::Trend, true, {"traffic", "status", "pod"}, {Average, Minimum, Median, Maximum, Percentile},
       "from the intended start of a request to the end of its answer, answered requests only"},
      {"rollout_duration", MetricKind::Gauge, true, {"deployment", "namespace"}, {Value, Minimum, Maximum},
       "from a change of the pod template until every replica is updated and available and no old pod is left; value is the last one"},
      {"resource_utilisation", MetricKind::Share, false, {"resource", "node"}, {Value, Average, Minimum, Maximum},
       "requests of the pods on the workers, or on one node, as a share of what is allocatable there; of cpu unless a resource is named"},
      {"resource_fragmentation", MetricKind::Share, false, {"resource"}, {Value, Average, Minimum, Maximum},
       "share of the free amount that lies where pods of the run would not fit; of cpu unless a resource is named"},
      {"nodes_in_use", MetricKind::Gauge, false, {}, {Value, Average, Minimum, Maximum},
       "workers with at least one pod that has not ended"},
  };
  return kDefinitions;
}

std::string to_string(const Metric& metric) {
  std::string tags;
  for (const auto& [key, value] : metric.tags) tags += fmt::format("{}{}:{}", tags.empty() ? "" : ",", key, value);
  return tags.empty() ? metric.name : fmt::format("{}{{{}}}", metric.name, tags);
}

Result<Metric> parse_metric(std::string_view text) {
  Scanner scanner{text};
  scanner.skip_blanks();
  const std::size_t name_at = scanner.at;
  const std::string_view name = trim(scanner.take_until("{"));
  const MetricDefinition* definition = find_definition(name);
  if (definition == nullptr) {
    std::vector<std::string_view> names;
    for (const MetricDefinition& known : metric_definitions()) names.push_back(known.name);
    return bad_check(name_at, "an unknown metric", name, joined(names), nearest_name(name, names));
  }
  Metric metric{std::string(name), {}};
  if (scanner.at_end()) return metric;
  scanner.take("{");
  do {
    scanner.skip_blanks();
    const std::size_t key_at = scanner.at;
    const std::string_view key = trim(scanner.take_until(":,}"));
    if (std::find(definition->tags.begin(), definition->tags.end(), key) == definition->tags.end()) {
      return bad_check(key_at, fmt::format("a tag that {} does not have", name), key, joined(definition->tags), nearest_name(key, definition->tags));
    }
    if (!scanner.take(":")) return bad_check(scanner.at, "a tag needs a value", scanner.rest(), "tag:value");
    const std::size_t value_at = scanner.at;
    const std::string_view value = trim(scanner.take_until(",}"));
    if (value.empty()) return bad_check(value_at, "a tag needs a value", scanner.rest(), "tag:value");
    for (const auto& tag : metric.tags) {
      if (tag.first == key) return bad_check(key_at, "a tag appears twice", key, "each tag once");
    }
    metric.tags.emplace_back(key, value);
  } while (scanner.take(","));
  if (!scanner.take("}")) return bad_check(scanner.at, "a brace is not closed", scanner.rest(), "}");
  scanner.skip_blanks();
  if (!scanner.at_end()) return bad_check(scanner.at, "the metric goes on after its end", scanner.rest(), "the end");
  return metric;
}

Result<Threshold> parse_threshold(std::string_view text, const Metric& metric) {
  const MetricDefinition* definition = find_definition(metric.name);
  CHECK(definition != nullptr, "a threshold for the unknown metric " + metric.name);
  std::vector<std::string_view> allowed;
  for (const Aggregation aggregation : definition->aggregations) allowed.push_back(name_of(aggregation));

  Scanner scanner{text};
  scanner.skip_blanks();
  const std::size_t begin = scanner.at;
  Threshold threshold;
  const std::string_view word = trim(scanner.take_until("<>=!"));
  bool known = false;
  if (word.starts_with("p(") && word.ends_with(')')) {
    const auto percentile = parse_number(trim(word.substr(2, word.size() - 3)));
    if (!percentile || *percentile < 0 || *percentile > 100) {
      return bad_check(begin + 2, "not a percentile", word, "p(N) with N from 0 to 100");
    }
    threshold.aggregation = Aggregation::Percentile;
    threshold.percentile = *percentile;
    known = true;
  }
  for (const AggregationName& row : kAggregations) {
    if (row.name == word) threshold.aggregation = row.aggregation, known = true;
  }
  const auto& possible = definition->aggregations;
  if (!known || std::find(possible.begin(), possible.end(), threshold.aggregation) == possible.end()) {
    return bad_check(begin, fmt::format("not an aggregation of {}", metric.name), word, joined(allowed), nearest_name(word, allowed));
  }
  const auto comparison = take_operator(scanner);
  if (!comparison) return bad_check(scanner.at, "a comparison is missing", scanner.rest(), "<, <=, >, >=, == or !=");
  threshold.comparison = *comparison;
  scanner.skip_blanks();
  const auto limit = parse_limit(trim(scanner.rest()), scanner.at, *definition, threshold.aggregation);
  if (!limit) return tl::unexpected(limit.error());
  threshold.limit = *limit;
  return threshold;
}

std::string to_string(const Threshold& threshold) {
  const std::string aggregation = threshold.aggregation == Aggregation::Percentile
                                      ? fmt::format("p({})", format_double(threshold.percentile))
                                      : std::string(name_of(threshold.aggregation));
  return aggregation + std::string(name_of(threshold.comparison)) + format_double(threshold.limit);
}

}  // namespace tandem::scenario
