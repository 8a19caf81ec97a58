#include "core/kubectl/top.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/cluster/selector.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/tab_writer.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

namespace {

/// Pods younger than this may have no metrics yet (kubectl metricsCreationDelay).
constexpr std::int64_t kMetricsDelaySeconds = 120;
constexpr std::int64_t kBytesPerMi = 1024 * 1024;

struct Usage {
  Quantity cpu;
  Quantity memory;
  bool has_memory = false;  ///< a metrics server measures it always; a recording may not
};

struct Line {
  std::string name_space;
  std::string pod;         ///< with containers: the pod in front of the container
  std::string name;
  Usage usage;
};

Usage usage_of(const json& usage) {
  const json& memory = at(usage, "/memory");
  return {quantity_of(at(usage, "/cpu")), quantity_of(memory), !memory.is_null()};
}

void add(Usage& sum, const Usage& more) {
  sum.cpu = sum.cpu + more.cpu;
  sum.memory = sum.memory + more.memory;
  sum.has_memory = sum.has_memory || more.has_memory;
}

/// By the wanted resource, largest first; else by what `in_order` compares.
template <class Item, class UsageOf, class InOrder>
void sort_metrics(std::vector<Item>& items, const std::string& sort_by, UsageOf usage, InOrder in_order) {
  std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
    if (sort_by == "cpu") return usage(a).cpu.milli_value() > usage(b).cpu.milli_value();
    if (sort_by == "memory") return usage(a).memory.value() > usage(b).memory.value();
    return in_order(a, b);
  });
}

void write_cell(TabWriter& writer, const std::string& text) { writer.write(text + "\t"); }

std::string cpu_cell(const Usage& usage) { return fmt::format("{}m", usage.cpu.milli_value()); }
std::string memory_cell(const Usage& usage) { return usage.has_memory ? fmt::format("{}Mi", usage.memory.value() / kBytesPerMi) : "<unknown>"; }

void write_usage(TabWriter& writer, const Usage& usage) {
  write_cell(writer, cpu_cell(usage));
  write_cell(writer, memory_cell(usage));
}

struct PodMetrics {
  std::string name_space;
  std::string name;
  Usage usage;
  std::vector<Line> containers;
};

std::vector<Line> containers_of(const json& metrics, const std::string& sort_by) {
  std::vector<Line> lines;
  for (const json& container : list_at(metrics, "/containers")) {
    lines.push_back({text_at(metrics, "/metadata/namespace"), text_at(metrics, "/metadata/name"), text_at(container, "/name"), usage_of(at(container, "/usage"))});
  }
  sort_metrics(lines, sort_by, [](const Line& line) { return line.usage; }, [](const Line& a, const Line& b) { return a.name < b.name; });
  return lines;
}

std::vector<PodMetrics> sorted_pods(const std::vector<const json*>& metrics, const TopRequest& request) {
  std::vector<PodMetrics> pods;
  for (const json* one : metrics) {
    PodMetrics pod{text_at(*one, "/metadata/namespace"), text_at(*one, "/metadata/name"), {}, containers_of(*one, request.sort_by)};
    for (const Line& container : pod.containers) add(pod.usage, container.usage);
    pods.push_back(std::move(pod));
  }
  sort_metrics(pods, request.sort_by, [](const PodMetrics& pod) { return pod.usage; }, [&](const PodMetrics& a, const PodMetrics& b) {
    if (request.all_namespaces && a.name_space != b.name_space) return a.name_space < b.name_space;
    return a.name < b.name;
  });
  return pods;
}

std::string pods_text(const std::vector<PodMetrics>& pods, const TopRequest& request) {
  TabWriter writer = TabWriter::for_tables();
  // kubectl counts the columns of the sum while it prints the headers.
  std::size_t columns = 3;
  if (request.with_headers) {
    if (request.all_namespaces) write_cell(writer, "NAMESPACE"), ++columns;
    if (request.containers) write_cell(writer, "POD"), ++columns;
    writer.write("NAME\tCPU(cores)\tMEMORY(bytes)\t\n");
  }
  Usage sum;
  for (const PodMetrics& pod : pods) {
    add(sum, pod.usage);
    const std::vector<Line> one = {{pod.name_space, pod.name, pod.name, pod.usage}};
    for (const Line& line : request.containers ? pod.containers : one) {
      if (request.all_namespaces) write_cell(writer, line.name_space);
      if (request.containers) write_cell(writer, line.pod);
      write_cell(writer, line.name);
      write_usage(writer, line.usage);
      writer.write("\n");
    }
  }
  if (request.sum) {
    writer.write(std::string(columns - 2, '\t') + "________\t________\t\n" + std::string(columns - 3, '\t') + "\t");
    write_usage(writer, sum);
    writer.write("\n");
  }
  return writer.flush();
}

