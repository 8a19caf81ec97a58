// What the recordings of the deployment families call equal.

#include <fmt/format.h>
#include <cmath>

#include "tests/truth/deployment_harness.hpp"

namespace tandem::truth {

using nlohmann::json;

namespace {

/// [rs,pod,…] entries as counts per ReplicaSet (and state, for deletions).
std::map<std::string, int> counts_of(const json& step, const char* field, bool with_state) {
  std::map<std::string, int> counts;
  for (const json& entry : step.value(field, json::array())) {
    std::string key = entry.at(0).dump();
    if (with_state) key += entry.at(2).get<std::string>();
    ++counts[key];
  }
  return counts;
}

bool same_sizes(const json& ours, const json& recorded, bool timed) {
  const json a = ours.value("rs", json::array());
  const json b = recorded.value("rs", json::array());
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      if (a[i][k] != b[i][k]) return false;
    }
    if (timed && std::abs(a[i][3].get<double>() - b[i].at(3).get<double>()) > 0.1) return false;
  }
  return true;
}

/// "Type=S1/R1|S2/R2": any alternative is right.
bool same_conditions(const json& ours, const json& recorded) {
  if (ours.size() != recorded.size()) return false;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const std::string text = recorded[i];
    const auto equals = text.find('=');
    const std::string type = text.substr(0, equals + 1);
    std::string rest = text.substr(equals + 1) + "|";
    bool any = false;
    for (auto bar = rest.find('|'); bar != std::string::npos; bar = rest.find('|')) {
      any = any || ours[i] == type + rest.substr(0, bar);
      rest.erase(0, bar + 1);
    }
    if (!any) return false;
  }
  return true;
}

}  // namespace

std::string compare_steps(const json& ours, const json& recorded, bool timed) {
  const json empty = json::array();
  const auto difference = [&](const char* field) {
    return fmt::format("t={} {}: {} is {}, recorded {}", recorded.at("t").dump(), recorded.at("do").dump(), field,
                       ours.value(field, empty).dump(), recorded.value(field, empty).dump());
  };
  if (!same_sizes(ours, recorded, timed)) return difference("rs");
  if (ours.value("ev", empty) != recorded.value("ev", empty)) return difference("ev");
  if (ours.at("st") != recorded.at("st")) return difference("st");
  if (ours.at("rss") != recorded.at("rss")) return difference("rss");
  if (counts_of(ours, "add", false) != counts_of(recorded, "add", false)) return difference("add");
  if (counts_of(ours, "del", true) != counts_of(recorded, "del", true)) return difference("del");
  if (!same_conditions(ours.at("cond"), recorded.at("cond"))) return difference("cond");
  return {};
}

std::string compare_trace(const json& parameters, const json& recorded_steps, WorkOrder order, bool timed) {
  DeploymentHarness harness(DeploymentSetup::from_json(parameters), order);
  for (const json& recorded : recorded_steps) {
    const std::string difference = compare_steps(harness.run_step(recorded), recorded, timed);
    if (!difference.empty()) return difference;
  }
  return {};
}

}  // namespace tandem::truth
