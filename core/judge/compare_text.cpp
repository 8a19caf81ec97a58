// Comparison as tables and as JSON.

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/judge/compare.hpp"
#include "core/judge/table.hpp"

namespace tandem::judge {

using nlohmann::json;

namespace {

/// Three significant decimals for small values, none for counts.
std::string number(double value, const std::string& unit) {
  if (unit.empty()) return value == std::floor(value) ? format_double(value) : format_fixed(value, 2);
  const double magnitude = std::abs(value);
  return format_fixed(value, magnitude >= 100 ? 1 : magnitude >= 1 ? 2 : 3);
}
std::string with_unit(double value, const std::string& unit) { return number(value, unit) + (unit == "%" ? "%" : unit); }
std::string signed_text(double value, const std::string& unit) { return (value > 0 ? "+" : "") + with_unit(value, unit); }
std::string percent(double ratio) { return (ratio > 0 ? "+" : "") + format_fixed(ratio * 100, 1) + "%"; }
std::string interval_text(const std::optional<Interval>& interval, const std::string& unit) {
  return interval ? "[" + number(interval->low, unit) + ", " + number(interval->high, unit) + "]" : "";
}

std::string header(const std::string& world) {
  std::string upper = world;
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

std::string figures_text(const Comparison& comparison) {
  const bool same_world = comparison.world_a == comparison.world_b;
  const std::string a = header(comparison.world_a) + (same_world ? " A" : "");
  const std::string b = header(comparison.world_b) + (same_world ? " B" : "");
  Table table({"FIGURE", a, b, "DIFFERENCE", "RELATIVE", "95% OF DIFFERENCE", "EVIDENCE"});
  for (const Figure& figure : comparison.figures) {
    const auto relative = figure.relative();
    table.add({figure.name, with_unit(figure.a, figure.unit), with_unit(figure.b, figure.unit), signed_text(figure.difference(), figure.unit),
               figure.unit == "%" ? "" : relative ? percent(*relative) : "n/a", interval_text(figure.interval_difference, figure.unit),
               std::string(name_of(figure.evidence))});
  }
  return table.text();
}

std::string distances_text(const Comparison& comparison) {
  if (comparison.distances.empty()) return {};
  Table table({"LATENCY DISTRIBUTION", "KS DISTANCE", "5% LIMIT", "REQUESTS"});
  for (const Distance& distance : comparison.distances) {
    table.add({distance.traffic, format_fixed(distance.ks, 3), format_fixed(distance.critical, 3), std::to_string(distance.n_a) + " / " + std::to_string(distance.n_b)});
  }
  return "\n" + table.text();
}

std::string sizes_block(const Comparison& comparison) {
  if (comparison.sizes.empty()) return {};
  Table table({"REPLICASET SIZES", "WORLD", "SIZES"});
  for (const SizesPair& pair : comparison.sizes) {
    table.add({pair.rollout, comparison.world_a, pair.a});
    table.add({pair.same ? "  same" : "  different", comparison.world_b, pair.b});
  }
  return "\n" + table.text();
}

std::string order_text(const Comparison& comparison) {
  const OrderDifference& order = comparison.order;
  std::string text = "\nEvent order: " + std::to_string(order.in_common_order) + " of " + std::to_string(order.events_a) + " and " +
                     std::to_string(order.events_b) + " events in common order (" + format_fixed(order.share() * 100, 1) + "% differ; " +
                     std::string(name_of(comparison.order_evidence)) + ")\n";
  if (!order.first) return text + "First divergence: none\n";
  const auto event = [](const std::optional<LogicalEvent>& e) { return e ? e->what + " at " + to_string(e->at.time) + " (" + e->subject + ")" : std::string("no further event"); };
  return text + "First divergence: after " + std::to_string(order.first->number) + " equal events; " + comparison.world_a + ": " +
         event(order.first->a) + "; " + comparison.world_b + ": " + event(order.first->b) + "\n";
}

std::string attribution_text(const Comparison& comparison) {
  std::string text;
  for (const AttributionTable& attribution : comparison.attribution) {
    Table table({"MECHANISM", header(comparison.world_a), header(comparison.world_b), "DIFFERENCE", "SHARE", "MEASURED AS"});
    for (const AttributionTable::Row& row : attribution.rows) {
      const bool shares = attribution.difference() != 0;
      table.add({row.mechanism, with_unit(row.a, "ms"), with_unit(row.b, "ms"), signed_text(row.difference(), "ms"),
                 shares ? format_fixed(100 * row.difference() / attribution.difference(), 0) + "%" : "", row.measured_as});
    }
    table.add({"total", with_unit(attribution.total_a, "ms"), with_unit(attribution.total_b, "ms"), signed_text(attribution.difference(), "ms"),
               attribution.difference() != 0 ? "100%" : "", ""});
    text += "\nWhat carries the difference: " + attribution.title + "\n" + table.text();
    if (!attribution.note.empty()) text += "(" + attribution.note + ")\n";
  }
  return text;
}

std::string grade_text(const Comparison& comparison) {
  const Grade& grade = comparison.grade;
  if (grade.letter.empty()) return "\nQuality grade: none, no figure here is independent evidence\n";
  return "\nQuality grade: " + grade.letter + " (mean error " + format_fixed(grade.mean_error * 100, 1) + "% over " + std::to_string(grade.figures) +
         " independent figures; worst: " + grade.worst + ", " + format_fixed(grade.worst_error * 100, 1) + "%)\n";
}

json interval_json(const std::optional<Interval>& interval) {
  return interval ? json{interval->low, interval->high} : json(nullptr);
}

json event_json(const std::optional<LogicalEvent>& event) {
  return event ? json{{"t_ns", event->at.time.ns}, {"what", event->what}, {"subject", event->subject}} : json(nullptr);
}

}  // namespace

std::string to_text(const Comparison& comparison) {
  std::string text = figures_text(comparison) + distances_text(comparison) + sizes_block(comparison) + order_text(comparison) +
                     attribution_text(comparison) + grade_text(comparison);
  for (const std::string& note : comparison.notes) text += "note: " + note + "\n";
  return text;
}

json to_json(const Comparison& comparison) {
  json figures = json::array();
  for (const Figure& f : comparison.figures) {
    const auto relative = f.relative();
    figures.push_back({{"name", f.name}, {"unit", f.unit}, {"a", f.a}, {"b", f.b}, {"absolute", f.difference()},
                       {"relative", relative ? json(*relative) : json(nullptr)}, {"interval_a", interval_json(f.interval_a)},
                       {"interval_b", interval_json(f.interval_b)}, {"interval_difference", interval_json(f.interval_difference)},
                       {"evidence", name_of(f.evidence)}, {"graded", f.graded}});
  }
  json distances = json::array();
  for (const Distance& d : comparison.distances) {
    distances.push_back({{"traffic", d.traffic}, {"ks", d.ks}, {"critical_5_percent", d.critical}, {"requests_a", d.n_a}, {"requests_b", d.n_b}});
  }
  json sizes = json::array();
  for (const SizesPair& s : comparison.sizes) {
    sizes.push_back({{"rollout", s.rollout}, {"a", s.a}, {"b", s.b}, {"same", s.same}, {"evidence", name_of(s.evidence)}});
  }
  json attribution = json::array();
  for (const AttributionTable& t : comparison.attribution) {
    json rows = json::array();
    for (const auto& row : t.rows) {
      rows.push_back({{"mechanism", row.mechanism}, {"measured_as", row.measured_as}, {"a_ms", row.a}, {"b_ms", row.b}, {"difference_ms", row.difference()}});
    }
    attribution.push_back({{"title", t.title}, {"rows", rows}, {"total_a_ms", t.total_a}, {"total_b_ms", t.total_b}, {"difference_ms", t.difference()}, {"note", t.note}});
  }
  const OrderDifference& order = comparison.order;
  json divergence = nullptr;
  if (order.first) divergence = {{"equal_events", order.first->number}, {"a", event_json(order.first->a)}, {"b", event_json(order.first->b)}};
  const Grade& grade = comparison.grade;
  return {{"version", 1},
          {"a", {{"world", comparison.world_a}, {"digest", comparison.digest_a}}},
          {"b", {{"world", comparison.world_b}, {"digest", comparison.digest_b}}},
          {"figures", figures},
          {"distances", distances},
          {"sizes", sizes},
          {"order", {{"events_a", order.events_a}, {"events_b", order.events_b}, {"in_common_order", order.in_common_order}, {"differing_share", order.share()},
                     {"first_divergence", divergence}, {"evidence", name_of(comparison.order_evidence)}}},
          {"attribution", attribution},
          {"grade", grade.letter.empty() ? json(nullptr)
                                         : json{{"letter", grade.letter}, {"mean_error", grade.mean_error}, {"figures", grade.figures}, {"worst", grade.worst}, {"worst_error", grade.worst_error}}},
          {"notes", comparison.notes}};
}

}  // namespace tandem::judge
