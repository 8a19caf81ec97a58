#include "core/cluster/api/preparation.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

#include "core/cluster/api/pod_preparation.hpp"
#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/wire_scalars.hpp"

namespace tandem::cluster::api {

namespace {

using Kinds = std::set<std::string_view>;

/// Kinds whose strategy sets generation 1 and counts changes of the spec.
const Kinds& counted_kinds() {
  static const Kinds kKinds = {"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Ingress",
                               "IngressClass", "NetworkPolicy", "PodDisruptionBudget", "PriorityClass"};
  return kKinds;
}

/// Kinds whose status is the server's own from the beginning.
const Kinds& status_kinds() {
  static const Kinds kKinds = {"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Ingress",
                               "PodDisruptionBudget", "HorizontalPodAutoscaler", "Service", "PersistentVolumeClaim", "PersistentVolume", "Namespace",
                               "ResourceQuota"};
  return kKinds;
}

/// The pod template of a workload, where the kind has one.
Json* pod_template_of(Json& object, std::string_view kind) {
  static const Kinds kTemplates = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"};
  if (kTemplates.contains(kind)) return &object["spec"]["template"];
  return kind == "CronJob" ? &object["spec"]["jobTemplate"]["spec"]["template"] : nullptr;
}

void generate_job_selector(Json& job) {
  Json& spec = job["spec"];
  if (View(spec)["manualSelector"].flag()) return;
  Json& labels = spec["template"]["metadata"]["labels"];
  if (labels.is_null()) labels = Json::object();
  const std::string name = View(job).at("metadata", "name").text();
  const std::string uid = View(job).at("metadata", "uid").text();
  for (const char* key : {"job-name", "batch.kubernetes.io/job-name"}) {
    if (!labels.contains(key)) labels[key] = name;
  }
  for (const char* key : {"controller-uid", "batch.kubernetes.io/controller-uid"}) {
    if (!labels.contains(key)) labels[key] = uid;
  }
  Json& match = spec["selector"]["matchLabels"];
  if (match.is_null()) match = Json::object();
  if (!match.contains("batch.kubernetes.io/controller-uid")) match["batch.kubernetes.io/controller-uid"] = uid;
}

void prepare_claim(Json& spec) {
  // Only a claim or a snapshot can be a data source of the old kind; the two kinds of source are kept equal.
  const View source = View(spec)["dataSource"];
  const View reference = View(spec)["dataSourceRef"];
  if (reference.present() && !reference["namespace"].text().empty()) {
    spec.erase("dataSourceRef");  // CrossNamespaceVolumeDataSource is off
  }
  if (!spec.contains("dataSourceRef") && source.present()) {
    const std::string group = source["apiGroup"].text();
    const std::string kind = source["kind"].text();
    const bool known = (group.empty() && kind == "PersistentVolumeClaim") || (group == "snapshot.storage.k8s.io" && kind == "VolumeSnapshot");
    if (!known) spec.erase("dataSource");
  }
  if (spec.contains("dataSource") && !spec.contains("dataSourceRef")) {
    Json copy = spec["dataSource"];
    spec["dataSourceRef"] = std::move(copy);
  } else if (spec.contains("dataSourceRef") && !spec.contains("dataSource")) {
    Json copy = spec["dataSourceRef"];
    copy.erase("namespace");
    spec["dataSource"] = std::move(copy);
  }
}

void prepare_namespace(Json& object) {
  object["status"] = {{"phase", "Active"}};
  Json& finalizers = object["spec"]["finalizers"];
  if (!finalizers.is_array()) finalizers = Json::array();
  for (const Json& one : finalizers) {
    if (one == "kubernetes") return;
  }
  finalizers.push_back("kubernetes");
}

void drop_autoscaler_tolerance(Json& object) {
  if (!object["spec"].contains("behavior")) return;
  for (const char* direction : {"scaleUp", "scaleDown"}) {
    if (object["spec"]["behavior"].contains(direction)) object["spec"]["behavior"][direction].erase("tolerance");
  }
}

bool is_counted_change(const View& object, const View& old, const KindType& type) {
  const std::string_view kind = type.kind;
  if (!counted_kinds().contains(kind) || kind == "PriorityClass") return false;
  const StructType& spec = *type.structure->find("spec")->type.structure;
  if (!equal_structs(object["spec"].json(), old["spec"].json(), spec, kind == "NetworkPolicy")) return true;
  return kind == "Deployment" && !(object.at("metadata", "annotations") == old.at("metadata", "annotations"));
}

constexpr const char* kTemplateGeneration = "deprecated.daemonset.template.generation";

void daemon_set_annotation(Json& object, std::int64_t generation) {
  object["metadata"]["annotations"][kTemplateGeneration] = fmt::format("{}", generation);
}

/// What a Service keeps of fields that its new type has no use for is dropped, if it only kept them.
void drop_type_dependent_fields(Json& spec, const View& old) {
  const std::string type = View(spec)["type"].text();
  const std::string before = old["type"].text();
  const auto same = [&](const char* field) { return View(spec)[field] == old[field]; };
  const auto external = [](const View& one) {
    const std::string kind = one["type"].text();
    return kind == "LoadBalancer" || kind == "NodePort" || (kind == "ClusterIP" && !one["externalIPs"].empty());
  };
  const auto has_node_ports = [](const View& one) {
    const std::string kind = one["type"].text();
    return kind == "NodePort" || (kind == "LoadBalancer" && (!one["allocateLoadBalancerNodePorts"].present() || one["allocateLoadBalancerNodePorts"].flag()));
  };
  if (before != "ExternalName" && type == "ExternalName") {
    if (same("clusterIP") && same("clusterIPs")) {
      spec.erase("clusterIP");
      spec.erase("clusterIPs");
    }
    if (same("ipFamilies")) spec.erase("ipFamilies");
    if (same("ipFamilyPolicy")) spec.erase("ipFamilyPolicy");
  }
  if (has_node_ports(old) && !has_node_ports(View(spec)) && spec.contains("ports")) {
    bool kept = old["ports"].size() >= spec["ports"].size();
    std::set<std::int64_t> ports;
    for (const View& port : old["ports"].items()) ports.insert(port["nodePort"].number());
    for (const View& port : View(spec)["ports"].items()) kept = kept && ports.contains(port["nodePort"].number());
    for (Json& port : spec["ports"]) {
      if (kept) port.erase("nodePort");
    }
  }
  const auto needs_health = [](const View& one) { return one["type"].text() == "LoadBalancer" && one["externalTrafficPolicy"].text() == "Local"; };
  if (needs_health(old) && !needs_health(View(spec)) && same("healthCheckNodePort")) spec.erase("healthCheckNodePort");
  if (before == "LoadBalancer" && type != "LoadBalancer") {
    if (same("allocateLoadBalancerNodePorts")) spec.erase("allocateLoadBalancerNodePorts");
    if (same("loadBalancerClass")) spec.erase("loadBalancerClass");
  }
  if (external(old) && !external(View(spec)) && same("externalTrafficPolicy")) spec.erase("externalTrafficPolicy");
}

void pods_first(Json& spec, const char* single, const char* several) {
  const std::string one = View(spec)[single].text();
  if (one.empty()) return;
  const View list = View(spec)[several];
  if (list.empty() || list[0].text() != one) spec[several] = Json::array({one});
}

}  // namespace

bool is_cluster_scoped(std::string_view kind) {
  static const Kinds kKinds = {"Node", "PersistentVolume", "Namespace", "PriorityClass", "StorageClass", "IngressClass", "ClusterRole", "ClusterRoleBinding",
                               "CustomResourceDefinition", "RuntimeClass", "CSIDriver", "CSINode", "VolumeAttachment"};
  return kKinds.contains(kind);
}

void prepare_for_create(Json& object, std::string_view kind, const std::string& now) {
  if (status_kinds().contains(kind) && kind != "Pod") object["status"] = Json::object();
  if (counted_kinds().contains(kind)) object["metadata"]["generation"] = 1;
  if (Json* pod_template = pod_template_of(object, kind)) drop_disabled_pod_fields((*pod_template)["spec"], {});
  if (kind == "Pod") prepare_pod(object, now);
  if (kind == "Job") generate_job_selector(object);
  if (kind == "StatefulSet" && object["spec"]["updateStrategy"].contains("rollingUpdate")) object["spec"]["updateStrategy"]["rollingUpdate"].erase("maxUnavailable");
  if (kind == "DaemonSet") daemon_set_annotation(object, 1);
  if (kind == "HorizontalPodAutoscaler") drop_autoscaler_tolerance(object);
  if (kind == "PersistentVolumeClaim") prepare_claim(object["spec"]);
  if (kind == "PersistentVolume") object["status"] = {{"phase", "Pending"}, {"lastPhaseTransitionTime", now}};
  if (kind == "Namespace") prepare_namespace(object);
  if (kind == "LimitRange" && View(object).at("metadata", "name").text().empty()) object["metadata"]["name"] = View(object).at("metadata", "uid").text();
  if (kind == "Node") {
    object["spec"].erase("configSource");
    object["status"].erase("config");
  }
  if (kind == "ServiceAccount" && object.contains("secrets")) {
    for (Json& secret : object["secrets"]) secret = {{"name", View(secret)["name"].text()}};
  }
}

void prepare_for_update(Json& object, const Json& old, const KindType& type) {
  const std::string_view kind = type.kind;
  const View before(old);
  object["metadata"]["generation"] = before.at("metadata", "generation").number();
  if (status_kinds().contains(kind) || kind == "Node") object["status"] = before["status"].json();
  if (Json* pod_template = pod_template_of(object, kind)) {
    Json copy = old;
    drop_disabled_pod_fields((*pod_template)["spec"], View(*pod_template_of(copy, kind))["spec"]);
  }
  if (kind == "Pod") drop_disabled_pod_fields(object["spec"], before["spec"]);
  if (kind == "StatefulSet" && object["spec"]["updateStrategy"].contains("rollingUpdate") &&
      !before.at("spec", "updateStrategy", "rollingUpdate", "maxUnavailable").present()) {
    object["spec"]["updateStrategy"]["rollingUpdate"].erase("maxUnavailable");
  }
  if (kind == "Secret" && View(object)["type"].text().empty()) object["type"] = before["type"].text();
  if (kind == "Namespace") object["spec"] = before["spec"].json();
  if (kind == "Service") drop_type_dependent_fields(object["spec"], before["spec"]);
  if (kind == "HorizontalPodAutoscaler") drop_autoscaler_tolerance(object);
  if (kind == "PersistentVolumeClaim") prepare_claim(object["spec"]);
  if (kind == "Node" && !before.at("spec", "configSource").present()) object["spec"].erase("configSource");
  if (is_counted_change(View(object), before, type)) object["metadata"]["generation"] = before.at("metadata", "generation").number() + 1;
}

void to_internal(Json& object, std::string_view api_version, std::string_view kind) {
  if (kind == "Secret") {
    for (const auto& [key, text] : View(object)["stringData"].entries()) object["data"][key] = base64_encoded(text.text());
    object.erase("stringData");
  }
  if (kind == "Node") pods_first(object["spec"], "podCIDR", "podCIDRs");
  if (kind == "Pod") {
    pod_spec_to_internal(object["spec"]);
    if (View(object)["spec"]["terminationGracePeriodSeconds"].number() < 0) object["spec"]["terminationGracePeriodSeconds"] = 1;
  }
  if (Json* pod_template = pod_template_of(object, kind)) pod_spec_to_internal((*pod_template)["spec"]);
  if (kind == "StatefulSet" && object["spec"].contains("volumeClaimTemplates")) {
    for (Json& claim : object["spec"]["volumeClaimTemplates"]) {
      claim["apiVersion"] = "v1";
      claim["kind"] = "PersistentVolumeClaim";
    }
  }
  if (kind == "HorizontalPodAutoscaler" && api_version == "autoscaling/v1") {
    const View percent = View(object).at("spec", "targetCPUUtilizationPercentage");
    const Json target = {{"type", "Utilization"}, {"averageUtilization", percent.present() ? percent.number() : 80}};
    object["spec"]["metrics"] = Json::array({{{"type", "Resource"}, {"resource", {{"name", "cpu"}, {"target", target}}}}});
    object["spec"].erase("targetCPUUtilizationPercentage");
  }
}

void from_internal(Json& object, std::string_view api_version, std::string_view kind) {
  if (kind == "DaemonSet" && View(object).at("spec", "updateStrategy", "rollingUpdate").present()) {
    for (const char* field : {"maxSurge", "maxUnavailable"}) {
      Json& number = object["spec"]["updateStrategy"]["rollingUpdate"][field];
      if (number.is_null()) number = 0;
    }
  }
  if (kind == "Node" && !View(object).at("spec", "podCIDRs").empty()) object["spec"]["podCIDR"] = object["spec"]["podCIDRs"][0];
  if (kind == "HorizontalPodAutoscaler" && api_version == "autoscaling/v1") {
    const View metrics = View(object).at("spec", "metrics");
    if (metrics.present()) object["spec"]["targetCPUUtilizationPercentage"] = metrics[0].at("resource", "target", "averageUtilization").json();
    object["spec"].erase("metrics");
  }
}

}  // namespace tandem::cluster::api
