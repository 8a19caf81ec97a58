// Environment variables and where their values come from.

#include <fmt/format.h>

#include <set>

#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

const std::vector<std::string>& container_resource_fields() {
  static const std::vector<std::string> kFields = {"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"};
  return kFields;
}

void check_key_selector(FieldErrors& errors, const View& selector, const FieldPath& path) {
  errors.invalid_each(path / "name", selector["name"].text(), dns1123_subdomain_errors(selector["name"].text()));
  if (const std::string key = selector["key"].text(); key.empty()) {
    errors.required(path / "key");
  } else {
    errors.invalid_each(path / "key", key, config_key_errors(key));
  }
}

void check_file_key(FieldErrors& errors, const View& selector, const FieldPath& path) {
  if (const std::string key = selector["key"].text(); key.empty()) {
    errors.required(path / "key");
  } else {
    errors.invalid_each(path / "key", key, environment_name_errors(key));
  }
  if (const std::string name = selector["volumeName"].text(); name.empty()) {
    errors.required(path / "volumeName");
  } else {
    errors.invalid_each(path / "volumeName", name, dns1123_label_errors(name));
  }
  if (selector["path"].text().empty()) return errors.required(path / "path");
  check_no_backsteps(errors, selector["path"].text(), path / "path");
}

void check_value_from(FieldErrors& errors, const View& variable, const FieldPath& path, const PodOptions& options) {
  static const std::vector<std::string> kFields = {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
                                                   "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"};
  const View from = variable["valueFrom"];
  if (!from.present()) return;
  int sources = 0;
  const auto source = [&](const char* name) {
    if (!from.has(name)) return false;
    ++sources;
    return true;
  };
  if (source("fieldRef")) check_object_field_selector(errors, from["fieldRef"], kFields, path / "fieldRef");
  if (source("resourceFieldRef")) check_resource_field_selector(errors, from["resourceFieldRef"], false, path / "resourceFieldRef");
  if (source("configMapKeyRef")) check_key_selector(errors, from["configMapKeyRef"], path / "configMapKeyRef");
  if (source("secretKeyRef")) check_key_selector(errors, from["secretKeyRef"], path / "secretKeyRef");
  if (source("fileKeyRef")) check_file_key(errors, from["fileKeyRef"], path / "fileKeyRef");
  if (sources == 0) {
    errors.invalid(path, "",
                   options.allow_file_keys ? "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
                                           : "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
  } else if (!variable["value"].text().empty()) {
    errors.invalid(path, "", "may not be specified when `value` is not empty");
  } else if (sources > 1) {
    errors.invalid(path, "", "may not have more than one field specified at a time");
  }
}

/// "metadata.labels['key']" → its path and key.
struct Subscript {
  std::string path;
  std::string key;
  bool found = false;
};

Subscript split_subscript(const std::string& text) {
  const std::size_t open = text.find("['");
  if (!text.ends_with("']") || open == std::string::npos || open == 0 || open + 2 > text.size() - 2) return {text, "", false};
  return {text.substr(0, open), text.substr(open + 2, text.size() - open - 4), true};
}

void check_divisor(FieldErrors& errors, const std::string& resource, const View& divisor, const FieldPath& path) {
  static const std::set<std::string> kSizes = {"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};
  const Quantity quantity = quantity_of(divisor);
  if (quantity.sign() == 0) return;
  const auto ends = [&](const char* name) { return resource == fmt::format("limits.{}", name) || resource == fmt::format("requests.{}", name); };
  if (ends("cpu")) {
    if (quantity.text() != "1m" && quantity.text() != "1") errors.invalid(path / "divisor", resource, "only divisor's values 1m and 1 are supported with the cpu resource");
    return;
  }
  const bool huge = resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
  const char* what = ends("memory") ? "memory" : ends("ephemeral-storage") ? "local ephemeral storage" : huge ? "hugepages" : nullptr;
  if (what == nullptr || kSizes.contains(quantity.text())) return;
  errors.invalid(path / "divisor", resource,
                 fmt::format("only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the {} resource", what));
}

}  // namespace

void check_environment(FieldErrors& errors, const View& variables, const FieldPath& path, const PodOptions& options) {
  std::size_t i = 0;
  for (const View& variable : variables.items()) {
    const FieldPath at = path.index(i++);
    if (const std::string name = variable["name"].text(); name.empty()) {
      errors.required(at / "name");
    } else {
      errors.invalid_each(at / "name", name, environment_name_errors(name));
    }
    check_value_from(errors, variable, at / "valueFrom", options);
  }
}

void check_environment_sources(FieldErrors& errors, const View& sources, const FieldPath& path) {
  std::size_t i = 0;
  for (const View& source : sources.items()) {
    const FieldPath at = path.index(i++);
    if (const std::string prefix = source["prefix"].text(); !prefix.empty()) errors.invalid_each(at / "prefix", prefix, environment_name_errors(prefix));
    int found = 0;
    for (const char* kind : {"configMapRef", "secretRef"}) {
      if (!source.has(kind)) continue;
      ++found;
      const std::string name = source[kind]["name"].text();
      if (name.empty()) {
        errors.required(at / kind / "name");
      } else {
        errors.invalid_each(at / kind / "name", name, name_is_subdomain(name, true));
      }
    }
    if (found == 0) errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
    if (found > 1) errors.invalid(path, "", "may not have more than one field specified at a time");
  }
}

void check_object_field_selector(FieldErrors& errors, const View& selector, const std::vector<std::string>& allowed, const FieldPath& path) {
  static const std::set<std::string> kConvertible = {"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
                                                     "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "status.phase",
                                                     "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs", "spec.host"};
  const std::string version = selector["apiVersion"].text();
  const std::string field = selector["fieldPath"].text();
  if (version.empty()) return errors.required(path / "apiVersion");
  if (field.empty()) return errors.required(path / "fieldPath");
  const auto refuse = [&](const std::string& why) { errors.invalid(path / "fieldPath", field, fmt::format("error converting fieldPath: {}", why)); };
  if (version != "v1") return refuse(fmt::format("unsupported pod version: {}", version));
  const Subscript subscript = split_subscript(field);
  if (subscript.found) {
    if (subscript.path == "metadata.annotations") return errors.invalid_each(path, lower(subscript.key), qualified_name_errors(lower(subscript.key)));
    if (subscript.path == "metadata.labels") return errors.invalid_each(path, subscript.key, qualified_name_errors(subscript.key));
    return refuse(fmt::format("field label does not support subscript: {}", field));
  }
  if (!kConvertible.contains(field)) return refuse(fmt::format("field label not supported: {}", field));
  const std::string internal = field == "spec.host" ? "spec.nodeName" : field;
  if (!contains(allowed, internal)) errors.not_supported(path / "fieldPath", internal, allowed);
}

void check_resource_field_selector(FieldErrors& errors, const View& selector, bool in_volume, const FieldPath& path) {
  const std::string resource = selector["resource"].text();
  if (in_volume && selector["containerName"].text().empty()) {
    errors.required(path / "containerName");
  } else if (resource.empty()) {
    errors.required(path / "resource");
  } else if (!contains(container_resource_fields(), resource) && !resource.starts_with("limits.hugepages-") && !resource.starts_with("requests.hugepages-")) {
    errors.not_supported(path / "resource", resource, container_resource_fields());
  }
  check_divisor(errors, resource, selector["divisor"], path);
}

}  // namespace tandem::cluster::api
