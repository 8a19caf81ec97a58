#include "core/cluster/api/resources.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

#include "core/cluster/api/text_rules.hpp"

namespace tandem::cluster::api {

namespace {

using Names = std::set<std::string, std::less<>>;

const Names& quota_resources() {
  static const Names kNames = {"cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage", "requests.ephemeral-storage",
                               "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas", "services", "replicationcontrollers",
                               "secrets", "persistentvolumeclaims", "configmaps", "services.nodeports", "services.loadbalancers"};
  return kNames;
}

bool is_quota_huge_page(std::string_view name) { return is_huge_page(name) || name.starts_with("requests.hugepages-"); }
bool is_sidecar(const View& container) { return container["restartPolicy"].text() == "Always"; }
std::string_view name_of(ResourceSide side) { return side == ResourceSide::Requests ? "requests" : "limits"; }
bool is_compute(std::string_view name) { return name == "cpu" || name == "memory"; }

void add_positive(ResourceList& list, const ResourceList& more) {
  for (const auto& [name, quantity] : more) {
    if (is_compute(name) && quantity.sign() > 0) add_resources(list, {{name, quantity}});
  }
}

bool limits_cpu_and_memory(const ResourceList& limits) {
  const auto positive = [&](const char* name) {
    const auto found = limits.find(name);
    return found != limits.end() && found->second.sign() > 0;
  };
  return positive("cpu") && positive("memory");
}

}  // namespace

Quantity quantity_of(const View& value) {
  if (!value.is_text()) return {};
  const Result<Quantity> parsed = Quantity::parse(value.text());
  return parsed ? *parsed : Quantity();
}

ResourceList resource_list(const View& map) {
  ResourceList list;
  for (const auto& [name, value] : map.entries()) list.emplace(name, quantity_of(value));
  return list;
}

Json resource_json(const ResourceList& list) {
  Json json = Json::object();
  for (const auto& [name, quantity] : list) json[name] = quantity.text();
  return json;
}

bool is_huge_page(std::string_view name) { return name.starts_with("hugepages-"); }
bool is_native_resource(std::string_view name) {
  return name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos;
}
bool is_extended_resource(std::string_view name) {
  if (is_native_resource(name) || name.starts_with("requests.")) return false;
  return qualified_name_errors(fmt::format("requests.{}", name)).empty();
}
bool is_overcommit_allowed(std::string_view name) { return is_native_resource(name) && !is_huge_page(name); }
bool is_standard_resource(std::string_view name) { return name == "storage" || quota_resources().contains(name) || is_quota_huge_page(name); }
bool is_standard_container_resource(std::string_view name) {
  return is_compute(name) || name == "ephemeral-storage" || is_huge_page(name);
}
bool is_standard_quota_resource(std::string_view name) { return quota_resources().contains(name) || is_quota_huge_page(name); }
bool is_integer_resource(std::string_view name) {
  static const Names kWhole = {"pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims",
                               "services.nodeports", "services.loadbalancers"};
  return kWhole.contains(name) || is_extended_resource(name);
}
bool is_pod_level_resource(std::string_view name) { return is_compute(name) || is_huge_page(name); }

bool is_huge_page_multiple(std::string_view name, const Quantity& quantity) {
  const Result<Quantity> page = Quantity::parse(name.substr(std::string_view("hugepages-").size()));
  if (!page || page->sign() <= 0 || page->milli_value() % 1000 != 0) return false;
  return quantity.value() % page->value() == 0;
}

void add_resources(ResourceList& list, const ResourceList& more) {
  for (const auto& [name, quantity] : more) {
    const auto [entry, fresh] = list.try_emplace(name, quantity);
    if (!fresh) entry->second = entry->second + quantity;
  }
}

void max_resources(ResourceList& list, const ResourceList& more) {
  for (const auto& [name, quantity] : more) {
    const auto [entry, fresh] = list.try_emplace(name, quantity);
    if (!fresh && quantity > entry->second) entry->second = quantity;
  }
}

ResourceList aggregate_containers(const View& pod_spec, ResourceSide side) {
  ResourceList sum;
  for (const View& container : pod_spec["containers"].items()) add_resources(sum, resource_list(container["resources"][name_of(side)]));
  ResourceList sidecars;
  ResourceList peak;
  for (const View& container : pod_spec["initContainers"].items()) {
    const ResourceList own = resource_list(container["resources"][name_of(side)]);
    if (is_sidecar(container)) {
      add_resources(sum, own);
      add_resources(sidecars, own);
      max_resources(peak, sidecars);
    } else {
      ResourceList beside = own;
      add_resources(beside, sidecars);
      max_resources(peak, beside);
    }
  }
  max_resources(sum, peak);
  return sum;
}

ResourceList pod_resources(const View& pod_spec, ResourceSide side) {
  ResourceList list = aggregate_containers(pod_spec, side);
  for (const auto& [name, quantity] : resource_list(pod_spec["resources"][name_of(side)])) {
    if (is_pod_level_resource(name)) list[name] = quantity;
  }
  for (const auto& [name, quantity] : resource_list(pod_spec["overhead"])) {
    const auto found = list.find(name);
    if (side == ResourceSide::Requests) {
      add_resources(list, {{name, quantity}});
    } else if (found != list.end() && found->second.sign() != 0) {
      found->second = found->second + quantity;
    }
  }
  return list;
}

std::string quality_of_service(const View& pod_spec) {
  ResourceList requests;
  ResourceList limits;
  bool guaranteed = true;
  if (const View own = pod_spec["resources"]; own.present()) {
    add_positive(requests, resource_list(own["requests"]));
    add_positive(limits, resource_list(own["limits"]));
    if (!own["limits"].empty()) guaranteed = limits_cpu_and_memory(resource_list(own["limits"]));
  } else {
    for (const char* kind : {"containers", "initContainers"}) {
      for (const View& container : pod_spec[kind].items()) {
        add_positive(requests, resource_list(container["resources"]["requests"]));
        add_positive(limits, resource_list(container["resources"]["limits"]));
        guaranteed = guaranteed && limits_cpu_and_memory(resource_list(container["resources"]["limits"]));
      }
    }
  }
  if (requests.empty() && limits.empty()) return "BestEffort";
  for (const auto& [name, request] : requests) {
    const auto limit = limits.find(name);
    guaranteed = guaranteed && limit != limits.end() && limit->second == request;
  }
  return guaranteed && requests.size() == limits.size() ? "Guaranteed" : "Burstable";
}

}  // namespace tandem::cluster::api
