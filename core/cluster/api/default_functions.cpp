// Defaults of pods, services and the smaller kinds of the core group, of networking, storage and scheduling.

#include "core/cluster/api/default_functions.hpp"

#include <fmt/format.h>

#include <map>

#include "core/cluster/api/defaulting.hpp"
#include "core/cluster/api/image_reference.hpp"
#include "core/cluster/api/resources.hpp"

namespace tandem::cluster::api {

namespace {

void container(Json& object) {
  default_text(object, "imagePullPolicy", image_pull_policy(View(object)["image"].text()));
  default_text(object, "terminationMessagePath", "/dev/termination-log");
  default_text(object, "terminationMessagePolicy", "File");
}

void pod_spec(Json& object) {
  default_text(object, "dnsPolicy", "ClusterFirst");
  default_text(object, "restartPolicy", "Always");
  default_nil(object, "securityContext", Json::object());
  default_nil(object, "terminationGracePeriodSeconds", 30);
  default_text(object, "schedulerName", "default-scheduler");
}

void probe(Json& object) {
  default_number(object, "timeoutSeconds", 1);
  default_number(object, "periodSeconds", 10);
  default_number(object, "successThreshold", 1);
  default_number(object, "failureThreshold", 3);
}

void http_get(Json& object) {
  default_text(object, "path", "/");
  default_text(object, "scheme", "HTTP");
}

void volume(Json& object) {
  if (object.size() <= 1) {  // nothing but a name: no source
    if (object.empty() || object.contains("name")) object["emptyDir"] = Json::object();
  }
  // An image volume's pullPolicy is defaulted only where the gate ImageVolume is on, which it is not in 1.34.
}

void file_key_selector(Json& object) { default_nil(object, "optional", false); }

void container_port(Json& object) { default_text(object, "protocol", "TCP"); }
void default_mode(Json& object) { default_nil(object, "defaultMode", 0644); }

/// A limit without a request is also the request.
void requests_from_limits(Json& container_json) {
  Json& resources = container_json["resources"];
  if (!resources.contains("limits")) return;
  Json& requests = resources["requests"];
  if (requests.is_null()) requests = Json::object();
  for (const auto& [name, limit] : resources["limits"].items()) {
    if (!requests.contains(name)) requests[name] = limit;
  }
}

void pod_level_huge_pages(Json& spec) {
  Json& resources = spec["resources"];
  if (View(resources)["limits"].empty() && View(resources)["requests"].empty()) return;
  Json limits = View(resources)["limits"].present() ? resources["limits"] : Json::object();
  for (const auto& [name, limit] : aggregate_containers(View(spec), ResourceSide::Limits)) {
    if (is_huge_page(name) && !View(resources)["requests"].has(name) && !limits.contains(name)) limits[name] = limit.text();
  }
  if (!limits.empty()) resources["limits"] = std::move(limits);
}

void pod_level_requests(Json& spec) {
  Json& resources = spec["resources"];
  if (View(resources)["limits"].empty()) return;
  Json requests = View(resources)["requests"].present() ? resources["requests"] : Json::object();
  for (const auto& [name, sum] : aggregate_containers(View(spec), ResourceSide::Requests)) {
    if (!requests.contains(name) && is_pod_level_resource(name) && is_overcommit_allowed(name)) requests[name] = sum.text();
  }
  for (const auto& [name, limit] : resources["limits"].items()) {
    if (!requests.contains(name) && is_pod_level_resource(name)) requests[name] = limit;
  }
  if (!requests.empty()) resources["requests"] = std::move(requests);
}

void pod(Json& object) {
  Json& spec = object["spec"];
  for (const char* kind : {"containers", "initContainers"}) {
    if (!spec.contains(kind)) continue;
    for (Json& one : spec[kind]) requests_from_limits(one);
  }
  if (spec.contains("resources")) {
    pod_level_huge_pages(spec);
    pod_level_requests(spec);
  }
  default_nil(spec, "enableServiceLinks", true);
  if (!View(spec)["hostNetwork"].flag()) return;
  for (const char* kind : {"containers", "initContainers"}) {
    if (!spec.contains(kind)) continue;
    for (Json& one : spec[kind]) {
      if (!one.contains("ports")) continue;
      for (Json& port : one["ports"]) default_number(port, "hostPort", View(port)["containerPort"].number());
    }
  }
}

bool is_externally_accessible(const View& spec) {
  const std::string type = spec["type"].text();
  return type == "LoadBalancer" || type == "NodePort" || (type == "ClusterIP" && !spec["externalIPs"].empty());
}

void session_affinity(Json& spec) {
  default_text(spec, "sessionAffinity", "None");
  constexpr std::int64_t kThreeHours = 10800;  // seconds, v1.DefaultClientIPServiceAffinitySeconds
  if (spec["sessionAffinity"] == "None") spec.erase("sessionAffinityConfig");
  if (spec["sessionAffinity"] == "ClientIP" && !View(spec).at("sessionAffinityConfig", "clientIP", "timeoutSeconds").present()) {
    spec["sessionAffinityConfig"] = {{"clientIP", {{"timeoutSeconds", kThreeHours}}}};
  }
}

void service(Json& object) {
  Json& spec = object["spec"];
  session_affinity(spec);
  default_text(spec, "type", "ClusterIP");
  if (spec.contains("ports")) {
    for (Json& port : spec["ports"]) {
      default_text(port, "protocol", "TCP");
      const View target = View(port)["targetPort"];
      if (!target.present() || target.json() == 0 || target.json() == "") port["targetPort"] = View(port)["port"].number();
    }
  }
  if (is_externally_accessible(View(spec))) default_text(spec, "externalTrafficPolicy", "Cluster");
  const std::string type = View(spec)["type"].text();
  if (type == "NodePort" || type == "LoadBalancer" || type == "ClusterIP") default_nil(spec, "internalTrafficPolicy", "Cluster");
  if (type != "LoadBalancer") return;
  default_nil(spec, "allocateLoadBalancerNodePorts", true);
  Json& balancer = object["status"]["loadBalancer"];
  if (!balancer.contains("ingress")) return;
  for (Json& ingress : balancer["ingress"]) {
    if (!View(ingress)["ip"].text().empty()) default_nil(ingress, "ipMode", "VIP");
  }
}

void copy_missing(const View& from, Json& to) {
  for (const auto& [name, value] : from.entries()) {
    if (!to.contains(name)) to[name] = value.json();
  }
}

void limit_range_item(Json& object) {
  if (View(object)["type"].text() != "Container") return;
  default_nil(object, "default", Json::object());
  default_nil(object, "defaultRequest", Json::object());
  copy_missing(View(object)["max"], object["default"]);
  copy_missing(View(object)["default"], object["defaultRequest"]);
  copy_missing(View(object)["min"], object["defaultRequest"]);
}

void namespace_labels(Json& object) {
  const std::string name = View(object).at("metadata", "name").text();
  if (!name.empty()) object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
}

void node_status(Json& object) {
  if (!object.contains("allocatable") && object.contains("capacity")) object["allocatable"] = object["capacity"];
}

void persistent_volume(Json& object) {
  default_text(object["status"], "phase", "Pending");
  default_text(object["spec"], "persistentVolumeReclaimPolicy", "Retain");
  default_nil(object["spec"], "volumeMode", "Filesystem");
}

void replication_controller(Json& object) {
  Json& spec = object["spec"];
  default_nil(spec, "replicas", 1);
  const View labels = View(spec).at("template", "metadata", "labels");
  if (!labels.present()) return;
  if (View(spec)["selector"].empty()) spec["selector"] = labels.json();
  if (View(object).at("metadata", "labels").empty()) object["metadata"]["labels"] = View(spec).at("template", "metadata", "labels").json();
}

void network_policy(Json& object) {
  Json& spec = object["spec"];
  if (!View(spec)["policyTypes"].empty()) return;
  spec["policyTypes"] = Json::array({"Ingress"});
  if (!View(spec)["egress"].empty()) spec["policyTypes"].push_back("Egress");
}

void rados_block_device(Json& object) {
  default_text(object, "pool", "rbd");
  default_text(object, "user", "admin");
  default_text(object, "keyring", "/etc/ceph/keyring");
}

void azure_disk(Json& object) {
  default_nil(object, "cachingMode", "ReadWrite");
  default_nil(object, "kind", "Shared");
  default_nil(object, "fsType", "ext4");
  default_nil(object, "readOnly", false);
}

void csi_driver_spec(Json& object) {
  default_nil(object, "attachRequired", true);
  default_nil(object, "podInfoOnMount", false);
  default_nil(object, "storageCapacity", false);
  default_nil(object, "fsGroupPolicy", "ReadWriteOnceWithFSType");
  if (View(object)["volumeLifecycleModes"].empty()) object["volumeLifecycleModes"] = Json::array({"Persistent"});
  default_nil(object, "requiresRepublish", false);
  default_nil(object, "seLinuxMount", false);
}

void endpoint_subset(Json& object) {
  if (!object.contains("ports")) return;
  for (Json& port : object["ports"]) default_text(port, "protocol", "TCP");
}

const std::map<std::string_view, DefaultFunction>& table() {
  static const std::map<std::string_view, DefaultFunction> kTable = {
      {"core/v1.Pod", pod},
      {"core/v1.PodSpec", pod_spec},
      {"core/v1.Container", container},
      {"core/v1.EphemeralContainer", container},
      {"core/v1.ContainerPort", container_port},
      {"core/v1.FileKeySelector", file_key_selector},
      {"core/v1.Probe", probe},
      {"core/v1.HTTPGetAction", http_get},
      {"core/v1.GRPCAction", [](Json& object) { default_nil(object, "service", ""); }},
      {"core/v1.Volume", volume},
      {"core/v1.HostPathVolumeSource", [](Json& object) { default_nil(object, "type", ""); }},
      {"core/v1.SecretVolumeSource", default_mode},
      {"core/v1.ConfigMapVolumeSource", default_mode},
      {"core/v1.DownwardAPIVolumeSource", default_mode},
      {"core/v1.ProjectedVolumeSource", default_mode},
      {"core/v1.ServiceAccountTokenProjection", [](Json& object) { default_nil(object, "expirationSeconds", 3600); }},
      {"core/v1.ISCSIVolumeSource", [](Json& object) { default_text(object, "iscsiInterface", "default"); }},
      {"core/v1.ISCSIPersistentVolumeSource", [](Json& object) { default_text(object, "iscsiInterface", "default"); }},
      {"core/v1.RBDVolumeSource", rados_block_device},
      {"core/v1.RBDPersistentVolumeSource", rados_block_device},
      {"core/v1.AzureDiskVolumeSource", azure_disk},
      {"core/v1.ScaleIOVolumeSource",
       [](Json& object) { default_text(object, "storageMode", "ThinProvisioned"); default_text(object, "fsType", "xfs"); }},
      {"core/v1.ScaleIOPersistentVolumeSource",
       [](Json& object) { default_text(object, "storageMode", "ThinProvisioned"); default_text(object, "fsType", "xfs"); }},
      {"core/v1.ObjectFieldSelector", [](Json& object) { default_text(object, "apiVersion", "v1"); }},
      {"core/v1.Service", service},
      {"core/v1.EndpointSubset", endpoint_subset},
      {"core/v1.Secret", [](Json& object) { default_text(object, "type", "Opaque"); }},
      {"core/v1.LimitRangeItem", limit_range_item},
      {"core/v1.Namespace", namespace_labels},
      {"core/v1.NamespaceStatus", [](Json& object) { default_text(object, "phase", "Active"); }},
      {"core/v1.NodeStatus", node_status},
      {"core/v1.PersistentVolume", persistent_volume},
      {"core/v1.PersistentVolumeClaim", [](Json& object) { default_text(object["status"], "phase", "Pending"); }},
      {"core/v1.PersistentVolumeClaimSpec", [](Json& object) { default_nil(object, "volumeMode", "Filesystem"); }},
      {"core/v1.ReplicationController", replication_controller},
      {"networking/v1.NetworkPolicy", network_policy},
      {"networking/v1.NetworkPolicyPort", [](Json& object) { default_nil(object, "protocol", "TCP"); }},
      {"networking/v1.IngressClassParametersReference", [](Json& object) { default_nil(object, "scope", "Cluster"); }},
      {"scheduling/v1.PriorityClass", [](Json& object) { default_nil(object, "preemptionPolicy", "PreemptLowerPriority"); }},
      {"storage/v1.StorageClass",
       [](Json& object) { default_nil(object, "reclaimPolicy", "Delete"); default_nil(object, "volumeBindingMode", "Immediate"); }},
      {"storage/v1.CSIDriverSpec", csi_driver_spec},
  };
  return kTable;
}

}  // namespace

void default_text(Json& object, const char* name, std::string_view value) {
  if (View(object)[name].text().empty()) object[name] = value;
}
void default_number(Json& object, const char* name, std::int64_t value) {
  if (View(object)[name].number() == 0) object[name] = value;
}
void default_nil(Json& object, const char* name, Json value) {
  if (!View(object)[name].present()) object[name] = std::move(value);
}

Quantity rounded_to_milli(const Quantity& quantity) {
  const Quantity rounded = Quantity::of_milli(quantity.milli_value());
  // Beyond int64 milli_value wraps around; what is that large has no finer parts worth rounding.
  return rounded < quantity && quantity.sign() > 0 ? quantity : rounded == quantity ? quantity : rounded;
}

std::string_view image_pull_policy(std::string_view image) { return image_tag(image) == "latest" ? "Always" : "IfNotPresent"; }

DefaultFunction default_function(std::string_view type_id) {
  const auto found = table().find(type_id);
  return found != table().end() ? found->second : workload_default_function(type_id);
}

}  // namespace tandem::cluster::api
