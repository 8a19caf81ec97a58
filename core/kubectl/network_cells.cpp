// The cells of services, endpoints, endpoint slices, ingresses and network policies.

#include <fmt/format.h>

#include <set>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// At most this many ports, endpoints and hosts are listed.
constexpr std::size_t kListedItems = 3;

/// Addresses in status.loadBalancer.ingress, sorted, each once. Never cut: the API server makes every table for -o wide, and kubectl
/// only leaves columns out.
std::string load_balancer_text(const json& object) {
  std::set<std::string> addresses;
  for (const json& ingress : list_at(object, "/status/loadBalancer/ingress")) {
    const std::string ip = text_at(ingress, "/ip");
    const std::string address = ip.empty() ? text_at(ingress, "/hostname") : ip;
    if (!address.empty()) addresses.insert(address);
  }
  return joined({addresses.begin(), addresses.end()});
}

std::string external_address(const json& service) {
  const std::string type = text_at(service, "/spec/type");
  const std::string external = joined(texts_of(at(service, "/spec/externalIPs")));
  if (type == "ClusterIP" || type == "NodePort") return or_none(external);
  if (type == "ExternalName") return text_at(service, "/spec/externalName");
  if (type != "LoadBalancer") return "<unknown>";
  const std::string balancer = load_balancer_text(service);
  if (external.empty()) return balancer.empty() ? "<pending>" : balancer;
  return balancer.empty() ? external : balancer + "," + external;
}

std::string protocol_of(const json& port) {
  const std::string protocol = text_at(port, "/protocol");
  return protocol.empty() ? "TCP" : protocol;
}

std::string service_ports(const json& service) {
  std::vector<std::string> ports;
  for (const json& port : list_at(service, "/spec/ports")) {
    const std::int64_t node_port = number_at(port, "/nodePort");
    ports.push_back(node_port > 0 ? fmt::format("{}:{}/{}", number_at(port, "/port"), node_port, protocol_of(port))
                                  : fmt::format("{}/{}", number_at(port, "/port"), protocol_of(port)));
  }
  return or_none(joined(ports));
}

/// The first items, and how many more there are.
std::string listed(const std::vector<std::string>& items) {
  if (items.size() <= kListedItems) return joined(items);
  return fmt::format("{} + {} more...", joined({items.begin(), items.begin() + kListedItems}), items.size() - kListedItems);
}

std::string or_unset(std::string text) { return text.empty() ? "<unset>" : std::move(text); }

std::string ingress_hosts(const json& ingress) {
  const json& rules = list_at(ingress, "/spec/rules");
  std::vector<std::string> hosts;
  bool more = false;
  for (const json& rule : rules) {
    if (hosts.size() == kListedItems) more = true;
    const std::string host = text_at(rule, "/host");
    if (!more && !host.empty()) hosts.push_back(host);
  }
  if (hosts.empty()) return "*";
  return more ? fmt::format("{} + {} more...", joined(hosts), rules.size() - kListedItems) : joined(hosts);
}

}  // namespace

Cells service_columns(bool wide) { return columns_with({"NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"}, wide, {"SELECTOR"}); }

Cells service_cells(const json& service, const GetOptions& options) {
  const json& addresses = list_at(service, "/spec/clusterIPs");
  // Kubernetes fills clusterIPs from clusterIP; objects of other sources may have the old field only.
  const std::string address = addresses.empty() ? or_none(text_at(service, "/spec/clusterIP")) : string_of(addresses.front());
  Cells cells = {text_at(service, "/metadata/name"), text_at(service, "/spec/type"), address, external_address(service),
                 service_ports(service), age_cell(service, options)};
  if (options.wide) cells.push_back(labels_text(at(service, "/spec/selector")));
  return cells;
}

Cells endpoints_columns(bool /*wide*/) { return {"NAME", "ENDPOINTS", "AGE"}; }

Cells endpoints_cells(const json& endpoints, const GetOptions& options) {
  const json& subsets = list_at(endpoints, "/subsets");
  std::vector<std::string> addresses;
  for (const json& subset : subsets) {
    const json& ports = list_at(subset, "/ports");
    for (std::size_t i = 0; i < std::max<std::size_t>(ports.size(), 1); ++i) {
      for (const json& address : list_at(subset, "/addresses")) {
        const std::string ip = text_at(address, "/ip");
        addresses.push_back(ports.empty() ? ip : host_and_port(ip, std::to_string(number_at(ports[i], "/port"))));
      }
    }
  }
  return {text_at(endpoints, "/metadata/name"), subsets.empty() ? "<none>" : listed(addresses), age_cell(endpoints, options)};
}

Cells endpoint_slice_columns(bool /*wide*/) { return {"NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"}; }

Cells endpoint_slice_cells(const json& slice, const GetOptions& options) {
  std::vector<std::string> ports;
  for (const json& port : list_at(slice, "/ports")) {
    const json& number = at(port, "/port");
    const json& name = at(port, "/name");
    ports.push_back(number.is_number_integer() ? number.dump() : name.is_string() ? name.get<std::string>() : "*");
  }
  std::vector<std::string> addresses;
  for (const json& endpoint : list_at(slice, "/endpoints")) {
    for (const json& address : list_at(endpoint, "/addresses")) addresses.push_back(string_of(address));
  }
  return {text_at(slice, "/metadata/name"), text_at(slice, "/addressType"), or_unset(listed(ports)), or_unset(listed(addresses)), age_cell(slice, options)};
}

Cells ingress_columns(bool /*wide*/) { return {"NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"}; }

Cells ingress_cells(const json& ingress, const GetOptions& options) {
  const json& ingress_class = at(ingress, "/spec/ingressClassName");
  return {text_at(ingress, "/metadata/name"), ingress_class.is_string() ? ingress_class.get<std::string>() : "<none>", ingress_hosts(ingress),
          load_balancer_text(ingress), list_at(ingress, "/spec/tls").empty() ? "80" : "80, 443", age_cell(ingress, options)};
}

Cells ingress_class_columns(bool /*wide*/) { return {"NAME", "CONTROLLER", "PARAMETERS", "AGE"}; }

Cells ingress_class_cells(const json& ingress_class, const GetOptions& options) {
  const json& parameters = at(ingress_class, "/spec/parameters");
  std::string text = "<none>";
  if (parameters.is_object()) {
    const json& group = at(parameters, "/apiGroup");
    text = fmt::format("{}{}/{}", text_at(parameters, "/kind"), group.is_string() ? "." + group.get<std::string>() : "", text_at(parameters, "/name"));
  }
  return {text_at(ingress_class, "/metadata/name"), text_at(ingress_class, "/spec/controller"), text, age_cell(ingress_class, options)};
}

Cells network_policy_columns(bool /*wide*/) { return {"NAME", "POD-SELECTOR", "AGE"}; }

Cells network_policy_cells(const json& policy, const GetOptions& options) {
  return {text_at(policy, "/metadata/name"), selector_text_or_none(at(policy, "/spec/podSelector")), age_cell(policy, options)};
}

}  // namespace tandem::kubectl
