// Services, endpoint slices and ingresses.

#include <fmt/format.h>

#include <algorithm>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

/// At most this many endpoints are listed.
constexpr std::size_t kListedEndpoints = 3;

void field_if_set(Description& text, const char* title, const std::string& value) {
  if (!value.empty()) text.field(0, title, value);
}

std::string protocol_of(const json& port) {
  const std::string protocol = text_at(port, "/protocol");
  return protocol.empty() ? "TCP" : protocol;
}

/// The first addresses, and how many more: kubectl counts "more" as soon as it looks at an endpoint beyond the third, ready or not.
struct EndpointList {
  std::vector<std::string> listed;
  std::size_t count = 0;
  bool more = false;

  void add(const json& endpoint, const std::string& port) {
    if (listed.size() == kListedEndpoints) more = true;
    const json& ready = at(endpoint, "/conditions/ready");
    if (ready.is_boolean() && !ready.get<bool>()) return;
    const json& addresses = list_at(endpoint, "/addresses");
    const std::string address = addresses.empty() ? std::string() : string_of(addresses.front());
    if (!more) listed.push_back(port.empty() ? address : host_and_port(address, port));
    ++count;
  }
};

std::string balancer_addresses(const json& service) {
  std::vector<std::string> addresses;
  for (const json& ingress : list_at(service, "/status/loadBalancer/ingress")) {
    const std::string ip = text_at(ingress, "/ip");
    const json& mode = at(ingress, "/ipMode");
    addresses.push_back(ip.empty() ? text_at(ingress, "/hostname") : mode.is_string() ? fmt::format("{} ({})", ip, mode.get<std::string>()) : ip);
  }
  return joined(addresses, ", ");
}

void describe_service_port(Description& text, const json& service, const json& port, const DescribeContext& context) {
  const std::string name = text_at(port, "/name");
  const std::string shown = name.empty() ? "<unset>" : name;
  const std::int64_t number = number_at(port, "/port");
  const std::string protocol = protocol_of(port);
  // The API server's default for the target is the port itself.
  const json& target = at(port, "/targetPort");
  text.field(0, "Port", fmt::format("{}\t{}/{}", shown, number, protocol));
  text.field(0, "TargetPort", fmt::format("{}/{}", target.is_null() ? std::to_string(number) : int_or_string_text(target), protocol));
  if (const std::int64_t node_port = number_at(port, "/nodePort"); node_port != 0) text.field(0, "NodePort", fmt::format("{}\t{}/{}", shown, node_port, protocol));
  text.field(0, "Endpoints", endpoints_text(text_at(service, "/metadata/namespace"), text_at(service, "/metadata/name"), name, context));
}

std::string backend_text(const json& backend, const std::string& name_space, const DescribeContext& context) {
  const json& service = at(backend, "/service");
  if (!service.is_object()) {
    const json& resource = at(backend, "/resource");
    if (!resource.is_object()) return "";
    const json& group = at(resource, "/apiGroup");
    return fmt::format("APIGroup: {}, Kind: {}, Name: {}", group.is_string() ? group.get<std::string>() : "<none>", text_at(resource, "/kind"), text_at(resource, "/name"));
  }
  const std::string name = text_at(service, "/name");
  const std::int64_t number = number_at(service, "/port/number");
  const std::string port_name = text_at(service, "/port/name");
  const std::string shown = fmt::format("{}:{}", name, number != 0 ? std::to_string(number) : port_name);
  const json* found = find_object(context.objects, *resource_of_kind("Service"), name_space, name);
  if (found == nullptr) return fmt::format("{} (<error: services \"{}\" not found>)", shown, name);
  std::string endpoint_port;
  for (const json& port : list_at(*found, "/spec/ports")) {
    const bool by_number = number != 0 && number == number_at(port, "/port");
    const bool by_name = !port_name.empty() && port_name == text_at(port, "/name");
    if (by_number || by_name) endpoint_port = text_at(port, "/name");
  }
  return fmt::format("{} ({})", shown, endpoints_text(name_space, name, endpoint_port, context));
}

void describe_tls(Description& text, const json& ingress) {
  const json& entries = list_at(ingress, "/spec/tls");
  if (entries.empty()) return;
  text.line(0, "TLS:");
  for (const json& entry : entries) {
    const std::string secret = text_at(entry, "/secretName");
    const std::string hosts = joined(texts_of(at(entry, "/hosts")));
    text.line(1, secret.empty() ? "SNI routes " + hosts : fmt::format("{} terminates {}", secret, hosts));
  }
}

std::string text_or_unset(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "<unset>" : value.dump();
}

void describe_endpoint(Description& text, const json& endpoint) {
  text.field(1, "- Addresses", or_none(joined(texts_of(at(endpoint, "/addresses")), ", ")));
  text.line(2, "Conditions:");
  text.field(3, "Ready", text_or_unset(at(endpoint, "/conditions/ready")));
  text.field(2, "Hostname", text_or_unset(at(endpoint, "/hostname")));
  if (const json& target = at(endpoint, "/targetRef"); target.is_object()) {
    text.field(2, "TargetRef", fmt::format("{}/{}", text_at(target, "/kind"), text_at(target, "/name")));
  }
  text.field(2, "NodeName", text_or_unset(at(endpoint, "/nodeName")));
  text.field(2, "Zone", text_or_unset(at(endpoint, "/zone")));
}

}  // namespace

