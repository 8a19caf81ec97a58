#pragma once
// The parts that descriptions of several kinds share, and a function a kind.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/kubectl/describe.hpp"
#include "core/kubectl/description.hpp"

namespace tandem::kubectl {

// describe_containers.cpp
/// `indent`: empty in a pod, two blanks in a template. `pod` is null in a template.
void describe_containers(Description& text, const char* title, const nlohmann::json& containers, const nlohmann::json& statuses, const nlohmann::json& pod,
                         const char* indent);
void describe_resources(Description& text, const nlohmann::json& resources, std::size_t level);

// describe_volumes.cpp
void describe_volumes(Description& text, const nlohmann::json& volumes, const char* indent);
/// The source of a volume or persistent volume: the one of its fields that is set.
void describe_volume_source(Description& text, const nlohmann::json& volume, bool is_persistent);

// describe_storage.cpp
/// A claim, or the template of one inside a pod (`is_whole` false: without what only a stored claim has).
void describe_claim_fields(Description& text, const nlohmann::json& claim, bool is_whole, std::int64_t now_unix_seconds);

// describe_parts.cpp
void describe_name(Description& text, const nlohmann::json& object);                 ///< Name and Namespace
void describe_labels_and_annotations(Description& text, const nlohmann::json& object);
void describe_controller(Description& text, const nlohmann::json& object);           ///< Controlled By, if it is
void describe_pod_template(Description& text, const nlohmann::json& pod_template);
void describe_tolerations(Description& text, const char* title, const nlohmann::json& tolerations);
void describe_topology_constraints(Description& text, const nlohmann::json& constraints, const char* indent);
/// Conditions with type, status and reason, as controllers have them.
void describe_controller_conditions(Description& text, const nlohmann::json& conditions);
/// All of a condition, as nodes and claims have them; `last_seen` is the time beside that of the transition: "LastHeartbeatTime".
void describe_full_conditions(Description& text, const nlohmann::json& conditions, const std::string& last_seen);
/// "1 Running / 0 Waiting / 0 Succeeded / 0 Failed": the pods that a controller owns.
std::string pod_counts(const nlohmann::json& controller, const DescribeContext& context);

// describe_events.cpp
/// The events whose involved object has this name and namespace, and this kind and uid unless they are empty.
struct EventsOf {
  std::string name;
  std::string name_space;
  std::string kind;
  std::string uid;
};
EventsOf events_of(const nlohmann::json& object);
/// In the order of the API server: by namespace and name.
std::vector<const nlohmann::json*> find_events(const EventsOf& wanted, const DescribeContext& context);
void describe_events(Description& text, std::vector<const nlohmann::json*> events, const DescribeContext& context);
/// Both of the above, if events are wanted.
void describe_events_of(Description& text, const nlohmann::json& object, const DescribeContext& context);

// describe_service.cpp
/// Ready endpoints of the slices of a service at the port of that name: "10.0.0.1:80,10.0.0.2:80 + 3 more...".
std::string endpoints_text(const std::string& name_space, const std::string& service, const std::string& port_name, const DescribeContext& context);

// One a kind.
void describe_pod(Description& text, const nlohmann::json& pod, const DescribeContext& context);
void describe_deployment(Description& text, const nlohmann::json& deployment, const DescribeContext& context);
void describe_replica_set(Description& text, const nlohmann::json& set, const DescribeContext& context);
void describe_stateful_set(Description& text, const nlohmann::json& set, const DescribeContext& context);
void describe_daemon_set(Description& text, const nlohmann::json& set, const DescribeContext& context);
void describe_job(Description& text, const nlohmann::json& job, const DescribeContext& context);
void describe_cron_job(Description& text, const nlohmann::json& cron_job, const DescribeContext& context);
void describe_service(Description& text, const nlohmann::json& service, const DescribeContext& context);
void describe_endpoint_slice(Description& text, const nlohmann::json& slice, const DescribeContext& context);
void describe_ingress(Description& text, const nlohmann::json& ingress, const DescribeContext& context);
void describe_horizontal_pod_autoscaler(Description& text, const nlohmann::json& autoscaler, const DescribeContext& context);
void describe_pod_disruption_budget(Description& text, const nlohmann::json& budget, const DescribeContext& context);
void describe_node(Description& text, const nlohmann::json& node, const DescribeContext& context);
void describe_config_map(Description& text, const nlohmann::json& config_map, const DescribeContext& context);
void describe_secret(Description& text, const nlohmann::json& secret, const DescribeContext& context);
void describe_priority_class(Description& text, const nlohmann::json& priority_class, const DescribeContext& context);
void describe_persistent_volume(Description& text, const nlohmann::json& volume, const DescribeContext& context);
void describe_persistent_volume_claim(Description& text, const nlohmann::json& claim, const DescribeContext& context);
void describe_namespace(Description& text, const nlohmann::json& name_space, const DescribeContext& context);
void describe_service_account(Description& text, const nlohmann::json& account, const DescribeContext& context);
void describe_storage_class(Description& text, const nlohmann::json& storage_class, const DescribeContext& context);
void describe_ingress_class(Description& text, const nlohmann::json& ingress_class, const DescribeContext& context);
/// Any other kind, field by field.
void describe_unknown(Description& text, const nlohmann::json& object, const DescribeContext& context);

}  // namespace tandem::kubectl
