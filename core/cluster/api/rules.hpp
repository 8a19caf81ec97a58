#pragma once
// The validation rules of Kubernetes v1.34, a function for each kind or part. All report into FieldErrors and stop nowhere
// that Kubernetes does not. `old` is absent on creation.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/cluster/api/field_error.hpp"
#include "core/cluster/api/text_rules.hpp"
#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

// metadata_rules.cpp
void check_object_meta(FieldErrors& errors, const View& meta, bool namespaced, NameRule name_rule);
/// The generic part alone, without Kubernetes' own finalizer rule (apimachinery's ValidateObjectMetaAccessor).
void check_generic_meta(FieldErrors& errors, const View& meta, bool namespaced, NameRule name_rule);
void check_object_meta_update(FieldErrors& errors, const View& meta, const View& old, bool own_finalizer_rule);
void check_labels(FieldErrors& errors, const View& labels, const FieldPath& path);
void check_annotations(FieldErrors& errors, const View& annotations, const FieldPath& path);
void check_label_name(FieldErrors& errors, std::string_view name, const FieldPath& path);
void check_kube_finalizer(FieldErrors& errors, const std::string& name, const FieldPath& path);
void check_immutable(FieldErrors& errors, const View& value, const View& old, const FieldPath& path);
void check_not_negative(FieldErrors& errors, const View& value, const FieldPath& path);
/// NotSupported unless the text is one of `allowed`.
void check_one_of(FieldErrors& errors, const View& value, const std::vector<std::string>& allowed, const FieldPath& path);

// selector_rules.cpp
void check_label_selector(FieldErrors& errors, const View& selector, const FieldPath& path, bool allow_invalid_values = false);
/// {"matchLabels":…,"matchExpressions":…} in Go's order.
BadValue selector_value(const View& selector);
/// LabelSelectorAsSelector: nothing for a selector that cannot be built; a nil selector matches nothing.
struct SelectorMatch {
  bool valid = true;
  bool everything = false;  ///< no requirement at all
  bool matches = false;
};
SelectorMatch match_selector(const View& selector, const View& labels);
void check_node_selector(FieldErrors& errors, const View& selector, const FieldPath& path, bool allow_invalid_values = false);
void check_node_selector_term(FieldErrors& errors, const View& term, const FieldPath& path, bool allow_invalid_values);

// resource_rules.cpp
enum class ResourceOwner { Container, Pod };
void check_resource_requirements(FieldErrors& errors, const View& resources, const View& pod_spec, const FieldPath& path, ResourceOwner owner, bool allow_odd_huge_pages = false);
void check_pod_resources(FieldErrors& errors, const View& pod_spec, const FieldPath& path, bool allow_odd_huge_pages = false);
void check_resource_name(FieldErrors& errors, std::string_view name, const FieldPath& path);
void check_container_resource_name(FieldErrors& errors, std::string_view name, const FieldPath& path);
void check_resource_value(FieldErrors& errors, std::string_view name, const View& value, const FieldPath& path);

// pod_rules.cpp
/// What an old object already got away with, and whether this is a pod or a template.
struct PodOptions {
  bool is_pod = false;
  bool allow_invalid_deletion_cost = false;
  bool allow_invalid_selector_values = false;
  bool allow_invalid_node_affinity_values = false;
  bool allow_invalid_spread_selector = false;
  bool old_violates_match_label_keys = false;
  bool allow_odd_huge_pages = false;
  bool allow_host_sysctls = false;
  bool allow_non_local_token_path = false;
  bool allow_file_keys = false;
  bool allow_restart_rules = false;
  bool allow_user_namespace_devices = false;
  bool allow_any_selinux_change_policy = false;
};
PodOptions pod_options(const View& old_spec, const View& old_meta);
void check_pod_spec(FieldErrors& errors, const View& spec, const View& pod_meta, const FieldPath& path, const PodOptions& options);
void check_pod_template(FieldErrors& errors, const View& pod_template, const FieldPath& path, const PodOptions& options);
void check_pod_annotations(FieldErrors& errors, const View& annotations, const View& spec, const FieldPath& path, const PodOptions& options);
void check_pod_create(FieldErrors& errors, const View& pod);
void check_pod_update(FieldErrors& errors, const View& pod, const View& old);
// pod_update_rules.cpp
void check_pod_unchanged(FieldErrors& errors, const View& spec, const View& old);
void check_pod_annotation_update(FieldErrors& errors, const View& pod, const View& old, const PodOptions& options);
/// All containers with their paths, in Kubernetes' order: init, app, ephemeral.
std::vector<std::pair<View, FieldPath>> containers_of(const View& spec, const FieldPath& path);
bool is_false(const View& flag);  ///< present and false

// container_rules.cpp
using VolumeTable = std::map<std::string, View>;  ///< valid volumes by name
void check_containers(FieldErrors& errors, const View& spec, const VolumeTable& volumes, const FieldPath& path, const PodOptions& options);
void check_init_containers(FieldErrors& errors, const View& spec, const VolumeTable& volumes, const FieldPath& path, const PodOptions& options);
void check_ephemeral_containers(FieldErrors& errors, const View& spec, const VolumeTable& volumes, const FieldPath& path, const PodOptions& options);
void check_port_number_or_name(FieldErrors& errors, const View& port, const FieldPath& path);
void check_pull_policy(FieldErrors& errors, const View& policy, const FieldPath& path);
const std::vector<std::string>& port_protocols();

