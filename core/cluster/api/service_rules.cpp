// Services.

#include <fmt/format.h>

#include <set>

#include "core/cluster/api/address_rules.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

bool is_headless(const View& spec) { return spec["clusterIPs"].size() == 1 && spec["clusterIPs"][0].text() == "None"; }
bool is_balancer(const View& spec) { return spec["type"].text() == "LoadBalancer"; }

bool is_external(const View& spec) {
  const std::string type = spec["type"].text();
  return type == "LoadBalancer" || type == "NodePort" || (type == "ClusterIP" && !spec["externalIPs"].empty());
}

bool needs_health_check(const View& spec) { return is_balancer(spec) && spec["externalTrafficPolicy"].text() == "Local"; }

bool is_v6(const std::string& text) {
  const auto address = parse_ip(text);
  return address && !address->is_v4;
}

/// Both families, and nothing but one address of each.
bool is_dual_stack(const std::vector<std::string>& texts) {
  bool v4 = false;
  bool v6 = false;
  for (const std::string& text : texts) (is_v6(text) ? v6 : v4) = true;
  return v4 && v6;
}

void check_type(FieldErrors& errors, const View& spec, const FieldPath& path) {
  const std::string type = spec["type"].text();
  if ((type == "LoadBalancer" || type == "NodePort") && is_headless(spec)) {
    errors.invalid((path / "clusterIPs").index(0), "None", fmt::format("may not be set to 'None' for {} services", type));
  }
  if (type != "ExternalName") return;
  constexpr std::string_view kForbidden = "may not be set for ExternalName services";
  if (!spec["clusterIPs"].empty()) errors.forbidden(path / "clusterIPs", kForbidden);
  if (!spec["ipFamilies"].empty()) errors.forbidden(path / "ipFamilies", kForbidden);
  if (spec.has("ipFamilyPolicy")) errors.forbidden(path / "ipFamilyPolicy", kForbidden);
  std::string name = spec["externalName"].text();
  if (name.ends_with('.')) name.pop_back();
  if (name.empty()) return errors.required(path / "externalName");
  errors.invalid_each(path / "externalName", name, dns1123_subdomain_errors(name));
}

void check_port(FieldErrors& errors, const View& port, bool require_name, std::set<std::string>& names, const FieldPath& path) {
  const std::string name = port["name"].text();
  if (name.empty()) {
    if (require_name) errors.required(path / "name");
  } else {
    errors.invalid_each(path / "name", name, dns1123_label_errors(name));
    if (!names.insert(name).second) errors.duplicate(path / "name", name);
  }
  errors.invalid_each(path / "port", port["port"].number(), port_number_errors(port["port"].number()));
  if (port["protocol"].text().empty()) {
    errors.required(path / "protocol");
  } else {
    check_one_of(errors, port["protocol"], port_protocols(), path / "protocol");
  }
  check_port_number_or_name(errors, port["targetPort"], path / "targetPort");
  if (const View app = port["appProtocol"]; app.present()) errors.invalid_each(path / "appProtocol", app.text(), qualified_name_errors(app.text()));
}

void check_affinity_config(FieldErrors& errors, const View& spec, const FieldPath& path) {
  const std::string affinity = spec["sessionAffinity"].text();
  const View config = spec["sessionAffinityConfig"];
  const FieldPath at = path / "sessionAffinityConfig";
  if (affinity.empty()) {
    errors.required(path / "sessionAffinity");
  } else {
    check_one_of(errors, spec["sessionAffinity"], {"ClientIP", "None"}, path / "sessionAffinity");
  }
  if (affinity == "None" && config.present()) errors.forbidden(at, "must not be set when session affinity is None");
  if (affinity != "ClientIP") return;
  constexpr std::string_view kWhen = "when session affinity type is ClientIP";
  constexpr std::int64_t kDay = 86400;  // seconds
  if (!config.present()) return errors.required(at, kWhen);
  if (!config.has("clientIP")) return errors.required(at / "clientIP", kWhen);
  const View timeout = config.at("clientIP", "timeoutSeconds");
  if (!timeout.present()) return errors.required(at / "clientIP" / "timeoutSeconds", kWhen);
  if (timeout.number() <= 0 || timeout.number() > kDay) {
    errors.invalid(at / "clientIP" / "timeoutSeconds", timeout.number(), "must be greater than 0 and less than 86400");
  }
}

