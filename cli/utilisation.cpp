// tandem utilisation: how full the cluster was over a run, and how much of what was free nobody could use.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/stored_run.hpp"
#include "core/base/parse.hpp"
#include "core/judge/utilisation_table.hpp"

namespace tandem::cli {

namespace {

struct Options {
  std::vector<std::string> runs;
  std::string every;
  std::string resource = "cpu";
};

/// Twelve rows or a few more: the next whole second above a twelfth of the run.
SimDuration default_step(const judge::RunHistory& history) {
  constexpr std::int64_t kRows = 12;
  const std::int64_t second = seconds(1).ns;
  const std::int64_t twelfth = (history.ended_at - kTimeZero).ns / kRows;
  return SimDuration{std::max(second, (twelfth + second - 1) / second * second)};
}

nlohmann::ordered_json to_json(const judge::UtilisationTable& table, const std::string& run) {
  using Json = nlohmann::ordered_json;
  const auto by_resource = [&](const std::vector<double>& shares) {
    Json json = Json::object();
    for (std::size_t r = 0; r < table.resources.size(); ++r) json[table.resources[r]] = shares[r];
    return json;
  };
  const auto means = [&](const std::vector<judge::OverTime>& figures) {
    Json json = Json::object();
    for (std::size_t r = 0; r < table.resources.size(); ++r) json[table.resources[r]] = figures[r].mean(table.ended_at);
    return json;
  };
  Json rows = Json::array();
  for (const judge::UtilisationRow& row : table.rows) {
    Json workers = Json::object();
    for (std::size_t n = 0; n < table.workers.size(); ++n) {
      if (row.node_utilisation[n] >= 0) workers[table.workers[n]] = row.node_utilisation[n];
    }
    Json room = Json::object();
    for (std::size_t c = 0; c < table.pod_classes.size(); ++c) room[table.pod_classes[c]] = row.room[c];
    rows.push_back({{"atNs", row.at.ns},
                    {"pods", row.pods},
                    {"nodes", row.nodes},
                    {"nodesInUse", row.nodes_in_use},
                    {"utilisation", by_resource(row.utilisation)},
                    {"fragmentation", by_resource(row.fragmentation)},
                    {"workers", std::move(workers)},
                    {"room", std::move(room)}});
  }
  return {{"run", run},
          {"resource", table.resources[table.chosen]},
          {"rows", std::move(rows)},
          {"means",
           {{"pods", table.figures.pods.mean(table.ended_at)},
            {"nodesInUse", table.figures.nodes_in_use.mean(table.ended_at)},
            {"utilisation", means(table.figures.utilisation)},
            {"fragmentation", means(table.figures.fragmentation)}}}};
}

int utilisation(const Options& options, const CommonOptions& common) {
  std::optional<SimDuration> every;
  if (!options.every.empty()) {
    const Result<SimDuration> given = parse_duration(options.every);
    if (!given || given->ns <= 0) {
      return report(make_error(ErrorCode::UsageBadArgument, "--every needs a length of time").with_found(options.every).with_allowed("5s, 500ms, 1m"), common);
    }
    every = *given;
  }
  std::vector<judge::UtilisationTable> tables;
  for (const std::string& folder : options.runs) {
    const auto run = open_run(folder);
    if (!run) return report(run.error(), common);
    auto table = judge::utilisation_table(run->history, every.value_or(default_step(run->history)), options.resource);
    if (!table) return report(table.error(), common);
    tables.push_back(std::move(*table));
  }
  if (common.json) {
    nlohmann::ordered_json runs = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < tables.size(); ++i) runs.push_back(to_json(tables[i], options.runs[i]));
    fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"runs", std::move(runs)}}.dump(2));
    return kExitOk;
  }
  for (std::size_t i = 0; i < tables.size(); ++i) fmt::print("{}\n{}\n", options.runs[i], judge::utilisation_text(tables[i]));
  fmt::print("{}", judge::means_text(tables, options.runs));
  return kExitOk;
}

}  // namespace

Command utilisation_command() {
  return {"utilisation", "Show how full the cluster was over a run, and how fragmented.",
          "  tandem utilisation runs/a                               requests of what is allocatable, over time and by worker\n"
          "  tandem utilisation runs/spreading-sim runs/bin-packing-sim  two runs, and their means side by side\n"
          "  tandem utilisation runs/a --resource nvidia.com/gpu --every 5s  another resource, other steps\n",
          [](OptionTable& table, CommonOptions& common) {
            auto options = std::make_shared<Options>();
            table.add_option("run", options->runs, "recording folder (several side by side)")->required()->takes(Takes::Run);
            table.add_option("--every", options->every, "distance of the rows (default: a twelfth of the run)")->takes(Takes::Time);
            table.add_option("--resource", options->resource, "resource that is plotted and shown by worker (default: cpu)");
            return [options, &common] { return utilisation(*options, common); };
          }};
}

}  // namespace tandem::cli
