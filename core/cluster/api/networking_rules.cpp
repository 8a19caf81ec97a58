// Ingresses, IngressClasses and NetworkPolicies.

#include <fmt/format.h>

#include "core/cluster/api/address_rules.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

void check_meta(FieldErrors& errors, const View& object, const View& old, bool namespaced, NameRule rule) {
  if (old.present()) check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  check_object_meta(errors, object["metadata"], namespaced, rule);
}

void check_object_reference(FieldErrors& errors, const View& reference, const FieldPath& path) {
  if (reference.has("apiGroup")) errors.invalid_each(path / "apiGroup", reference["apiGroup"].text(), dns1123_subdomain_errors(reference["apiGroup"].text()));
  check_kind_and_name(errors, reference, path);
}

void check_backend(FieldErrors& errors, const View& backend, const FieldPath& path, bool relaxed_names) {
  const View service = backend["service"];
  if (backend.has("resource")) {
    if (service.present()) return errors.invalid(path, "", "cannot set both resource and service backends");
    return check_object_reference(errors, backend["resource"], path / "resource");
  }
  if (!service.present()) return errors.invalid(path, "", "resource or service backend is required");
  const std::string name = service["name"].text();
  if (name.empty()) {
    errors.required(path / "service" / "name");
  } else {
    errors.invalid_each(path / "service" / "name", name, relaxed_names ? dns1123_label_errors(name) : dns1035_label_errors(name));
  }
  const std::string port_name = service.at("port", "name").text();
  const std::int64_t number = service.at("port", "number").number();
  const FieldPath port = path / "service" / "port";
  if (!port_name.empty() && number != 0) {
    errors.invalid(path, "", "cannot set both port name & port number");
  } else if (!port_name.empty()) {
    errors.invalid_each(port / "name", port_name, port_name_errors(port_name));
  } else if (number != 0) {
    errors.invalid_each(port / "number", number, port_number_errors(number));
  } else {
    errors.required(path, "port name or number is required");
  }
}

void check_http_path(FieldErrors& errors, const View& entry, const FieldPath& path, bool relaxed_names) {
  const std::string text = entry["path"].text();
  const std::string type = entry["pathType"].text();
  if (!entry.has("pathType")) return errors.required(path / "pathType", "pathType must be specified");
  if (type == "Exact" || type == "Prefix") {
    if (!text.starts_with('/')) errors.invalid(path / "path", text, "must be an absolute path");
    for (const char* piece : {"//", "/./", "/../", "%2f", "%2F"}) {
      if (text.find(piece) != std::string::npos) errors.invalid(path / "path", text, fmt::format("must not contain '{}'", piece));
    }
    for (const char* ending : {"/..", "/."}) {
      if (text.ends_with(ending)) errors.invalid(path / "path", text, fmt::format("cannot end with '{}'", ending));
    }
  } else if (type == "ImplementationSpecific") {
    if (!text.empty() && !text.starts_with('/')) errors.invalid(path / "path", text, "must be an absolute path");
  } else {
    errors.not_supported(path / "pathType", type, {"Exact", "ImplementationSpecific", "Prefix"});
  }
  check_backend(errors, entry["backend"], path / "backend", relaxed_names);
}

void check_host(FieldErrors& errors, const std::string& host, const FieldPath& path) {
  errors.invalid_each(path, host, host.find('*') != std::string::npos ? wildcard_subdomain_errors(host) : dns1123_subdomain_errors(host));
}

void check_rule_value(FieldErrors& errors, const View& rule, const FieldPath& path, bool relaxed_names) {
  if (!rule.has("http")) return;
  const View paths = rule["http"]["paths"];
  if (paths.empty()) errors.required(path / "http" / "paths");
  std::size_t i = 0;
  for (const View& entry : paths.items()) check_http_path(errors, entry, (path / "http" / "paths").index(i++), relaxed_names);
}

struct IngressOptions {
  bool invalid_secret_names = false;
  bool invalid_wildcard_rules = false;
  bool relaxed_names = false;
};

