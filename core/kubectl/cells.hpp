#pragma once
// Columns and cells per kind; one row of the resource table (resources.cpp) each. `wide` is the difference of -o wide.
// What a cell says is the API server's table printer (kubernetes pkg/printers/internalversion).

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

using Cells = std::vector<std::string>;

/// AGE: from metadata.creationTimestamp; "<unknown>" without one.
std::string age_cell(const nlohmann::json& object, const GetOptions& options);
/// Names and images of a list of containers, joined by commas: the columns CONTAINERS and IMAGES.
Cells container_cells(const nlohmann::json& containers);
/// `first`, and behind it `more` if `wide`.
Cells columns_with(Cells first, bool wide, const Cells& more);

// pod_cells.cpp
Cells pod_columns(bool wide);
Cells pod_cells(const nlohmann::json& pod, const GetOptions& options);

// workload_cells.cpp
Cells deployment_columns(bool wide);
Cells deployment_cells(const nlohmann::json& deployment, const GetOptions& options);
Cells replica_set_columns(bool wide);
Cells replica_set_cells(const nlohmann::json& replica_set, const GetOptions& options);
Cells replication_controller_cells(const nlohmann::json& controller, const GetOptions& options);
Cells stateful_set_columns(bool wide);
Cells stateful_set_cells(const nlohmann::json& stateful_set, const GetOptions& options);
Cells daemon_set_columns(bool wide);
Cells daemon_set_cells(const nlohmann::json& daemon_set, const GetOptions& options);
Cells controller_revision_columns(bool wide);
Cells controller_revision_cells(const nlohmann::json& revision, const GetOptions& options);
Cells job_columns(bool wide);
Cells job_cells(const nlohmann::json& job, const GetOptions& options);
Cells cron_job_columns(bool wide);
Cells cron_job_cells(const nlohmann::json& cron_job, const GetOptions& options);

// node_cells.cpp
Cells node_columns(bool wide);
Cells node_cells(const nlohmann::json& node, const GetOptions& options);
Cells event_columns(bool wide);
Cells event_cells(const nlohmann::json& event, const GetOptions& options);
Cells lease_columns(bool wide);
Cells lease_cells(const nlohmann::json& lease, const GetOptions& options);

// network_cells.cpp
Cells service_columns(bool wide);
Cells service_cells(const nlohmann::json& service, const GetOptions& options);
Cells endpoints_columns(bool wide);
Cells endpoints_cells(const nlohmann::json& endpoints, const GetOptions& options);
Cells endpoint_slice_columns(bool wide);
Cells endpoint_slice_cells(const nlohmann::json& slice, const GetOptions& options);
Cells ingress_columns(bool wide);
Cells ingress_cells(const nlohmann::json& ingress, const GetOptions& options);
Cells ingress_class_columns(bool wide);
Cells ingress_class_cells(const nlohmann::json& ingress_class, const GetOptions& options);
Cells network_policy_columns(bool wide);
Cells network_policy_cells(const nlohmann::json& policy, const GetOptions& options);

// autoscaling_cells.cpp
Cells horizontal_pod_autoscaler_columns(bool wide);
Cells horizontal_pod_autoscaler_cells(const nlohmann::json& autoscaler, const GetOptions& options);
Cells pod_disruption_budget_columns(bool wide);
Cells pod_disruption_budget_cells(const nlohmann::json& budget, const GetOptions& options);
Cells priority_class_columns(bool wide);
Cells priority_class_cells(const nlohmann::json& priority_class, const GetOptions& options);

// config_cells.cpp
Cells namespace_columns(bool wide);
Cells namespace_cells(const nlohmann::json& name_space, const GetOptions& options);
Cells config_map_columns(bool wide);
Cells config_map_cells(const nlohmann::json& config_map, const GetOptions& options);
Cells secret_columns(bool wide);
Cells secret_cells(const nlohmann::json& secret, const GetOptions& options);
Cells service_account_columns(bool wide);
Cells service_account_cells(const nlohmann::json& account, const GetOptions& options);
Cells resource_quota_columns(bool wide);
Cells resource_quota_cells(const nlohmann::json& quota, const GetOptions& options);
Cells pod_template_columns(bool wide);
Cells pod_template_cells(const nlohmann::json& pod_template, const GetOptions& options);
/// Kinds whose table the API server does not know: NAME and CREATED AT.
Cells plain_columns(bool wide);
Cells plain_cells(const nlohmann::json& object, const GetOptions& options);

// storage_cells.cpp
Cells persistent_volume_columns(bool wide);
Cells persistent_volume_cells(const nlohmann::json& volume, const GetOptions& options);
Cells persistent_volume_claim_columns(bool wide);
Cells persistent_volume_claim_cells(const nlohmann::json& claim, const GetOptions& options);
Cells storage_class_columns(bool wide);
Cells storage_class_cells(const nlohmann::json& storage_class, const GetOptions& options);

}  // namespace tandem::kubectl
