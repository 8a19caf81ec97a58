#include "core/kubectl/resources.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/kubectl/formatting.hpp"

namespace tandem::kubectl {

namespace {

constexpr Resource kResources[] = {
    {"Pod", "pods", "", "v1", {"po"}, true, true, pod_columns, pod_cells},
    {"ReplicationController", "replicationcontrollers", "", "v1", {"rc"}, true, true, replica_set_columns, replication_controller_cells},
    {"Service", "services", "", "v1", {"svc"}, true, true, service_columns, service_cells},
    {"DaemonSet", "daemonsets", "apps", "v1", {"ds"}, true, true, daemon_set_columns, daemon_set_cells},
    {"Deployment", "deployments", "apps", "v1", {"deploy"}, true, true, deployment_columns, deployment_cells},
    {"ReplicaSet", "replicasets", "apps", "v1", {"rs"}, true, true, replica_set_columns, replica_set_cells},
    {"StatefulSet", "statefulsets", "apps", "v1", {"sts"}, true, true, stateful_set_columns, stateful_set_cells},
    {"HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling", "v2", {"hpa"}, true, true, horizontal_pod_autoscaler_columns,
     horizontal_pod_autoscaler_cells},
    {"CronJob", "cronjobs", "batch", "v1", {"cj"}, true, true, cron_job_columns, cron_job_cells},
    {"Job", "jobs", "batch", "v1", {}, true, true, job_columns, job_cells},
    {"Node", "nodes", "", "v1", {"no"}, false, false, node_columns, node_cells},
    {"Namespace", "namespaces", "", "v1", {"ns"}, false, false, namespace_columns, namespace_cells},
    {"ConfigMap", "configmaps", "", "v1", {"cm"}, true, false, config_map_columns, config_map_cells},
    {"Secret", "secrets", "", "v1", {}, true, false, secret_columns, secret_cells},
    {"ServiceAccount", "serviceaccounts", "", "v1", {"sa"}, true, false, service_account_columns, service_account_cells},
    {"ResourceQuota", "resourcequotas", "", "v1", {"quota"}, true, false, resource_quota_columns, resource_quota_cells},
    {"LimitRange", "limitranges", "", "v1", {"limits"}, true, false, plain_columns, plain_cells},
    {"PodTemplate", "podtemplates", "", "v1", {}, true, false, pod_template_columns, pod_template_cells},
    {"PersistentVolume", "persistentvolumes", "", "v1", {"pv"}, false, false, persistent_volume_columns, persistent_volume_cells},
    {"PersistentVolumeClaim", "persistentvolumeclaims", "", "v1", {"pvc"}, true, false, persistent_volume_claim_columns, persistent_volume_claim_cells},
    {"Endpoints", "endpoints", "", "v1", {"ep"}, true, false, endpoints_columns, endpoints_cells},
    {"Event", "events", "", "v1", {"ev"}, true, false, event_columns, event_cells},
    {"ControllerRevision", "controllerrevisions", "apps", "v1", {}, true, false, controller_revision_columns, controller_revision_cells},
    {"EndpointSlice", "endpointslices", "discovery.k8s.io", "v1", {}, true, false, endpoint_slice_columns, endpoint_slice_cells},
    {"Ingress", "ingresses", "networking.k8s.io", "v1", {"ing"}, true, false, ingress_columns, ingress_cells},
    {"IngressClass", "ingressclasses", "networking.k8s.io", "v1", {}, false, false, ingress_class_columns, ingress_class_cells},
    {"NetworkPolicy", "networkpolicies", "networking.k8s.io", "v1", {"netpol"}, true, false, network_policy_columns, network_policy_cells},
    {"PodDisruptionBudget", "poddisruptionbudgets", "policy", "v1", {"pdb"}, true, false, pod_disruption_budget_columns, pod_disruption_budget_cells},
    {"PriorityClass", "priorityclasses", "scheduling.k8s.io", "v1", {"pc"}, false, false, priority_class_columns, priority_class_cells},
    {"StorageClass", "storageclasses", "storage.k8s.io", "v1", {"sc"}, false, false, storage_class_columns, storage_class_cells},
    {"Lease", "leases", "coordination.k8s.io", "v1", {}, true, false, lease_columns, lease_cells},
};

std::string with_group(std::string name, std::string_view group) {
  if (!group.empty()) name += "." + std::string(group);
  return name;
}

bool is_named(const Resource& resource, std::string_view word) {
  if (word.empty()) return false;
  if (std::find(resource.short_names.begin(), resource.short_names.end(), word) != resource.short_names.end()) return true;
  const std::string lower = lower_case(std::string(word));
  return lower == resource.plural || lower == resource.singular();
}

/// What follows the first dot: "apps", "v1.apps", or a group cut short ("networking").
bool has_group(const Resource& resource, std::string_view group) {
  const std::string_view version = resource.version;
  if (group == version || group.starts_with(std::string(version) + ".")) group.remove_prefix(std::min(group.size(), version.size() + 1));
  return resource.group.starts_with(group);
}

}  // namespace

std::string Resource::singular() const { return lower_case(std::string(kind)); }
std::string Resource::singular_with_group() const { return with_group(singular(), group); }
std::string Resource::plural_with_group() const { return with_group(std::string(plural), group); }

std::span<const Resource> resources() { return kResources; }

const Resource* resource_of_kind(std::string_view kind) {
  const auto* found = std::find_if(std::begin(kResources), std::end(kResources), [&](const Resource& resource) { return resource.kind == kind; });
  return found == std::end(kResources) ? nullptr : found;
}

const Resource* find_resource(std::string_view word) {
  if (word.empty()) return nullptr;
  const std::size_t dot = word.find('.');
  const std::string_view name = word.substr(0, dot);
  const std::string_view group = dot == std::string_view::npos ? std::string_view() : word.substr(dot + 1);
  const auto* found = std::find_if(std::begin(kResources), std::end(kResources),
                                   [&](const Resource& resource) { return is_named(resource, name) && has_group(resource, group); });
  return found == std::end(kResources) ? nullptr : found;
}

std::vector<std::string> resource_words() {
  std::vector<std::string> words;
  for (const Resource& resource : kResources) {
    words.emplace_back(resource.plural);
    words.push_back(resource.singular());
    for (const std::string_view word : resource.short_names) {
      if (!word.empty()) words.emplace_back(word);
    }
  }
  return words;
}

}  // namespace tandem::kubectl
