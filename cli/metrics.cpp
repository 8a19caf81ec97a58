#include "cli/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/cluster/json.hpp"

namespace tandem::cli {

namespace {

using nlohmann::json;

/// Resolution of the metrics server (--metric-resolution).
constexpr SimDuration kWindow = seconds(15);

struct Usage {
  std::optional<double> cpu_cores;
  std::optional<double> memory_bytes;
};

/// Billionths of a core and Ki, the units in which the metrics server answers.
json usage_json(const Usage& usage) {
  json values = {{"cpu", fmt::format("{}n", std::llround(*usage.cpu_cores * 1e9))}};
  if (usage.memory_bytes) values["memory"] = fmt::format("{}Ki", std::llround(*usage.memory_bytes / 1024));
  return values;
}

std::map<std::string, Usage> usages_at(const record::Recording& recording, SimTime time) {
  std::map<std::string, Usage> usages;
  for (const record::Sample& sample : recording.samples()) {
    if (sample.time > time || sample.time < time - kWindow) continue;
    Usage& usage = usages[sample.entity];
    if (sample.metric == "cpu.used_cores") usage.cpu_cores = sample.value;
    if (sample.metric == "memory.used_bytes") usage.memory_bytes = sample.value;
  }
  return usages;
}

json metrics_json(const char* kind, const json& object, SimTime time) {
  json metadata = {{"name", object.at("metadata").value("name", "")}};
  for (const char* field : {"namespace", "labels"}) {
    if (object.at("metadata").contains(field)) metadata[field] = object.at("metadata").at(field);
  }
  return {{"apiVersion", "metrics.k8s.io/v1beta1"}, {"kind", kind}, {"metadata", std::move(metadata)},
          {"timestamp", cluster::format_time(time, cluster::TimeFormat::Seconds)}, {"window", "15s"}};
}

}  // namespace

bool has_metrics(const record::Recording& recording) {
  return std::any_of(recording.samples().begin(), recording.samples().end(), [](const record::Sample& sample) { return sample.metric == "cpu.used_cores"; });
}

std::vector<json> metrics_at(const record::Recording& recording, const std::vector<json>& objects, SimTime time) {
  const std::map<std::string, Usage> usages = usages_at(recording, time);
  std::vector<json> metrics;
  for (const json& object : objects) {
    const std::string kind = object.value("kind", "");
    const std::string name = object.at("metadata").value("name", "");
    if (kind == "Node") {
      const auto usage = usages.find("node/" + name);
      if (usage == usages.end() || !usage->second.cpu_cores) continue;
      metrics.push_back(metrics_json("NodeMetrics", object, time));
      metrics.back()["usage"] = usage_json(usage->second);
    } else if (kind == "Pod") {
      json containers = json::array();
      for (const json& container : object.at("spec").value("containers", json::array())) {
        const std::string container_name = container.value("name", "");
        const auto usage = usages.find(fmt::format("container/{}/{}", name, container_name));
        if (usage != usages.end() && usage->second.cpu_cores) containers.push_back({{"name", container_name}, {"usage", usage_json(usage->second)}});
      }
      if (containers.empty()) continue;
      metrics.push_back(metrics_json("PodMetrics", object, time));
      metrics.back()["containers"] = std::move(containers);
    }
  }
  return metrics;
}

}  // namespace tandem::cli
