#pragma once
// ClusterUtilisation over a run, sampled at even steps: as rows, as tables with a small plot, as means over time.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/judge/cluster_utilisation.hpp"

namespace tandem::judge {

struct UtilisationRow {
  SimTime at;
  std::int64_t pods = 0;
  std::int64_t nodes = 0;
  std::int64_t nodes_in_use = 0;
  std::vector<double> utilisation;    ///< by resource: 0…1
  std::vector<double> fragmentation;  ///< by resource: 0…1
  std::vector<double> node_utilisation;  ///< of the chosen resource, by worker; -1 where it does not exist
  std::vector<std::int64_t> room;     ///< by pod class: how many more would fit
};

struct UtilisationTable {
  std::vector<std::string> resources;
  std::size_t chosen = 0;             ///< into resources: the one that is plotted
  std::vector<std::string> workers;
  std::vector<std::string> pod_classes;  ///< "cpu=500m memory=1Gi"; those without requests are left out
  std::vector<UtilisationRow> rows;   ///< at 0, every, 2·every, …, and at the end
  ClusterFigures figures;
  SimTime ended_at;
};

/// Requires: every > 0. Errors: UsageNotFound if no worker has the resource.
Result<UtilisationTable> utilisation_table(const RunHistory& history, SimDuration every, std::string_view resource);

/// The rows as two tables: the cluster with a plot of the chosen resource, then the workers one by one (at most 16 of them).
std::string utilisation_text(const UtilisationTable& table);
/// The means of several runs side by side; a column a run, in order. Requires: as many names as tables.
std::string means_text(std::span<const UtilisationTable> tables, std::span<const std::string> names);

}  // namespace tandem::judge
