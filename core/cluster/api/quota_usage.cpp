// pkg/quota/v1/evaluator/core: what pods, services and claims count for; anything else counts as one object.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/parse.hpp"
#include "core/cluster/api/limits.hpp"
#include "core/cluster/api/text_rules.hpp"
#include "core/cluster/api/wire_scalars.hpp"

namespace tandem::cluster::api {

namespace {

const Quantity kOne = Quantity::of_value(1);

void count_compute(ResourceList& usage, const ResourceList& requests, const ResourceList& limits) {
  for (const auto& [name, quantity] : requests) {
    const bool standard = name == "cpu" || name == "memory" || name == "ephemeral-storage";
    if (standard || is_huge_page(name)) usage[name] = quantity;
    if (standard || is_huge_page(name) || is_extended_resource(name)) usage[fmt::format("requests.{}", name)] = quantity;
  }
  for (const auto& [name, quantity] : limits) {
    if (name == "cpu" || name == "memory" || name == "ephemeral-storage") usage[fmt::format("limits.{}", name)] = quantity;
  }
}

bool counts_no_more(const View& pod, std::int64_t now_seconds) {
  const std::string phase = pod.at("status", "phase").text();
  if (phase == "Failed" || phase == "Succeeded") return true;
  const View deleted = pod.at("metadata", "deletionTimestamp");
  const View grace = pod.at("metadata", "deletionGracePeriodSeconds");
  if (!deleted.present() || !grace.present()) return false;
  return now_seconds > seconds_of_time(deleted.text()) + grace.number();
}

ResourceList pod_usage(const View& pod, std::int64_t now_seconds) {
  ResourceList usage{{"count/pods", kOne}};
  if (counts_no_more(pod, now_seconds)) return usage;
  usage.emplace("pods", kOne);
  count_compute(usage, pod_resources(pod["spec"], ResourceSide::Requests), pod_resources(pod["spec"], ResourceSide::Limits));
  return usage;
}

ResourceList service_usage(const View& service) {
  const View spec = service["spec"];
  const std::string type = spec["type"].text();
  std::int64_t node_ports = 0;
  const View allocate = spec["allocateLoadBalancerNodePorts"];
  if (type == "LoadBalancer" && allocate.present() && !allocate.flag()) {
    for (const View& port : spec["ports"].items()) node_ports += port["nodePort"].number() != 0 ? 1 : 0;
  } else if (type == "NodePort" || type == "LoadBalancer") {
    node_ports = static_cast<std::int64_t>(spec["ports"].size());
  }
  return {{"count/services", kOne},
          {"services", kOne},
          {"services.loadbalancers", Quantity::of_value(type == "LoadBalancer" ? 1 : 0)},
          {"services.nodeports", Quantity::of_value(node_ports)}};
}

ResourceList claim_usage(const View& claim) {
  ResourceList usage{{"count/persistentvolumeclaims", kOne}, {"persistentvolumeclaims", kOne}};
  const View beta = claim.at("metadata", "annotations")["volume.beta.kubernetes.io/storage-class"];
  const std::string storage_class = beta.present() ? beta.text() : claim.at("spec", "storageClassName").text();
  const std::string suffix = storage_class.empty() ? "" : fmt::format("{}.storageclass.storage.k8s.io/", storage_class);
  if (!suffix.empty()) usage[suffix + "persistentvolumeclaims"] = kOne;
  const View request = claim.at("spec", "resources", "requests", "storage");
  if (!request.present()) return usage;
  Quantity storage = quantity_of(request).rounded_up();
  if (const View allocated = claim.at("status", "allocatedResources", "storage"); allocated.present() && quantity_of(allocated) > storage) {
    storage = quantity_of(allocated).rounded_up();
  }
  usage["requests.storage"] = storage;
  if (!suffix.empty()) usage[suffix + "requests.storage"] = storage;
  return usage;
}

std::string plural(std::string_view kind) {
  const std::string name = lower(kind);
  if (name.ends_with("ss")) return name + "es";
  if (name.ends_with("cy")) return name.substr(0, name.size() - 1) + "ies";
  return name + "s";
}

ResourceList object_usage(const View& object, std::string_view kind) {
  static const std::set<std::string_view> kAliased = {"ConfigMap", "ResourceQuota", "ReplicationController", "Secret"};
  const std::string api_version = object["apiVersion"].text();
  const std::size_t slash = api_version.find('/');
  const std::string group = slash == std::string::npos ? "" : "." + api_version.substr(0, slash);
  ResourceList usage{{fmt::format("count/{}{}", plural(kind), group), kOne}};
  if (kAliased.contains(kind)) usage[plural(kind)] = kOne;
  return usage;
}

bool is_cross_namespace(const View& term) { return !term["namespaces"].empty() || term["namespaceSelector"].present(); }

bool uses_cross_namespace_affinity(const View& spec) {
  for (const char* kind : {"podAffinity", "podAntiAffinity"}) {
    const View affinity = spec["affinity"][kind];
    for (const View& term : affinity["requiredDuringSchedulingIgnoredDuringExecution"].items()) {
      if (is_cross_namespace(term)) return true;
    }
    for (const View& term : affinity["preferredDuringSchedulingIgnoredDuringExecution"].items()) {
      if (is_cross_namespace(term["podAffinityTerm"])) return true;
    }
  }
  return false;
}

bool value_matches(const View& requirement, const std::string& value) {
  const std::string op = requirement["operator"].text();
  const bool listed = !value.empty() && contains(requirement["values"].texts(), value);
  if (op == "In") return listed;
  if (op == "NotIn") return !listed;
  return op == "Exists" ? !value.empty() : op == "DoesNotExist" && value.empty();
}

}  // namespace

ResourceList quota_usage(const View& object, std::string_view kind, std::int64_t now_seconds) {
  if (kind == "Pod") return pod_usage(object, now_seconds);
  if (kind == "Service") return service_usage(object);
  if (kind == "PersistentVolumeClaim") return claim_usage(object);
  return object_usage(object, kind);
}

bool quota_scope_matches(const View& object, std::string_view kind, const View& requirement) {
  const std::string scope = requirement["scopeName"].text();
  const View spec = object["spec"];
  if (kind == "PersistentVolumeClaim") return scope == "VolumeAttributesClass" && value_matches(requirement, spec["volumeAttributesClassName"].text());
  if (kind != "Pod") return false;
  const View deadline = spec["activeDeadlineSeconds"];
  const bool terminating = deadline.present() && deadline.number() >= 0;
  if (scope == "Terminating") return terminating;
  if (scope == "NotTerminating") return !terminating;
  if (scope == "BestEffort") return quality_of_service(spec) == "BestEffort";
  if (scope == "NotBestEffort") return quality_of_service(spec) != "BestEffort";
  if (scope == "PriorityClass") return value_matches(requirement, spec["priorityClassName"].text());
  return scope == "CrossNamespacePodAffinity" && uses_cross_namespace_affinity(spec);
}

std::vector<std::string> quota_scopes(const View& object, std::string_view kind) {
  std::vector<std::string> scopes;
  for (const char* scope : {"BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating", "VolumeAttributesClass"}) {
    const Json requirement = {{"scopeName", scope}, {"operator", "Exists"}};
    if (quota_scope_matches(object, kind, View(requirement))) scopes.emplace_back(scope);
  }
  return scopes;
}

std::optional<std::string> quota_constraint(const View& object, std::string_view kind, const std::vector<std::string>& resources) {
  static const std::set<std::string_view> kRequired = {"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"};
  if (kind != "Pod") return std::nullopt;
  const View spec = object["spec"];
  for (const char* side : {"requests", "limits"}) {
    for (const auto& [name, value] : spec["resources"][side].entries()) {
      if (is_pod_level_resource(name)) return std::nullopt;
    }
  }
  std::map<std::string, std::set<std::string>> missing;
  for (const char* containers : {"containers", "initContainers"}) {
    for (const View& container : spec[containers].items()) {
      ResourceList usage;
      count_compute(usage, resource_list(container["resources"]["requests"]), resource_list(container["resources"]["limits"]));
      for (const std::string& resource : resources) {
        if (kRequired.contains(resource) && !usage.contains(resource)) missing[resource].insert(container["name"].text());
      }
    }
  }
  if (missing.empty()) return std::nullopt;
  std::string list;
  for (const auto& [resource, names] : missing) list = fmt::format("{}{}{} for: {}", list, list.empty() ? "" : "; ", resource, fmt::join(names, ","));
  return fmt::format("must specify {}", list);
}

}  // namespace tandem::cluster::api
