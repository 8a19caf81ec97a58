#pragma once
// Columns and cells per kind; one row of get_table each. `wide` is the difference of -o wide.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

using Cells = std::vector<std::string>;

/// AGE: from metadata.creationTimestamp; "<unknown>" without one.
std::string age_cell(const nlohmann::json& object, const GetOptions& options);

Cells pod_columns(bool wide);
Cells pod_cells(const nlohmann::json& pod, const GetOptions& options);

Cells deployment_columns(bool wide);
Cells deployment_cells(const nlohmann::json& deployment, const GetOptions& options);
Cells replica_set_columns(bool wide);
Cells replica_set_cells(const nlohmann::json& replica_set, const GetOptions& options);
Cells node_columns(bool wide);
Cells node_cells(const nlohmann::json& node, const GetOptions& options);
Cells service_columns(bool wide);
Cells service_cells(const nlohmann::json& service, const GetOptions& options);
Cells endpoint_slice_columns(bool wide);
Cells endpoint_slice_cells(const nlohmann::json& slice, const GetOptions& options);
Cells event_columns(bool wide);
Cells event_cells(const nlohmann::json& event, const GetOptions& options);

}  // namespace tandem::kubectl