/// Go's text of a duration of whole seconds: "1h2m3s", "2m0s", "45s".
std::string go_duration_text(std::int64_t seconds) {
  if (seconds >= 3600) return fmt::format("{}h{}m{}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return seconds >= 60 ? fmt::format("{}m{}s", seconds / 60, seconds % 60) : fmt::format("{}s", seconds);
}

using Requirements = std::vector<cluster::SelectorRequirement>;

std::vector<const json*> selected(const std::vector<json>& objects, std::string_view kind, const TopRequest& request, const Requirements& requirements) {
  std::vector<const json*> found;
  for (const json& object : objects) {
    if (text_at(object, "/kind") != kind) continue;
    if (!request.nodes && !request.all_namespaces && text_at(object, "/metadata/namespace") != request.namespace_) continue;
    if (!request.name.empty() && text_at(object, "/metadata/name") != request.name) continue;
    cluster::Labels labels;
    if (const json& stored = at(object, "/metadata/labels"); stored.is_object()) {
      for (const auto& [key, value] : stored.items()) labels.emplace(key, string_of(value));
    }
    if (cluster::matches(requirements, labels)) found.push_back(&object);
  }
  std::stable_sort(found.begin(), found.end(), [](const json* a, const json* b) {
    return std::make_pair(text_at(*a, "/metadata/namespace"), text_at(*a, "/metadata/name")) <
           std::make_pair(text_at(*b, "/metadata/namespace"), text_at(*b, "/metadata/name"));
  });
  return found;
}

/// Why there are no metrics of pods: there are no pods, they are too young, or nobody measures them.
Answer no_pod_metrics(const TopRequest& request, const std::vector<json>& objects, const Requirements& requirements) {
  TopRequest here = request;
  here.all_namespaces = false;  // kubectl looks in the current namespace even with -A
  const std::vector<const json*> pods = selected(objects, "Pod", here, requirements);
  for (const json* pod : pods) {
    const std::int64_t age = seconds_since(at(*pod, "/metadata/creationTimestamp"), request.now_unix_seconds);
    if (age <= kMetricsDelaySeconds) continue;
    return failed(fmt::format("error: Metrics not available for pod {}/{}, age: {}", text_at(*pod, "/metadata/namespace"), text_at(*pod, "/metadata/name"),
                              go_duration_text(age)));
  }
  if (!pods.empty()) return failed("error: metrics not available yet");
  return {{}, request.all_namespaces ? "No resources found\n" : fmt::format("No resources found in {} namespace.\n", request.namespace_), 0};
}

Answer top_pods(const TopRequest& request, const std::vector<json>& objects, const Requirements& requirements) {
  const std::vector<const json*> metrics = selected(objects, "PodMetrics", request, requirements);
  if (!metrics.empty()) return {pods_text(sorted_pods(metrics, request), request), {}, 0};
  if (!request.name.empty()) {
    return failed(fmt::format("Error from server (NotFound): podmetrics.metrics.k8s.io \"{}/{}\" not found", request.namespace_, request.name));
  }
  return no_pod_metrics(request, objects, requirements);
}

std::string share_of(std::int64_t used_milli, const Quantity& available) {
  const double share = available.sign() == 0 ? 0.0 : static_cast<double>(used_milli) / static_cast<double>(available.milli_value()) * 100;
  return fmt::format("{}%", static_cast<std::int64_t>(share));
}

Answer top_nodes(const TopRequest& request, const std::vector<json>& objects, const Requirements& requirements) {
  std::vector<const json*> metrics = selected(objects, "NodeMetrics", request, requirements);
  if (metrics.empty() && !request.name.empty()) {
    return failed(fmt::format("Error from server (NotFound): nodemetrics.metrics.k8s.io \"{}\" not found", request.name));
  }
  if (metrics.empty()) return failed("error: metrics not available yet");
  sort_metrics(metrics, request.sort_by, [](const json* one) { return usage_of(at(*one, "/usage")); },
               [](const json* a, const json* b) { return text_at(*a, "/metadata/name") < text_at(*b, "/metadata/name"); });
  std::map<std::string, const json*> nodes;
  for (const json* node : selected(objects, "Node", request, requirements)) nodes.emplace(text_at(*node, "/metadata/name"), node);

  TabWriter writer = TabWriter::for_tables();
  if (request.with_headers) writer.write("NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t\n");
  for (const json* one : metrics) {
    const std::string name = text_at(*one, "/metadata/name");
    const Usage usage = usage_of(at(*one, "/usage"));
    const auto node = nodes.find(name);
    const auto write_share = [&](const char* resource, const Quantity& used) {
      if (node == nodes.end()) return;
      const json& available = at(*node->second, fmt::format("/status/{}/{}", request.show_capacity ? "capacity" : "allocatable", resource).c_str());
      if (!available.is_null()) write_cell(writer, share_of(used.milli_value(), quantity_of(available)));
    };
    write_cell(writer, name);
    write_cell(writer, cpu_cell(usage));
    write_share("cpu", usage.cpu);
    write_cell(writer, memory_cell(usage));
    if (usage.has_memory) write_share("memory", usage.memory);
    else write_cell(writer, "<unknown>");
    writer.write("\n");
    if (node != nodes.end()) nodes.erase(node);
  }
  // Nodes that nobody measured; kubectl prints them in the order of a hash table, we in that of their names.
  for (const auto& [name, node] : nodes) writer.write(name + "\t<unknown>\t<unknown>\t<unknown>\t<unknown>\t\n");
  return {writer.flush(), {}, 0};
}

}  // namespace

Result<Answer> top(const TopRequest& request, const std::vector<json>& objects) {
  if (!request.sort_by.empty() && request.sort_by != "cpu" && request.sort_by != "memory") return failed("error: --sort-by accepts only cpu or memory");
  if (!request.name.empty() && !request.selector.empty()) {
    return failed(request.nodes ? "error: only one of NAME or --selector can be provided" : "error: only one of NAME or selector can be provided");
  }
  Requirements requirements;
  if (!request.selector.empty()) {
    auto parsed = cluster::parse_selector(request.selector);
    if (!parsed) return tl::unexpected(parsed.error());
    requirements = std::move(*parsed);
  }
  if (!request.metrics_api) return failed("error: Metrics API not available");
  return request.nodes ? top_nodes(request, objects, requirements) : top_pods(request, objects, requirements);
}

}  // namespace tandem::kubectl
