#include "core/cluster/api/warnings.hpp"

#include <fmt/format.h>

#include "core/cluster/api/rules.hpp"
#include "core/cluster/api/wire_scalars.hpp"

namespace tandem::cluster::api {

namespace {

void add_host_name_warning(Warnings& warnings, const View& object, std::string_view use) {
  const Messages messages = dns1123_label_errors(object.at("metadata", "name").text());
  if (messages.empty()) return;
  warnings.push_back(fmt::format("metadata.name: this is used in {}, which can result in surprising behavior; a DNS label is recommended: {}", use, go_list(messages)));
}

void add_template_warnings(Warnings& warnings, const View& pod_template, const FieldPath& path) {
  add_pod_warnings(warnings, pod_template["metadata"], pod_template["spec"], path, true);
}

void add_job_warnings(Warnings& warnings, const View& spec, const FieldPath& path) {
  if (spec["completionMode"].text() == "Indexed" && spec["completions"].number() > 100000 && spec["parallelism"].number() > 10000) {
    warnings.push_back(fmt::format("{}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be "
                                   "able to track completedIndexes when a big number of indexes fail",
                                   path.text()));
  }
  add_template_warnings(warnings, spec["template"], path / "template");
}

void add_claim_spec_warnings(Warnings& warnings, const View& spec, const FieldPath& path) {
  add_fraction_warning(warnings, spec.at("resources", "requests"), "storage", path / "resources" / "requests");
  add_fraction_warning(warnings, spec.at("resources", "limits"), "storage", path / "resources" / "limits");
}

void add_stateful_warnings(Warnings& warnings, const View& spec, const char* claim_part) {
  std::size_t i = 0;
  for (const View& claim : spec["volumeClaimTemplates"].items()) {
    const FieldPath at = FieldPath("spec.volumeClaimTemplates").index(i++);
    add_claim_spec_warnings(warnings, claim["spec"], claim_part == nullptr ? at : at / claim_part);
  }
  if (spec["revisionHistoryLimit"].number() < 0) {
    warnings.emplace_back("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended");
  }
}

void add_service_warnings(Warnings& warnings, const View& object) {
  const View spec = object["spec"];
  const std::string type = spec["type"].text();
  const std::string address = spec["clusterIP"].text();
  if (object.at("metadata", "annotations").has("service.kubernetes.io/topology-aware-hints")) {
    warnings.emplace_back("annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead");
  }
  std::size_t i = 0;
  if (!address.empty() && address != "None") {
    for (const std::string& one : spec["clusterIPs"].texts()) add_ip_warnings(warnings, one, FieldPath("spec.clusterIPs").index(i++));
  }
  if (type == "ClusterIP" && address == "None") {
    if (!spec["loadBalancerIP"].text().empty()) warnings.emplace_back("spec.loadBalancerIP is ignored for headless services");
    if (!spec["externalIPs"].empty()) warnings.emplace_back("spec.externalIPs is ignored for headless services");
    if (spec["sessionAffinity"].text() != "None") warnings.emplace_back("spec.SessionAffinity is ignored for headless services");
  }
  i = 0;
  for (const std::string& one : spec["externalIPs"].texts()) add_ip_warnings(warnings, one, FieldPath("spec.externalIPs").index(i++));
  if (const std::string balancer = spec["loadBalancerIP"].text(); !balancer.empty()) add_ip_warnings(warnings, balancer, "spec.loadBalancerIP");
  i = 0;
  for (const std::string& one : spec["loadBalancerSourceRanges"].texts()) add_cidr_warnings(warnings, one, FieldPath("spec.loadBalancerSourceRanges").index(i++));
  if (type == "ExternalName" && !spec["externalIPs"].empty()) warnings.emplace_back("spec.externalIPs is ignored when spec.type is \"ExternalName\"");
  if (type != "ExternalName" && !spec["externalName"].text().empty()) warnings.emplace_back("spec.externalName is ignored when spec.type is not \"ExternalName\"");
}

void add_secret_warnings(Warnings& warnings, const View& object) {
  if (object["type"].text() != "kubernetes.io/tls") return;
  for (const auto& [key, words] : {std::pair("tls.crt", "certificate"), std::pair("tls.key", "key")}) {
    if (base64_decoded(object["data"][key].text()).find("-----BEGIN ") == std::string::npos) {
      warnings.push_back(fmt::format("tls: failed to find any PEM data in {} input", words));
      return;
    }
  }
}

void add_policy_warnings(Warnings& warnings, const View& object) {
  for (const auto& [direction, peers] : {std::pair("ingress", "from"), std::pair("egress", "to")}) {
    std::size_t i = 0;
    for (const View& rule : object["spec"][direction].items()) {
      const FieldPath at = (FieldPath("spec") / direction).index(i++) / peers;
      std::size_t j = 0;
      for (const View& peer : rule[peers].items()) {
        const FieldPath block = at.index(j++) / "ipBlock";
        if (!peer.has("ipBlock")) continue;
        add_cidr_warnings(warnings, peer["ipBlock"]["cidr"].text(), block / "cidr");
        std::size_t k = 0;
        for (const std::string& text : peer["ipBlock"]["except"].texts()) add_cidr_warnings(warnings, text, (block / "except").index(k++));
      }
    }
  }
}

void add_volume_object_warnings(Warnings& warnings, const View& object) {
  const View spec = object["spec"];
  const View annotations = object.at("metadata", "annotations");
  for (const auto& [key, text] : {std::pair("volume.beta.kubernetes.io/storage-class", "deprecated since v1.8; use \"storageClassName\" attribute instead"),
                                  std::pair("volume.beta.kubernetes.io/mount-options", "deprecated since v1.31; use \"mountOptions\" attribute instead")}) {
    if (annotations.has(key)) warnings.push_back(fmt::format("metadata.annotations[{}]: {}", key, text));
  }
  if (spec["persistentVolumeReclaimPolicy"].text() == "Recycle") {
    warnings.emplace_back("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.");
  }
  std::size_t i = 0;
  for (const View& term : spec.at("nodeAffinity", "required", "nodeSelectorTerms").items()) {
    add_node_term_warnings(warnings, term, false, FieldPath("spec.nodeAffinity.required.nodeSelectorTerms").index(i++));
  }
  for (const auto& [field, name, text] : {std::tuple("cephfs", "cephfs", "v1.28, non-functional in v1.31+"), std::tuple("photonPersistentDisk", "photonPersistentDisk", "v1.11, non-functional in v1.16+"),
                                          std::tuple("scaleIO", "scaleIO", "v1.16, non-functional in v1.22+"), std::tuple("storageos", "storageOS", "v1.22, non-functional in v1.25+"),
                                          std::tuple("glusterfs", "glusterfs", "v1.25, non-functional in v1.26+"), std::tuple("rbd", "rbd", "v1.28, non-functional in v1.31+")}) {
    if (spec.has(field)) warnings.push_back(fmt::format("spec.{}: deprecated in {}", name, text));
  }
}

void add_storage_class_warnings(Warnings& warnings, const View& object) {
  std::size_t i = 0;
  for (const View& term : object["allowedTopologies"].items()) {
    const FieldPath at = FieldPath("allowedTopologies").index(i++) / "matchLabelExpressions";
    std::size_t j = 0;
    for (const View& expression : term["matchLabelExpressions"].items()) add_label_warning(warnings, expression["key"].text(), at.index(j++) / "key", false);
  }
}

/// Kinds whose warnings do not depend on whether the object is new.
void add_lasting_warnings(Warnings& warnings, const View& object, std::string_view kind) {
  if (kind == "Service") add_service_warnings(warnings, object);
  if (kind == "Secret") add_secret_warnings(warnings, object);
  if (kind == "NetworkPolicy") add_policy_warnings(warnings, object);
  if (kind == "PersistentVolume") add_volume_object_warnings(warnings, object);
  if (kind == "StorageClass") add_storage_class_warnings(warnings, object);
  if (kind == "PersistentVolumeClaim") {
    constexpr const char* kClass = "volume.beta.kubernetes.io/storage-class";
    if (object.at("metadata", "annotations").has(kClass)) {
      warnings.push_back(fmt::format("metadata.annotations[{}]: deprecated since v1.8; use \"storageClassName\" attribute instead", kClass));
    }
    add_claim_spec_warnings(warnings, object["spec"], "spec");
  }
  if (kind == "Node") {
    if (!object.at("spec", "externalID").text().empty()) warnings.emplace_back("spec.externalID: this field is deprecated, and is unused by Kubernetes");
    std::size_t i = 0;
    for (const std::string& text : object.at("spec", "podCIDRs").texts()) add_cidr_warnings(warnings, text, FieldPath("spec.podCIDRs").index(i++));
  }
}

void add_workload_warnings(Warnings& warnings, const View& object, std::string_view kind) {
  const View spec = object["spec"];
  if (kind == "Deployment" || kind == "ReplicaSet" || kind == "StatefulSet" || kind == "DaemonSet" || kind == "ReplicationController") {
    add_template_warnings(warnings, spec["template"], "spec.template");
  }
  if (kind == "Job") add_job_warnings(warnings, spec, "spec");
  if (kind == "CronJob") add_job_warnings(warnings, spec.at("jobTemplate", "spec"), "spec.jobTemplate.spec");
}

}  // namespace

void add_preparation_warnings(Warnings& warnings, Json& object, std::string_view kind) {
  if (kind != "Pod" || View(object).at("spec", "os", "name").text() == "windows") return;
  const Json copy = object;
  const View annotations = View(copy).at("metadata", "annotations");
  const View of_pod = View(copy).at("spec", "securityContext", "appArmorProfile");
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    if (!object["spec"].contains(list)) continue;
    for (Json& container : object["spec"][list]) {
      const std::string key = fmt::format("container.apparmor.security.beta.kubernetes.io/{}", View(container)["name"].text());
      const View annotation = annotations[key];
      if (!annotation.present() || View(container).at("securityContext", "appArmorProfile").present()) continue;
      const std::string text = annotation.text();
      Json profile;
      constexpr std::string_view kLocal = "localhost/";
      if (text == "unconfined") profile = {{"type", "Unconfined"}};
      if (text == "runtime/default") profile = {{"type", "RuntimeDefault"}};
      if (text.starts_with(kLocal) && text.size() > kLocal.size()) profile = {{"type", "Localhost"}, {"localhostProfile", text.substr(kLocal.size())}};
      if (!profile.is_null() && semantically_equal(profile, of_pod.json())) continue;
      if (!profile.is_null()) container["securityContext"]["appArmorProfile"] = std::move(profile);
      warnings.push_back(fmt::format("metadata.annotations[{}]: deprecated since v1.30; use the \"appArmorProfile\" field instead", key));
    }
  }
}