void check_families(FieldErrors& errors, const View& spec, const FieldPath& path) {
  std::set<std::string> seen;
  std::size_t i = 0;
  for (const View& family : spec["ipFamilies"].items()) {
    const FieldPath at = (path / "ipFamilies").index(i++);
    check_one_of(errors, family, {"IPv4", "IPv6"}, at);
    if (!seen.insert(family.text()).second) errors.duplicate(at, family.text());
  }
  if (spec.has("ipFamilyPolicy")) check_one_of(errors, spec["ipFamilyPolicy"], {"PreferDualStack", "RequireDualStack", "SingleStack"}, path / "ipFamilyPolicy");
}

void check_cluster_ips(FieldErrors& errors, const View& spec, const View& old, const FieldPath& spec_path) {
  if (spec["type"].text() == "ExternalName") return;
  const FieldPath path = spec_path / "clusterIPs";
  const View list = spec["clusterIPs"];
  const std::vector<std::string> addresses = list.texts();
  if (const std::string first = spec["clusterIP"].text(); !first.empty()) {
    if (addresses.empty()) {
      errors.required(path);
    } else if (addresses[0] != first) {
      errors.invalid(path, list, "first value must match `clusterIP`");
    }
  } else if (!addresses.empty()) {
    errors.invalid(path, list, "must be empty when `clusterIP` is not specified");
  }
  check_families(errors, spec, spec_path);
  bool broken = false;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i == 0 && addresses[0] == "None") {
      if (addresses.size() > 1) {
        broken = true;
        errors.invalid(path, list, "'None' must be the first and only value");
      }
      continue;
    }
    const std::size_t before = errors.size();
    check_ip(errors, addresses[i], path.index(i), old["clusterIPs"].texts());
    broken = broken || errors.size() != before;
  }
  if (addresses.size() > 2) errors.invalid(path, list, "may only hold up to 2 values");
  if (broken) return;
  if (addresses.size() > 1 && !is_dual_stack(addresses)) errors.invalid(path, list, "may specify no more than one IP for each IP family");
  if (is_headless(spec)) return;
  const std::vector<std::string> families = spec["ipFamilies"].texts();
  for (std::size_t i = 0; i < std::min(addresses.size(), families.size()); ++i) {
    const bool wrong = families[i] == "IPv4" ? is_v6(addresses[i]) : families[i] == "IPv6" && !is_v6(addresses[i]);
    if (wrong) errors.invalid(path.index(i), addresses[i], fmt::format("expected an {} value as indicated by `ipFamilies[{}]`", families[i], i));
  }
}