IngressOptions options_of(const View& old) {
  IngressOptions options;
  for (const View& tls : old.at("spec", "tls").items()) {
    const std::string name = tls["secretName"].text();
    options.invalid_secret_names = options.invalid_secret_names || (!name.empty() && !dns1123_subdomain_errors(name).empty());
  }
  for (const View& rule : old.at("spec", "rules").items()) {
    FieldErrors found;
    if (rule["host"].text().find('*') != std::string::npos) check_rule_value(found, rule, "", false);
    options.invalid_wildcard_rules = options.invalid_wildcard_rules || !found.empty();
    for (const View& entry : rule.at("http", "paths").items()) {
      const std::string name = entry.at("backend", "service", "name").text();
      options.relaxed_names = options.relaxed_names || (entry.at("backend", "service").present() && dns1123_label_errors(name).empty() && !dns1035_label_errors(name).empty());
    }
  }
  return options;
}

void check_ingress_spec(FieldErrors& errors, const View& spec, const FieldPath& path, const IngressOptions& options) {
  if (spec["rules"].empty() && !spec.has("defaultBackend")) errors.invalid(path, spec["rules"], "either `defaultBackend` or `rules` must be specified");
  if (spec.has("defaultBackend")) check_backend(errors, spec["defaultBackend"], path / "defaultBackend", options.relaxed_names);
  std::size_t i = 0;
  for (const View& rule : spec["rules"].items()) {
    const FieldPath at = (path / "rules").index(i++);
    const std::string host = rule["host"].text();
    if (!host.empty()) {
      if (parse_ip(host)) errors.invalid(at / "host", host, "must be a DNS name, not an IP address");
      check_host(errors, host, at / "host");
    }
    const bool wildcard = host.find('*') != std::string::npos;
    if (!wildcard || !options.invalid_wildcard_rules) check_rule_value(errors, rule, at, options.relaxed_names);
  }
  i = 0;
  for (const View& tls : spec["tls"].items()) {
    const FieldPath at = (path / "tls").index(i++);
    std::size_t j = 0;
    for (const std::string& host : tls["hosts"].texts()) check_host(errors, host, (at / "hosts").index(j++));
    const std::string secret = tls["secretName"].text();
    if (!options.invalid_secret_names && !secret.empty()) errors.invalid_each(at / "secretName", secret, dns1123_subdomain_errors(secret));
  }
  if (spec.has("ingressClassName")) {
    const std::string name = spec["ingressClassName"].text();
    errors.invalid_each(path / "ingressClassName", name, dns1123_subdomain_errors(name));
  }
}

void check_policy_port(FieldErrors& errors, const View& entry, const FieldPath& path) {
  const View port = entry["port"];
  const View end = entry["endPort"];
  if (entry.has("protocol")) check_one_of(errors, entry["protocol"], {"TCP", "UDP", "SCTP"}, path / "protocol");
  if (!port.present()) {
    if (end.present()) errors.invalid(path / "endPort", end.number(), "may not be specified when `port` is not specified");
  } else if (port.is_text()) {
    if (end.present()) errors.invalid(path / "endPort", end.number(), "may not be specified when `port` is non-numeric");
    errors.invalid_each(path / "port", port.text(), port_name_errors(port.text()));
  } else {
    errors.invalid_each(path / "port", port.number(), port_number_errors(port.number()));
    if (!end.present()) return;
    if (end.number() < port.number()) errors.invalid(path / "endPort", port.number(), "must be greater than or equal to `port`");
    errors.invalid_each(path / "endPort", end.number(), port_number_errors(end.number()));
  }
}

void check_block(FieldErrors& errors, const View& block, const FieldPath& path, const std::vector<std::string>& existing) {
  const std::string cidr = block["cidr"].text();
  if (cidr.empty()) return errors.required(path / "cidr");
  check_cidr(errors, cidr, path / "cidr", existing);
  const auto whole = parse_cidr(cidr);
  if (!whole) return;
  std::size_t i = 0;
  for (const std::string& text : block["except"].texts()) {
    const FieldPath at = (path / "except").index(i++);
    check_cidr(errors, text, at, existing);
    const auto part = parse_cidr(text);
    if (!part) continue;
    if (!contains_address(*whole, masked(*part)) || whole->prefix >= part->prefix) errors.invalid(at, text, "must be a strict subset of `cidr`");
  }
}

void check_peer(FieldErrors& errors, const View& peer, const FieldPath& path, bool allow_invalid_values, const std::vector<std::string>& existing) {
  int peers = 0;
  for (const char* field : {"podSelector", "namespaceSelector"}) {
    if (!peer.has(field)) continue;
    ++peers;
    check_label_selector(errors, peer[field], path / field, allow_invalid_values);
  }
  if (peer.has("ipBlock")) {
    ++peers;
    check_block(errors, peer["ipBlock"], path / "ipBlock", existing);
  }
  if (peers == 0) {
    errors.required(path, "must specify a peer");
  } else if (peers > 1 && peer.has("ipBlock")) {
    errors.forbidden(path, "may not specify both ipBlock and another peer");
  }
}

