// The cells of namespaces, config maps, secrets, service accounts, quotas and pod templates.

#include <fmt/format.h>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

std::size_t entries(const json& object, const char* pointer) {
  const json& map = at(object, pointer);
  return map.is_object() || map.is_array() ? map.size() : 0;
}

}  // namespace

Cells namespace_columns(bool /*wide*/) { return {"NAME", "STATUS", "AGE"}; }
Cells namespace_cells(const json& name_space, const GetOptions& options) {
  return {text_at(name_space, "/metadata/name"), text_at(name_space, "/status/phase"), age_cell(name_space, options)};
}

Cells config_map_columns(bool /*wide*/) { return {"NAME", "DATA", "AGE"}; }
Cells config_map_cells(const json& config_map, const GetOptions& options) {
  return {text_at(config_map, "/metadata/name"), std::to_string(entries(config_map, "/data") + entries(config_map, "/binaryData")),
          age_cell(config_map, options)};
}

Cells secret_columns(bool /*wide*/) { return {"NAME", "TYPE", "DATA", "AGE"}; }
Cells secret_cells(const json& secret, const GetOptions& options) {
  return {text_at(secret, "/metadata/name"), text_at(secret, "/type"), std::to_string(entries(secret, "/data")), age_cell(secret, options)};
}

Cells service_account_columns(bool /*wide*/) { return {"NAME", "SECRETS", "AGE"}; }
Cells service_account_cells(const json& account, const GetOptions& options) {
  return {text_at(account, "/metadata/name"), std::to_string(entries(account, "/secrets")), age_cell(account, options)};
}

Cells resource_quota_columns(bool /*wide*/) { return {"NAME", "REQUEST", "LIMIT", "AGE"}; }
Cells resource_quota_cells(const json& quota, const GetOptions& options) {
  std::vector<std::string> requests;
  std::vector<std::string> limits;
  if (const json& hard = at(quota, "/status/hard"); hard.is_object()) {
    const json& used = at(quota, "/status/used");
    for (const auto& [resource, amount] : hard.items()) {
      const std::string used_text = used.is_object() && used.contains(resource) ? quantity_text(used.at(resource)) : "0";
      (resource.starts_with("limits.") ? limits : requests).push_back(fmt::format("{}: {}/{}", resource, used_text, quantity_text(amount)));
    }
  }
  return {text_at(quota, "/metadata/name"), joined(requests, ", "), joined(limits, ", "), age_cell(quota, options)};
}

Cells pod_template_columns(bool /*wide*/) { return {"NAME", "CONTAINERS", "IMAGES", "POD LABELS"}; }
Cells pod_template_cells(const json& pod_template, const GetOptions& /*options*/) {
  Cells cells = container_cells(list_at(pod_template, "/template/spec/containers"));
  cells.insert(cells.begin(), text_at(pod_template, "/metadata/name"));
  cells.push_back(labels_text(at(pod_template, "/template/metadata/labels")));
  return cells;
}

Cells plain_columns(bool /*wide*/) { return {"NAME", "CREATED AT"}; }
Cells plain_cells(const json& object, const GetOptions& /*options*/) {
  return {text_at(object, "/metadata/name"), text_at(object, "/metadata/creationTimestamp")};
}

}  // namespace tandem::kubectl