void check_node_ports(FieldErrors& errors, const View& spec, const FieldPath& path) {
  std::set<std::pair<std::string, std::int64_t>> node_ports;
  std::set<std::pair<std::string, std::int64_t>> ports;
  const std::vector<View> list = spec["ports"].items();
  if (spec["type"].text() == "ClusterIP") {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i]["nodePort"].number() != 0) errors.forbidden(path.index(i) / "nodePort", "may not be used when `type` is 'ClusterIP'");
    }
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::int64_t number = list[i]["nodePort"].number();
    if (number != 0 && !node_ports.emplace(list[i]["protocol"].text(), number).second) errors.duplicate(path.index(i) / "nodePort", number);
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string protocol = list[i]["protocol"].text();
    const std::int64_t number = list[i]["port"].number();
    if (ports.emplace(protocol, number).second) continue;
    errors.duplicate(path.index(i), BadValue::raw(fmt::format("{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                                                              go_quote(protocol), number)));
  }
}

void check_source_ranges(FieldErrors& errors, const View& object, const View& old, const FieldPath& path) {
  constexpr std::string_view kOnlyBalancers = "may only be used when `type` is 'LoadBalancer'";
  constexpr const char* kAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";
  const View spec = object["spec"];
  if (!spec["loadBalancerSourceRanges"].empty()) {
    const FieldPath at = path / "LoadBalancerSourceRanges";
    if (!is_balancer(spec)) errors.forbidden(at, kOnlyBalancers);
    std::vector<std::string> existing;
    for (const std::string& range : old.at("spec", "loadBalancerSourceRanges").texts()) existing.push_back(trimmed(range));
    std::size_t i = 0;
    for (const std::string& range : spec["loadBalancerSourceRanges"].texts()) check_cidr(errors, trimmed(range), at.index(i++), existing);
    return;
  }
  const View annotation = object.at("metadata", "annotations")[kAnnotation];
  if (!annotation.present()) return;
  const FieldPath at = FieldPath("metadata.annotations").key(kAnnotation);
  if (!is_balancer(spec)) errors.forbidden(at, kOnlyBalancers);
  const View before = old.at("metadata", "annotations")[kAnnotation];
  const std::string value = trimmed(annotation.text());
  if ((before.present() && before.text() == annotation.text()) || value.empty()) return;
  for (const std::string& range : split_text(value, ',')) check_cidr(errors, trimmed(range), at);
}

void check_balancer_fields(FieldErrors& errors, const View& spec, const View& old, const FieldPath& path) {
  if (old.present() && is_balancer(old) && is_balancer(spec) && !(old["loadBalancerClass"] == spec["loadBalancerClass"])) {
    errors.invalid(path / "loadBalancerClass", spec["loadBalancerClass"], "may not change once set");
  }
  const View balancer = spec["loadBalancerClass"];
  if (!balancer.present()) return;
  if (is_balancer(spec)) {
    errors.invalid_each(path / "loadBalancerClass", balancer.text(), qualified_name_errors(balancer.text()));
  } else {
    errors.forbidden(path / "loadBalancerClass", "may only be used when `type` is 'LoadBalancer'");
  }
}

void check_traffic_policies(FieldErrors& errors, const View& spec, const FieldPath& path) {
  const std::string external = spec["externalTrafficPolicy"].text();
  if (!is_external(spec)) {
    if (!external.empty()) errors.invalid(path / "externalTrafficPolicy", external, "may only be set for externally-accessible services");
  } else if (external.empty()) {
    errors.required(path / "externalTrafficPolicy");
  } else {
    check_one_of(errors, spec["externalTrafficPolicy"], {"Cluster", "Local"}, path / "externalTrafficPolicy");
  }
  const std::int64_t health = spec["healthCheckNodePort"].number();
  if (!needs_health_check(spec)) {
    if (health != 0) {
      errors.invalid(path / "healthCheckNodePort", health, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
    }
  } else if (health == 0) {
    errors.required(path / "healthCheckNodePort");
  } else {
    errors.invalid_each(path / "healthCheckNodePort", health, port_number_errors(health));
  }
  const std::string type = spec["type"].text();
  if (spec.has("internalTrafficPolicy")) {
    check_one_of(errors, spec["internalTrafficPolicy"], {"Cluster", "Local"}, path / "internalTrafficPolicy");
  } else if (type == "NodePort" || type == "LoadBalancer" || type == "ClusterIP") {
    errors.required(path / "internalTrafficPolicy");
  }
  if (spec.has("trafficDistribution")) check_one_of(errors, spec["trafficDistribution"], {"PreferClose", "PreferSameZone", "PreferSameNode"}, path / "trafficDistribution");
}

void check_address_change(FieldErrors& errors, const View& spec, const View& old, const FieldPath& path) {
  constexpr std::string_view kFixed = "may not change once set";
  if (spec["type"].text() == "ExternalName" || old["type"].text() == "ExternalName") return;
  const auto compare = [&](const char* field, bool families) {
    const View list = spec[field];
    const std::vector<std::string> now = list.texts();
    const std::vector<std::string> before = old[field].texts();
    const FieldPath at = path / field;
    const std::string_view what = families ? "ipFamily" : "clusterIP";
    if (now.size() == before.size()) {
      for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i] != before[i]) errors.invalid(at.index(families ? 0 : i), list, kFixed);
      }
      return;
    }
    if (before.size() > now.size() && spec["clusterIPs"].empty()) errors.invalid(at.index(0), list, fmt::format("primary {} can not be unset", what));
    if (!now.empty() && !before.empty() && now[0] != before[0]) errors.invalid(at.index(0), spec["clusterIPs"], kFixed);
    if (before.size() > now.size() && now.size() == 1 && spec["ipFamilyPolicy"].text() != "SingleStack") {
      errors.invalid(path / "ipFamilyPolicy", spec["ipFamilyPolicy"], fmt::format("must be set to 'SingleStack' when releasing the secondary {}", what));
    }
  };
  if (!is_headless(old) || !is_headless(spec)) compare("clusterIPs", false);
  if (is_headless(old) == is_headless(spec) && !is_headless(spec)) compare("ipFamilies", true);
}

}  // namespace

