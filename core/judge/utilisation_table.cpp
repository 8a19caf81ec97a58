#include "core/judge/utilisation_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/check.hpp"
#include "core/base/text.hpp"
#include "core/judge/table.hpp"

namespace tandem::judge {

namespace {

constexpr std::size_t kWorkersShown = 16;
constexpr int kPlotWidth = 20;

std::string class_text(const cluster::ResourceList& requests) {
  std::string text;
  for (const auto& [name, amount] : requests) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, amount.text());
  return text;
}

UtilisationRow row_of(const ClusterUtilisation& cluster, SimTime at, std::size_t chosen, const std::vector<std::size_t>& classes) {
  UtilisationRow row;
  row.at = at;
  row.pods = cluster.pods();
  row.nodes = cluster.node_count();
  row.nodes_in_use = cluster.nodes_in_use();
  for (std::size_t r = 0; r < cluster.resources().size(); ++r) {
    row.utilisation.push_back(cluster.utilisation(r));
    row.fragmentation.push_back(cluster.fragmentation(r));
  }
  for (const ClusterUtilisation::Node& node : cluster.nodes()) row.node_utilisation.push_back(node.exists ? cluster.utilisation(chosen, node) : -1);
  for (const std::size_t pod_class : classes) row.room.push_back(cluster.room_for(pod_class));
  return row;
}

std::string percent(double share) { return share < 0 ? "-" : format_fixed(share * 100, 0) + "%"; }

std::string plot(double share) {
  const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kPlotWidth));
  return std::string(static_cast<std::size_t>(full), '#') + std::string(static_cast<std::size_t>(kPlotWidth - full), '.');
}

}  // namespace

Result<UtilisationTable> utilisation_table(const RunHistory& history, SimDuration every, std::string_view resource) {
  CHECK(every.ns > 0, "samples need a distance");
  ClusterUtilisation cluster(history);
  UtilisationTable table;
  table.resources = cluster.resources();
  table.chosen = cluster.resource(resource);
  if (table.chosen == table.resources.size()) {
    return fail(make_error(ErrorCode::UsageNotFound, "no worker of the run has this resource")
                    .with_found(std::string(resource))
                    .with_allowed(fmt::format("{}", fmt::join(table.resources, ", "))));
  }
  for (const ClusterUtilisation::Node& node : cluster.nodes()) table.workers.push_back(node.name);
  std::vector<std::size_t> classes;
  for (std::size_t c = 0; c < history.pod_classes.size(); ++c) {
    if (history.pod_classes[c].requests.empty()) continue;
    classes.push_back(c);
    table.pod_classes.push_back(class_text(history.pod_classes[c].requests));
  }
  for (SimTime at = kTimeZero; at < history.ended_at; at = at + every) {
    cluster.advance(at);
    table.rows.push_back(row_of(cluster, at, table.chosen, classes));
  }
  cluster.advance(history.ended_at);
  table.rows.push_back(row_of(cluster, history.ended_at, table.chosen, classes));
  table.figures = figures_over_run(history);
  table.ended_at = history.ended_at;
  return table;
}

std::string utilisation_text(const UtilisationTable& table) {
  const std::string& chosen = table.resources[table.chosen];
  std::vector<std::string> header{"TIME", "PODS", "NODES IN USE"};
  for (const std::string& resource : table.resources) header.push_back(resource);
  header.push_back(chosen + ", a # for 5%");
  header.push_back(chosen + " fragmented");
  for (const std::string& pod_class : table.pod_classes) header.push_back("room for " + pod_class);
  std::transform(header.begin(), header.end(), header.begin(), [](std::string cell) {
    const bool amount = cell.find('=') != std::string::npos;  // quantities keep their letters: 1Gi
    if (!amount) std::transform(cell.begin(), cell.end(), cell.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return amount ? "ROOM FOR" + cell.substr(8) : cell;
  });
  Table lines(std::move(header));
  for (const UtilisationRow& row : table.rows) {
    std::vector<std::string> line{to_string(row.at - kTimeZero), fmt::format("{}", row.pods), fmt::format("{} of {}", row.nodes_in_use, row.nodes)};
    for (const double share : row.utilisation) line.push_back(percent(share));
    line.push_back(plot(row.utilisation[table.chosen]));
    line.push_back(percent(row.fragmentation[table.chosen]));
    for (const std::int64_t room : row.room) line.push_back(fmt::format("{}", room));
    lines.add(std::move(line));
  }
  std::string text = lines.text();
  if (table.workers.size() > kWorkersShown) return text;
  std::vector<std::string> names{"TIME"};
  names.insert(names.end(), table.workers.begin(), table.workers.end());
  Table by_worker(std::move(names));
  for (const UtilisationRow& row : table.rows) {
    std::vector<std::string> line{to_string(row.at - kTimeZero)};
    for (const double share : row.node_utilisation) line.push_back(percent(share));
    by_worker.add(std::move(line));
  }
  return text + fmt::format("\n{} requested of what each worker has\n", chosen) + by_worker.text();
}

std::string means_text(std::span<const UtilisationTable> tables, std::span<const std::string> names) {
  CHECK(tables.size() == names.size(), "a name a run");
  std::vector<std::string> header{"MEAN OVER THE RUN"};
  header.insert(header.end(), names.begin(), names.end());
  Table lines(std::move(header));
  const auto line = [&](std::string figure, const auto& value_of) {
    std::vector<std::string> cells{std::move(figure)};
    for (const UtilisationTable& table : tables) cells.push_back(value_of(table));
    lines.add(std::move(cells));
  };
  line("pods on workers", [](const UtilisationTable& table) { return format_fixed(table.figures.pods.mean(table.ended_at), 2); });
  line("nodes in use", [](const UtilisationTable& table) { return format_fixed(table.figures.nodes_in_use.mean(table.ended_at), 2); });
  std::vector<std::string> resources;
  for (const UtilisationTable& table : tables) {
    for (const std::string& resource : table.resources) {
      if (std::find(resources.begin(), resources.end(), resource) == resources.end()) resources.push_back(resource);
    }
  }
  const auto of_resource = [](const UtilisationTable& table, const std::string& resource, const std::vector<OverTime>& shares) -> std::string {
    const auto found = std::find(table.resources.begin(), table.resources.end(), resource);
    return found == table.resources.end() ? "-" : format_fixed(shares[static_cast<std::size_t>(found - table.resources.begin())].mean(table.ended_at) * 100, 1) + "%";
  };
  for (const std::string& resource : resources) {
    line(resource + " requested", [&](const UtilisationTable& table) { return of_resource(table, resource, table.figures.utilisation); });
    line(resource + " fragmented", [&](const UtilisationTable& table) { return of_resource(table, resource, table.figures.fragmentation); });
  }
  return lines.text();
}

}  // namespace tandem::judge
