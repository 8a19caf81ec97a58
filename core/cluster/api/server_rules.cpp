#include "core/cluster/api/server_rules.hpp"

#include <fmt/format.h>

#include <map>

#include "core/cluster/api/defaulting.hpp"
#include "core/cluster/api/preparation.hpp"
#include "core/cluster/api/rules.hpp"
#include "core/cluster/api/warnings.hpp"

namespace tandem::cluster::api {

namespace {

using KindRule = void (*)(FieldErrors& errors, const View& object, const View& old);

void check_pod(FieldErrors& errors, const View& object, const View& old) {
  if (old.present()) {
    check_pod_update(errors, object, old);
  } else {
    check_pod_create(errors, object);
  }
}

const std::map<std::string, KindRule>& kind_rules() {
  static const std::map<std::string, KindRule> kRules = {
      {"Pod", check_pod},
      {"Deployment", check_deployment},
      {"ReplicaSet", check_replica_set},
      {"DaemonSet", check_daemon_set},
      {"StatefulSet", check_stateful_set},
      {"ReplicationController", check_replication_controller},
      {"Job", check_job},
      {"CronJob", check_cron_job},
      {"HorizontalPodAutoscaler", check_autoscaler},
      {"PodDisruptionBudget", check_disruption_budget},
      {"PriorityClass", check_priority_class},
      {"Service", check_service},
      {"Ingress", check_ingress},
      {"IngressClass", check_ingress_class},
      {"NetworkPolicy", check_network_policy},
      {"PersistentVolume", check_persistent_volume},
      {"PersistentVolumeClaim", check_claim},
      {"StorageClass", check_storage_class},
      {"Node", check_node},
      {"ConfigMap", check_config_map},
      {"Secret", check_secret},
      {"Namespace", check_namespace},
      {"ServiceAccount", check_service_account},
      {"LimitRange", check_limit_range},
      {"ResourceQuota", check_resource_quota},
  };
  return kRules;
}

std::string invalid_message(const Json& manifest, const Json& object, const FieldErrors& errors) {
  const std::string api_version = View(manifest)["apiVersion"].text();
  const std::size_t slash = api_version.find('/');
  const std::string group = slash == std::string::npos ? "" : "." + api_version.substr(0, slash);
  return fmt::format("{}{} {} is invalid: {}", View(manifest)["kind"].text(), group, go_quote(View(object).at("metadata", "name").text()), errors.aggregate());
}

void fill_metadata(Json& object, const std::string& kind, const SystemFields& system) {
  Json& meta = object["metadata"];
  if (meta.is_null()) meta = Json::object();
  if (is_cluster_scoped(kind)) {
    meta.erase("namespace");
  } else if (View(meta)["namespace"].text().empty()) {
    meta["namespace"] = system.default_namespace;
  }
  if (View(meta)["name"].text().empty() && !View(meta)["generateName"].text().empty()) {
    meta["name"] = fmt::format("{}{}", View(meta)["generateName"].text(), system.name_suffix);
  }
  meta["creationTimestamp"] = system.now;
  if (!system.uid.empty()) meta["uid"] = system.uid;
}

/// As the storage layer does before the strategy sees a Service.
void fill_cluster_ips(Json& object) {
  const View spec = View(object)["spec"];
  if (!spec["clusterIP"].text().empty() && spec["clusterIPs"].empty()) object["spec"]["clusterIPs"] = Json::array({spec["clusterIP"].text()});
}

struct Read {
  Json object;
  const KindType* kind = nullptr;
};

/// Decodes and defaults; nothing if the manifest cannot be read or has no rules here (both noted in the answer).
std::optional<Read> read(const Json& manifest, Answer& answer) {
  Decoded decoded = decode(manifest);
  if (decoded.error) {
    answer.decode_error = std::move(decoded.error);
    answer.decode_path = std::move(decoded.error_path);
    return std::nullopt;
  }
  answer.unknown_fields = std::move(decoded.unknown_fields);
  if (decoded.kind->structure == nullptr || !kind_rules().contains(decoded.kind->kind)) {
    answer.is_known_kind = false;
    answer.defaulted = decoded.object;
    answer.stored = std::move(decoded.object);
    return std::nullopt;
  }
  apply_defaults(decoded.object, *decoded.kind->structure);
  answer.defaulted = to_wire(decoded.object, *decoded.kind->structure);
  to_internal(decoded.object, decoded.kind->api_version, decoded.kind->kind);
  if (decoded.kind->kind == "Service") fill_cluster_ips(decoded.object);
  return Read{std::move(decoded.object), decoded.kind};
}

void store(Json& object, const KindType& kind, Answer& answer) {
  from_internal(object, kind.api_version, kind.kind);
  answer.stored = to_wire(object, *kind.structure);
}

}  // namespace

Answer create(const Json& manifest, const SystemFields& system) {
  Answer answer;
  std::optional<Read> object = read(manifest, answer);
  if (!object) return answer;
  const std::string& kind = object->kind->kind;
  fill_metadata(object->object, kind, system);
  prepare_for_create(object->object, kind, system.now);
  add_preparation_warnings(answer.warnings, object->object, kind);
  kind_rules().at(kind)(answer.errors, View(object->object), {});
  if (answer.errors.empty()) check_generic_meta(answer.errors, View(object->object)["metadata"], !is_cluster_scoped(kind), name_is_path_segment);
  if (!answer.errors.empty()) {
    answer.message = invalid_message(manifest, object->object, answer.errors);
    return answer;
  }
  add_warnings(answer.warnings, View(object->object), kind);
  if (kind == "Namespace") object->object["metadata"]["labels"]["kubernetes.io/metadata.name"] = View(object->object).at("metadata", "name").text();
  store(object->object, *object->kind, answer);
  return answer;
}

Answer update(const Json& manifest, const Json& old) {
  Answer answer;
  std::optional<Read> object = read(manifest, answer);
  Answer of_old;
  const std::optional<Read> before = read(old, of_old);
  if (!object || !before) return answer;
  const std::string& kind = object->kind->kind;
  Json& meta = object->object["metadata"];
  const View old_meta = View(before->object)["metadata"];
  if (is_cluster_scoped(kind)) {
    meta.erase("namespace");
  } else if (View(meta)["namespace"].text().empty() && old_meta.has("namespace")) {
    meta["namespace"] = old_meta["namespace"].text();
  } else if (View(meta)["namespace"].text() != old_meta["namespace"].text()) {
    answer.bad_request = "the namespace of the provided object does not match the namespace sent on the request";
    answer.message = answer.bad_request;
    return answer;
  }
  prepare_for_update(object->object, before->object, *object->kind);
  if (View(meta)["uid"].text().empty() && old_meta.has("uid")) meta["uid"] = old_meta["uid"].text();
  for (const char* field : {"creationTimestamp", "deletionTimestamp"}) {
    if (old_meta.has(field)) meta[field] = old_meta[field].json();
  }
  if (old_meta.has("deletionGracePeriodSeconds") && !View(meta).has("deletionGracePeriodSeconds")) {
    meta["deletionGracePeriodSeconds"] = old_meta["deletionGracePeriodSeconds"].json();
  }
  check_generic_meta(answer.errors, View(meta), !is_cluster_scoped(kind), name_is_path_segment);
  check_object_meta_update(answer.errors, View(meta), old_meta, false);
  kind_rules().at(kind)(answer.errors, View(object->object), View(before->object));
  if (!answer.errors.empty()) {
    answer.message = invalid_message(manifest, object->object, answer.errors);
    return answer;
  }
  add_update_warnings(answer.warnings, View(object->object), View(before->object), kind);
  store(object->object, *object->kind, answer);
  return answer;
}

}  // namespace tandem::cluster::api
