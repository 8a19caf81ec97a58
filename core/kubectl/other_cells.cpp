// The cells of deployments, replica sets, nodes, services, endpoint slices and events.

#include <fmt/format.h>

#include <algorithm>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// At most this many ports and endpoints of a slice are listed (printEndpointSlice).
constexpr std::size_t kSliceItems = 3;
/// EXTERNAL-IP of load balancers without -o wide.
constexpr std::size_t kLoadBalancerWidth = 16;

/// Names and images of the pod template's containers, joined by commas.
std::pair<std::string, std::string> containers_of(const json& workload) {
  std::string names;
  std::string images;
  for (const json& container : list_at(workload, "/spec/template/spec/containers")) {
    names += (names.empty() ? "" : ",") + text_at(container, "/name");
    images += (images.empty() ? "" : ",") + text_at(container, "/image");
  }
  return {names, images};
}

/// metav1.FormatLabelSelector: "app=web,tier in (a,b)"; "<none>" for an empty selector.
std::string selector_text(const json& selector) {
  std::vector<std::pair<std::string, std::string>> parts;
  if (const json& labels = at(selector, "/matchLabels"); labels.is_object()) {
    for (const auto& [key, value] : labels.items()) parts.emplace_back(key, key + "=" + value.get<std::string>());
  }
  for (const json& expression : list_at(selector, "/matchExpressions")) {
    const std::string key = text_at(expression, "/key");
    const std::string op = text_at(expression, "/operator");
    std::vector<std::string> values;
    for (const json& value : list_at(expression, "/values")) values.push_back(value.get<std::string>());
    std::sort(values.begin(), values.end());
    if (op == "Exists") parts.emplace_back(key, key);
    else if (op == "DoesNotExist") parts.emplace_back(key, "!" + key);
    else parts.emplace_back(key, fmt::format("{} {} ({})", key, op == "In" ? "in" : "notin", fmt::join(values, ",")));
  }
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& [key, part] : parts) text += (text.empty() ? "" : ",") + part;
  return or_none(text);
}

std::string external_address(const json& service, bool wide) {
  const std::string type = text_at(service, "/spec/type");
  std::vector<std::string> external;
  for (const json& ip : list_at(service, "/spec/externalIPs")) external.push_back(ip.get<std::string>());
  if (type == "ExternalName") return text_at(service, "/spec/externalName");
  if (type == "LoadBalancer") {
    std::vector<std::string> addresses;
    for (const json& ingress : list_at(service, "/status/loadBalancer/ingress")) {
      const std::string ip = text_at(ingress, "/ip");
      addresses.push_back(ip.empty() ? text_at(ingress, "/hostname") : ip);
    }
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    std::string text = fmt::format("{}", fmt::join(addresses, ","));
    if (!wide && text.size() > kLoadBalancerWidth) text = text.substr(0, kLoadBalancerWidth - 3) + "...";
    if (external.empty()) return text.empty() ? "<pending>" : text;
    return (text.empty() ? "" : text + ",") + fmt::format("{}", fmt::join(external, ","));
  }
  return external.empty() ? "<none>" : fmt::format("{}", fmt::join(external, ","));
}

std::string protocol_of(const json& port) {
  const std::string protocol = text_at(port, "/protocol");
  return protocol.empty() ? "TCP" : protocol;
}

std::string source_text(const json& event) {
  std::string component = text_at(event, "/source/component");
  if (component.empty()) component = text_at(event, "/reportingComponent");
  std::string host = text_at(event, "/source/host");
  if (host.empty()) host = text_at(event, "/reportingInstance");
  return host.empty() ? component : component + ", " + host;
}