// environment_rules.cpp
void check_environment(FieldErrors& errors, const View& variables, const FieldPath& path, const PodOptions& options);
void check_environment_sources(FieldErrors& errors, const View& sources, const FieldPath& path);
void check_object_field_selector(FieldErrors& errors, const View& selector, const std::vector<std::string>& allowed, const FieldPath& path);
void check_resource_field_selector(FieldErrors& errors, const View& selector, bool in_volume, const FieldPath& path);

// probe_rules.cpp
enum class ProbeUse { Liveness, Readiness, Startup };
void check_probe(FieldErrors& errors, const View& probe, ProbeUse use, const View& grace_period, const FieldPath& path);
void check_lifecycle(FieldErrors& errors, const View& lifecycle, const View& grace_period, const FieldPath& path);

// volume_rules.cpp
VolumeTable check_volumes(FieldErrors& errors, const View& volumes, const View& pod_meta, const FieldPath& path, const PodOptions& options);
void check_local_path(FieldErrors& errors, std::string_view text, const FieldPath& path);
void check_no_backsteps(FieldErrors& errors, std::string_view text, const FieldPath& path);
void check_non_reserved_path(FieldErrors& errors, std::string_view text, const FieldPath& path);

// volume_source_rules.cpp
/// The sources of a pod's volume or of a PersistentVolume that have one check each. Reports nothing for an unknown source.
void check_volume_source(FieldErrors& errors, std::string_view source, const View& value, const FieldPath& path, bool persistent, std::string_view volume_name);
void check_csi_driver_name(FieldErrors& errors, const std::string& name, const FieldPath& path);

// security_rules.cpp
void check_security_context(FieldErrors& errors, const View& context, bool host_users, const FieldPath& path);
void check_pod_security_context(FieldErrors& errors, const View& spec, const FieldPath& path, const PodOptions& options);
void check_seccomp_annotations(FieldErrors& errors, const View& annotations, const FieldPath& path);
void check_annotation_fields_match(FieldErrors& errors, const View& annotations, const View& spec, const FieldPath& path);
void check_operating_system(FieldErrors& errors, const View& spec, const FieldPath& path);
void check_windows_host_process(FieldErrors& errors, const View& spec, const FieldPath& path);
bool sysctl_conflicts_with_host(const View& spec, const std::string& name);

// scheduling_rules.cpp
void check_affinity(FieldErrors& errors, const View& affinity, const FieldPath& path, const PodOptions& options);
void check_tolerations(FieldErrors& errors, const View& tolerations, const FieldPath& path);
void check_spread_constraints(FieldErrors& errors, const View& constraints, const FieldPath& path, const PodOptions& options);
void check_taint_effect(FieldErrors& errors, const View& effect, bool allow_empty, const FieldPath& path);
void check_match_label_keys(FieldErrors& errors, const View& match_keys, const View& mismatch_keys, const View& selector, const FieldPath& path);

// address_rules.cpp
void check_ip(FieldErrors& errors, const std::string& text, const FieldPath& path, const std::vector<std::string>& old = {});
void check_cidr(FieldErrors& errors, const std::string& text, const FieldPath& path, const std::vector<std::string>& old = {});
void check_endpoint_ip(FieldErrors& errors, const std::string& text, const FieldPath& path);

// workload_rules.cpp
/// `kind` and `name` of a reference to an object of any kind: required, and usable as path segments.
void check_kind_and_name(FieldErrors& errors, const View& reference, const FieldPath& path);
void check_int_or_percent(FieldErrors& errors, const View& value, const FieldPath& path);
void check_at_most_all(FieldErrors& errors, const View& value, const FieldPath& path);
std::int64_t int_or_percent_value(const View& value);
void check_deployment(FieldErrors& errors, const View& object, const View& old);
void check_replica_set(FieldErrors& errors, const View& object, const View& old);
void check_daemon_set(FieldErrors& errors, const View& object, const View& old);
void check_stateful_set(FieldErrors& errors, const View& object, const View& old);
void check_replication_controller(FieldErrors& errors, const View& object, const View& old);

// batch_rules.cpp
void check_job(FieldErrors& errors, const View& object, const View& old);
void check_cron_job(FieldErrors& errors, const View& object, const View& old);

// autoscaling_rules.cpp, disruption and priority included
void check_autoscaler(FieldErrors& errors, const View& object, const View& old);
void check_disruption_budget(FieldErrors& errors, const View& object, const View& old);
void check_priority_class(FieldErrors& errors, const View& object, const View& old);

// service_rules.cpp
void check_service(FieldErrors& errors, const View& object, const View& old);

// networking_rules.cpp
void check_ingress(FieldErrors& errors, const View& object, const View& old);
void check_ingress_class(FieldErrors& errors, const View& object, const View& old);
void check_network_policy(FieldErrors& errors, const View& object, const View& old);

// storage_rules.cpp
void check_persistent_volume(FieldErrors& errors, const View& object, const View& old);
void check_claim(FieldErrors& errors, const View& object, const View& old);
void check_claim_spec(FieldErrors& errors, const View& spec, const FieldPath& path, const View& old_spec = {});
void check_storage_class(FieldErrors& errors, const View& object, const View& old);

// node_rules.cpp
void check_node(FieldErrors& errors, const View& object, const View& old);

// configuration_rules.cpp
void check_config_map(FieldErrors& errors, const View& object, const View& old);
void check_secret(FieldErrors& errors, const View& object, const View& old);
void check_namespace(FieldErrors& errors, const View& object, const View& old);
void check_service_account(FieldErrors& errors, const View& object, const View& old);

// quota_rules.cpp
void check_limit_range(FieldErrors& errors, const View& object, const View& old);
void check_resource_quota(FieldErrors& errors, const View& object, const View& old);

}  // namespace tandem::cluster::api