void check_service(FieldErrors& errors, const View& object, const View& old) {
  constexpr const char* kHints = "service.kubernetes.io/topology-aware-hints";
  constexpr const char* kMode = "service.kubernetes.io/topology-mode";
  const View spec = object["spec"];
  const FieldPath path("spec");
  if (old.present()) {
    check_object_meta_update(errors, object["metadata"], old["metadata"], true);
    check_address_change(errors, spec, old["spec"], path);
    check_balancer_fields(errors, spec, old["spec"], path);
    if (needs_health_check(old["spec"]) && needs_health_check(spec) && old.at("spec", "healthCheckNodePort").number() != spec["healthCheckNodePort"].number()) {
      errors.forbidden(path / "healthCheckNodePort", kImmutable);
    }
  } else {
    check_object_meta(errors, object["metadata"], true, name_is_dns1035_label);
  }
  const View annotations = object.at("metadata", "annotations");
  if (annotations.has(kMode) && annotations.has(kHints) && annotations[kMode].text() != annotations[kHints].text()) {
    errors.invalid(FieldPath("metadata.annotations").key(kMode), annotations[kMode].text(), fmt::format("must match annotations[{}] when both are specified", kHints));
  }
  if (spec["ports"].empty() && !is_headless(spec) && spec["type"].text() != "ExternalName") errors.required(path / "ports");
  check_type(errors, spec, path);
  std::set<std::string> names;
  std::size_t i = 0;
  for (const View& port : spec["ports"].items()) check_port(errors, port, spec["ports"].size() > 1, names, (path / "ports").index(i++));
  check_labels(errors, spec["selector"], path / "selector");
  check_affinity_config(errors, spec, path);
  check_cluster_ips(errors, spec, old["spec"], path);
  i = 0;
  for (const std::string& address : spec["externalIPs"].texts()) {
    const FieldPath at = (path / "externalIPs").index(i++);
    const std::size_t before = errors.size();
    check_ip(errors, address, at, old.at("spec", "externalIPs").texts());
    if (errors.size() == before) check_endpoint_ip(errors, address, at);
  }
  if (spec["type"].text().empty()) {
    errors.required(path / "type");
  } else {
    check_one_of(errors, spec["type"], {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}, path / "type");
  }
  check_node_ports(errors, spec, path / "ports");
  check_source_ranges(errors, object, old, path);
  if (spec.has("allocateLoadBalancerNodePorts") && !is_balancer(spec)) {
    errors.forbidden(path / "allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'");
  }
  if (is_balancer(spec) && !spec.has("allocateLoadBalancerNodePorts")) errors.required("allocateLoadBalancerNodePorts");
  check_balancer_fields(errors, spec, {}, path);
  check_traffic_policies(errors, spec, path);
}

}  // namespace tandem::cluster::api