std::string endpoints_text(const std::string& name_space, const std::string& service, const std::string& port_name, const DescribeContext& context) {
  std::vector<const json*> slices;
  for (const json& object : context.objects) {
    if (text_at(object, "/kind") != "EndpointSlice" || text_at(object, "/metadata/namespace") != name_space) continue;
    const json& labels = at(object, "/metadata/labels");
    if (labels.is_object() && labels.value("kubernetes.io/service-name", "") == service) slices.push_back(&object);
  }
  if (slices.empty()) return "<none>";
  std::stable_sort(slices.begin(), slices.end(), [](const json* a, const json* b) { return text_at(*a, "/metadata/name") < text_at(*b, "/metadata/name"); });
  EndpointList list;
  for (const json* slice : slices) {
    const json& ports = list_at(*slice, "/ports");
    if (ports.empty()) {
      for (const json& endpoint : list_at(*slice, "/endpoints")) list.add(endpoint, "");
    }
    for (const json& port : ports) {
      if (text_at(port, "/name") != port_name) continue;
      for (const json& endpoint : list_at(*slice, "/endpoints")) list.add(endpoint, std::to_string(number_at(port, "/port")));
    }
  }
  const std::string text = joined(list.listed);
  return list.more ? fmt::format("{} + {} more...", text, list.count - kListedEndpoints) : text;
}

void describe_service(Description& text, const json& service, const DescribeContext& context) {
  describe_name(text, service);
  describe_labels_and_annotations(text, service);
  text.field(0, "Selector", labels_text(at(service, "/spec/selector")));
  text.field(0, "Type", text_at(service, "/spec/type"));
  field_if_set(text, "IP Family Policy", text_at(service, "/spec/ipFamilyPolicy"));
  text.field(0, "IP Families", or_none(joined(texts_of(at(service, "/spec/ipFamilies")))));
  text.field(0, "IP", text_at(service, "/spec/clusterIP"));
  text.field(0, "IPs", or_none(joined(texts_of(at(service, "/spec/clusterIPs")))));
  field_if_set(text, "External IPs", joined(texts_of(at(service, "/spec/externalIPs"))));
  field_if_set(text, "Desired LoadBalancer IP", text_at(service, "/spec/loadBalancerIP"));
  field_if_set(text, "External Name", text_at(service, "/spec/externalName"));
  if (!list_at(service, "/status/loadBalancer/ingress").empty()) text.field(0, "LoadBalancer Ingress", balancer_addresses(service));
  for (const json& port : list_at(service, "/spec/ports")) describe_service_port(text, service, port, context);
  text.field(0, "Session Affinity", text_at(service, "/spec/sessionAffinity"));
  field_if_set(text, "External Traffic Policy", text_at(service, "/spec/externalTrafficPolicy"));
  field_if_set(text, "Internal Traffic Policy", text_at(service, "/spec/internalTrafficPolicy"));
  if (const std::int64_t port = number_at(service, "/spec/healthCheckNodePort"); port != 0) text.field(0, "HealthCheck NodePort", std::to_string(port));
  field_if_set(text, "LoadBalancer Source Ranges", joined(texts_of(at(service, "/spec/loadBalancerSourceRanges"))));
  field_if_set(text, "Traffic Distribution", text_at(service, "/spec/trafficDistribution"));
  describe_events_of(text, service, context);
}

void describe_endpoint_slice(Description& text, const json& slice, const DescribeContext& context) {
  describe_name(text, slice);
  describe_labels_and_annotations(text, slice);
  text.field(0, "AddressType", text_at(slice, "/addressType"));
  const json& ports = list_at(slice, "/ports");
  text.line(0, ports.empty() ? "Ports: <unset>" : "Ports:");
  if (!ports.empty()) {
    text.line(1, "Name\tPort\tProtocol");
    text.line(1, "----\t----\t--------");
    for (const json& port : ports) {
      const std::string name = text_at(port, "/name");
      text.line(1, fmt::format("{}\t{}\t{}", name.empty() ? "<unset>" : name, text_or_unset(at(port, "/port")), protocol_of(port)));
    }
  }
  const json& endpoints = list_at(slice, "/endpoints");
  text.line(0, endpoints.empty() ? "Endpoints: <none>" : "Endpoints:");
  for (const json& endpoint : endpoints) describe_endpoint(text, endpoint);
  describe_events_of(text, slice, context);
}

void describe_ingress(Description& text, const json& ingress, const DescribeContext& context) {
  const std::string name_space = text_at(ingress, "/metadata/namespace");
  const Cells cells = ingress_cells(ingress, {});
  text.field(0, "Name", text_at(ingress, "/metadata/name"));
  text.labels("Labels", at(ingress, "/metadata/labels"));
  text.field(0, "Namespace", name_space);
  text.field(0, "Address", cells[3]);
  text.field(0, "Ingress Class", cells[1]);
  const json& fallback = at(ingress, "/spec/defaultBackend");
  const std::string fallback_text = fallback.is_object() ? backend_text(fallback, name_space, context) : "<default>";
  text.field(0, "Default backend", fallback_text);
  describe_tls(text, ingress);
  text.line(0, "Rules:");
  text.line(1, "Host\tPath\tBackends");
  text.line(1, "----\t----\t--------");
  bool any = false;
  for (const json& rule : list_at(ingress, "/spec/rules")) {
    if (!at(rule, "/http").is_object()) continue;
    any = true;
    const std::string host = text_at(rule, "/host");
    text.line(1, (host.empty() ? "*" : host) + "\t");
    for (const json& path : list_at(rule, "/http/paths")) {
      text.line(2, fmt::format("\t{} \t{}", text_at(path, "/path"), backend_text(at(path, "/backend"), name_space, context)));
    }
  }
  if (!any) text.line(1, "*\t*\t" + fallback_text);
  text.annotations("Annotations", at(ingress, "/metadata/annotations"));
  describe_events_of(text, ingress, context);
}

}  // namespace tandem::kubectl