std::string ago(const json& time, const GetOptions& options) {
  const std::int64_t then = unix_seconds_of(time);
  return then == 0 ? "<unknown>" : human_duration(options.now_unix_seconds - then);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace

std::string age_cell(const json& object, const GetOptions& options) { return ago(at(object, "/metadata/creationTimestamp"), options); }

Cells deployment_columns(bool wide) {
  Cells columns = {"NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"};
  if (wide) columns.insert(columns.end(), {"CONTAINERS", "IMAGES", "SELECTOR"});
  return columns;
}

Cells deployment_cells(const json& deployment, const GetOptions& options) {
  Cells cells = {text_at(deployment, "/metadata/name"),
                 fmt::format("{}/{}", number_at(deployment, "/status/readyReplicas"), number_at(deployment, "/spec/replicas", 1)),
                 std::to_string(number_at(deployment, "/status/updatedReplicas")), std::to_string(number_at(deployment, "/status/availableReplicas")),
                 age_cell(deployment, options)};
  if (options.wide) {
    const auto [names, images] = containers_of(deployment);
    cells.insert(cells.end(), {names, images, selector_text(at(deployment, "/spec/selector"))});
  }
  return cells;
}

Cells replica_set_columns(bool wide) {
  Cells columns = {"NAME", "DESIRED", "CURRENT", "READY", "AGE"};
  if (wide) columns.insert(columns.end(), {"CONTAINERS", "IMAGES", "SELECTOR"});
  return columns;
}

Cells replica_set_cells(const json& set, const GetOptions& options) {
  Cells cells = {text_at(set, "/metadata/name"), std::to_string(number_at(set, "/spec/replicas", 1)), std::to_string(number_at(set, "/status/replicas")),
                 std::to_string(number_at(set, "/status/readyReplicas")), age_cell(set, options)};
  if (options.wide) {
    const auto [names, images] = containers_of(set);
    cells.insert(cells.end(), {names, images, selector_text(at(set, "/spec/selector"))});
  }
  return cells;
}

Cells node_columns(bool wide) {
  Cells columns = {"NAME", "STATUS", "ROLES", "AGE", "VERSION"};
  if (wide) columns.insert(columns.end(), {"INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"});
  return columns;
}

Cells node_cells(const json& node, const GetOptions& options) {
  std::string status = "Unknown";
  for (const json& condition : list_at(node, "/status/conditions")) {
    if (text_at(condition, "/type") == "Ready") status = text_at(condition, "/status") == "True" ? "Ready" : "NotReady";
  }
  if (flag_at(node, "/spec/unschedulable")) status += ",SchedulingDisabled";
  std::vector<std::string> roles;
  constexpr std::string_view kRolePrefix = "node-role.kubernetes.io/";
  if (const json& labels = at(node, "/metadata/labels"); labels.is_object()) {
    for (const auto& [key, value] : labels.items()) {
      if (key.starts_with(kRolePrefix) && key.size() > kRolePrefix.size()) roles.push_back(key.substr(kRolePrefix.size()));
      else if (key == "kubernetes.io/role" && value.is_string() && !value.get<std::string>().empty()) roles.push_back(value.get<std::string>());
    }
  }
  std::sort(roles.begin(), roles.end());
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  Cells cells = {text_at(node, "/metadata/name"), status, or_none(fmt::format("{}", fmt::join(roles, ","))), age_cell(node, options),
                 text_at(node, "/status/nodeInfo/kubeletVersion")};
  if (!options.wide) return cells;
  std::string internal;
  std::string external;
  for (const json& address : list_at(node, "/status/addresses")) {
    if (text_at(address, "/type") == "InternalIP" && internal.empty()) internal = text_at(address, "/address");
    if (text_at(address, "/type") == "ExternalIP" && external.empty()) external = text_at(address, "/address");
  }
  const auto or_unknown = [&](const char* pointer) {
    const std::string text = text_at(node, pointer);
    return text.empty() ? std::string("<unknown>") : text;
  };
  cells.insert(cells.end(), {or_none(internal), or_none(external), or_unknown("/status/nodeInfo/osImage"), or_unknown("/status/nodeInfo/kernelVersion"),
                             or_unknown("/status/nodeInfo/containerRuntimeVersion")});
  return cells;
}

Cells service_columns(bool wide) {
  Cells columns = {"NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"};
  if (wide) columns.push_back("SELECTOR");
  return columns;
}

Cells service_cells(const json& service, const GetOptions& options) {
  std::string ports;
  for (const json& port : list_at(service, "/spec/ports")) {
    const std::int64_t node_port = number_at(port, "/nodePort");
    ports += ports.empty() ? "" : ",";
    ports += node_port > 0 ? fmt::format("{}:{}/{}", number_at(port, "/port"), node_port, protocol_of(port))
                           : fmt::format("{}/{}", number_at(port, "/port"), protocol_of(port));
  }
  Cells cells = {text_at(service, "/metadata/name"), text_at(service, "/spec/type"), or_none(text_at(service, "/spec/clusterIP")),
                 external_address(service, options.wide), or_none(ports), age_cell(service, options)};
  if (options.wide) cells.push_back(labels_text(at(service, "/spec/selector")));
  return cells;
}

Cells endpoint_slice_columns(bool /*wide*/) { return {"NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"}; }

Cells endpoint_slice_cells(const json& slice, const GetOptions& options) {
  const auto list = [](const json& items, auto&& text_of, std::string none) {
    std::string text;
    std::size_t count = 0;
    for (const json& item : items) {
      if (count++ >= kSliceItems) continue;
      text += (text.empty() ? "" : ",") + text_of(item);
    }
    if (count > kSliceItems) text += fmt::format(" + {} more...", count - kSliceItems);
    return text.empty() ? none : text;
  };
  json addresses = json::array();
  for (const json& endpoint : list_at(slice, "/endpoints")) {
    for (const json& address : list_at(endpoint, "/addresses")) addresses.push_back(address);
  }
  const auto port_text = [](const json& port) {
    const std::int64_t number = number_at(port, "/port", -1);
    if (number >= 0) return std::to_string(number);
    const std::string name = text_at(port, "/name");
    return name.empty() ? std::string("*") : name;
  };
  return {text_at(slice, "/metadata/name"), text_at(slice, "/addressType"), list(list_at(slice, "/ports"), port_text, "<unset>"),
          list(addresses, [](const json& address) { return address.get<std::string>(); }, "<unset>"), age_cell(slice, options)};
}

Cells event_columns(bool wide) {
  if (wide) return {"LAST SEEN", "TYPE", "REASON", "OBJECT", "SUBOBJECT", "SOURCE", "MESSAGE", "FIRST SEEN", "COUNT", "NAME"};
  return {"LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"};
}

Cells event_cells(const json& event, const GetOptions& options) {
  const json& series = at(event, "/series");
  const json& first_time = at(event, "/firstTimestamp").is_null() ? at(event, "/eventTime") : at(event, "/firstTimestamp");
  const json* last_time = &at(event, "/lastTimestamp");
  if (last_time->is_null()) last_time = &first_time;
  if (!series.is_null()) last_time = &at(series, "/lastObservedTime");
  const std::string last = ago(*last_time, options);
  std::string message = text_at(event, "/message");
  if (const std::size_t end = message.find_first_of("\r\n"); end != std::string::npos) message = message.substr(0, end) + "...";
  while (!message.empty() && (message.back() == ' ' || message.back() == '\t')) message.pop_back();
  const std::string name = text_at(event, "/involvedObject/name");
  std::string object = lower(text_at(event, "/involvedObject/kind"));
  if (!name.empty()) object += "/" + name;
  if (!options.wide) return {last, text_at(event, "/type"), text_at(event, "/reason"), object, message};
  std::int64_t count = number_at(event, "/count");
  if (!series.is_null()) count = number_at(series, "/count");
  else if (count == 0) count = 1;
  return {last, text_at(event, "/type"), text_at(event, "/reason"), object, text_at(event, "/involvedObject/fieldPath"), source_text(event), message,
          ago(first_time, options), std::to_string(count), text_at(event, "/metadata/name")};
}

}  // namespace tandem::kubectl