void add_warnings(Warnings& warnings, const View& object, std::string_view kind) {
  if (kind == "Pod") {
    add_host_name_warning(warnings, object, "the Pod's hostname");
    add_pod_warnings(warnings, object["metadata"], object["spec"], "", false);
  }
  if (kind == "Deployment" || kind == "ReplicaSet" || kind == "Job" || kind == "CronJob" || kind == "ReplicationController") {
    add_host_name_warning(warnings, object, "Pod names and hostnames");
  }
  add_workload_warnings(warnings, object, kind);
  if (kind == "StatefulSet") add_stateful_warnings(warnings, object["spec"], nullptr);
  if (kind == "Ingress" && object.at("metadata", "annotations").has("kubernetes.io/ingress.class") && !object.at("spec", "ingressClassName").present()) {
    warnings.emplace_back("annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead");
  }
  if (kind == "ServiceAccount" && object.at("metadata", "annotations").has("kubernetes.io/enforce-mountable-secrets")) {
    warnings.emplace_back("metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets");
  }
  add_lasting_warnings(warnings, object, kind);
}

void add_update_warnings(Warnings& warnings, const View& object, const View& old, std::string_view kind) {
  const bool counted = object.at("metadata", "generation").number() != old.at("metadata", "generation").number();
  if (counted && (kind != "DaemonSet" || !(object.at("spec", "template") == old.at("spec", "template")))) add_workload_warnings(warnings, object, kind);
  if (kind == "StatefulSet") add_stateful_warnings(warnings, object["spec"], "Spec");
  if (kind == "CronJob" && object.at("spec", "schedule").text().find("TZ") != std::string::npos) {
    warnings.emplace_back("cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details");
  }
  add_lasting_warnings(warnings, object, kind);
}

}  // namespace tandem::cluster::api