void check_policy_spec(FieldErrors& errors, const View& spec, const FieldPath& path, bool allow_invalid_values, const std::vector<std::string>& existing) {
  check_label_selector(errors, spec["podSelector"], path / "podSelector", allow_invalid_values);
  for (const auto& [direction, peers] : {std::pair("ingress", "from"), std::pair("egress", "to")}) {
    std::size_t i = 0;
    for (const View& rule : spec[direction].items()) {
      const FieldPath at = (path / direction).index(i++);
      std::size_t j = 0;
      for (const View& port : rule["ports"].items()) check_policy_port(errors, port, (at / "ports").index(j++));
      j = 0;
      for (const View& peer : rule[peers].items()) check_peer(errors, peer, (at / peers).index(j++), allow_invalid_values, existing);
    }
  }
  if (spec["policyTypes"].size() > 2) return errors.invalid(path / "policyTypes", spec["policyTypes"], "may not specify more than two policyTypes");
  std::size_t i = 0;
  for (const View& type : spec["policyTypes"].items()) check_one_of(errors, type, {"Ingress", "Egress"}, (path / "policyTypes").index(i++));
}

std::vector<std::string> blocks_of(const View& policy) {
  std::vector<std::string> found;
  for (const auto& [direction, peers] : {std::pair("ingress", "from"), std::pair("egress", "to")}) {
    for (const View& rule : policy["spec"][direction].items()) {
      for (const View& peer : rule[peers].items()) {
        if (!peer.has("ipBlock")) continue;
        found.push_back(peer["ipBlock"]["cidr"].text());
        for (const std::string& text : peer["ipBlock"]["except"].texts()) found.push_back(text);
      }
    }
  }
  return found;
}

}  // namespace

void check_ingress(FieldErrors& errors, const View& object, const View& old) {
  constexpr const char* kClass = "kubernetes.io/ingress.class";
  check_meta(errors, object, old, true, name_is_subdomain);
  check_ingress_spec(errors, object["spec"], "spec", options_of(old));
  if (old.present()) return;
  const View annotation = object.at("metadata", "annotations")[kClass];
  const View name = object.at("spec", "ingressClassName");
  if (annotation.present() && name.present() && annotation.text() != name.text()) {
    errors.invalid(FieldPath("annotations") / kClass, annotation.text(), "must match `ingressClassName` when both are specified");
  }
}

void check_ingress_class(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  const FieldPath path("spec");
  if (old.present()) {
    check_object_meta_update(errors, object["metadata"], old["metadata"], true);
    check_immutable(errors, spec["controller"], old["spec"]["controller"], path / "controller");
  }
  check_object_meta(errors, object["metadata"], false, name_is_subdomain);
  const std::string controller = spec["controller"].text();
  if (controller.size() > 250) errors.too_long(path / "controller", 250);
  check_domain_prefixed_path(errors, path / "controller", controller);
  const View parameters = spec["parameters"];
  if (!parameters.present()) return;
  const FieldPath at = path / "parameters";
  check_object_reference(errors, parameters, at);
  const std::string scope = parameters["scope"].text();
  const View name_space = parameters["namespace"];
  if (!parameters.has("scope")) errors.required(at / "scope");
  check_one_of(errors, parameters["scope"], {"Cluster", "Namespace"}, at / "scope");
  if (scope == "Namespace" && !name_space.present()) errors.required(at / "namespace", "`parameters.scope` is set to 'Namespace'");
  if (scope == "Namespace" && name_space.present()) errors.invalid_each(at / "namespace", name_space.text(), dns1123_label_errors(name_space.text()));
  if (scope == "Cluster" && name_space.present()) errors.forbidden(at / "namespace", "`parameters.scope` is set to 'Cluster'");
}

void check_network_policy(FieldErrors& errors, const View& object, const View& old) {
  FieldErrors of_old;
  check_label_selector(of_old, old.at("spec", "podSelector"), "");
  check_object_meta(errors, object["metadata"], true, name_is_subdomain);
  check_policy_spec(errors, object["spec"], "spec", !of_old.empty(), {});
  if (!old.present()) return;
  check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  check_policy_spec(errors, object["spec"], "spec", !of_old.empty(), blocks_of(old));
}

}  // namespace tandem::cluster::api
