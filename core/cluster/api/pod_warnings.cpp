#include <fmt/format.h>

#include <map>
#include <set>

#include "core/cluster/api/address_rules.hpp"
#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/rules.hpp"
#include "core/cluster/api/warnings.hpp"

namespace tandem::cluster::api {

namespace {

const std::map<std::string, std::string>& deprecated_labels() {
  static const std::map<std::string, std::string> kLabels = {
      {"beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"},
      {"beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"},
      {"failure-domain.beta.kubernetes.io/region", "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"},
      {"failure-domain.beta.kubernetes.io/zone", "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"},
      {"beta.kubernetes.io/instance-type", "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"},
      {"app.kubernetes.io/created-by", "deprecated since v1.9"},
      {"scheduler.alpha.kubernetes.io/preferAvoidPods", "deprecated since v1.22; use Taints and Tolerations instead"},
      {"node-role.kubernetes.io/master", "use \"node-role.kubernetes.io/control-plane\" instead"}};
  return kLabels;
}

constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view kNullSelector = "a null labelSelector results in matching no pod";

void add_placement(Warnings& warnings, const View& spec, const FieldPath& path) {
  for (const auto& [key, value] : spec["nodeSelector"].entries()) add_label_warning(warnings, key, (path / "nodeSelector").key(key), false);
  const View affinity = spec.at("affinity", "nodeAffinity");
  const FieldPath at = path / "affinity" / "nodeAffinity";
  std::size_t i = 0;
  for (const View& term : affinity.at(kRequired, "nodeSelectorTerms").items()) {
    add_node_term_warnings(warnings, term, false, (at / kRequired / "nodeSelectorTerms").index(i++));
  }
  i = 0;
  for (const View& term : affinity[kPreferred].items()) add_node_term_warnings(warnings, term["preference"], true, (at / kPreferred).index(i++) / "preference");
  i = 0;
  for (const View& constraint : spec["topologySpreadConstraints"].items()) {
    const FieldPath one = (path / "topologySpreadConstraints").index(i++);
    add_label_warning(warnings, constraint["topologyKey"].text(), one / "topologyKey", true);
    if (!constraint.has("labelSelector")) warnings.push_back(fmt::format("{}: {}", (one / "labelSelector").text(), kNullSelector));
  }
}

void add_annotations(Warnings& warnings, const View& annotations, const FieldPath& path) {
  for (const auto& [key, text] : {std::pair("scheduler.alpha.kubernetes.io/critical-pod", "non-functional in v1.16+; use the \"priorityClassName\" field instead"),
                                  std::pair("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
                                  std::pair("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead")}) {
    if (annotations.has(key)) warnings.push_back(fmt::format("{}: {}", (path / "metadata" / "annotations").key(key).text(), text));
  }
}

void add_duplicates(Warnings& warnings, const View& list, const char* field, std::string_view word, const FieldPath& path) {
  std::set<std::string> seen;
  std::size_t i = 0;
  for (const View& item : list.items()) {
    const FieldPath at = path.index(i++) / field;
    if (!seen.insert(item[field].text()).second) warnings.push_back(fmt::format("{}: duplicate {} {}", at.text(), word, go_quote(item[field].text())));
  }
}

void add_environment(Warnings& warnings, const View& variables, const FieldPath& path) {
  std::set<std::string> names;
  std::size_t i = 0;
  for (const View& variable : variables.items()) {
    const FieldPath at = path.index(i++);
    const std::string name = variable["name"].text();
    if (names.insert(name).second) continue;
    const std::string reference = fmt::format("$({})", name);
    const std::string value = variable["value"].text();
    if (variable.has("valueFrom") || value == reference || value.find(reference) == std::string::npos) {
      warnings.push_back(fmt::format("{}: hides previous definition of {}, which may be dropped when using apply", at.text(), go_quote(name)));
    }
  }
}

void add_container(Warnings& warnings, const View& container, const View& meta, const View& spec, const FieldPath& path, const FieldPath& root, bool is_template) {
  const View annotations = meta["annotations"];
  const std::string name = container["name"].text();
  const FieldPath annotation_path = root / "metadata" / "annotations";
  const std::string seccomp = fmt::format("container.seccomp.security.alpha.kubernetes.io/{}", name);
  if (!container.at("securityContext", "seccompProfile").present() && annotations.has(seccomp)) {
    warnings.push_back(fmt::format("{}: non-functional in v1.27+; use the \"seccompProfile\" field instead", annotation_path.key(seccomp).text()));
  }
  const std::string armor = fmt::format("container.apparmor.security.beta.kubernetes.io/{}", name);
  if (is_template && !container.at("securityContext", "appArmorProfile").present() && annotations.has(armor)) {
    const View of_pod = spec.at("securityContext", "appArmorProfile");
    const std::string text = annotations[armor].text();
    const bool same = (text == "unconfined" && of_pod["type"].text() == "Unconfined") || (text == "runtime/default" && of_pod["type"].text() == "RuntimeDefault") ||
                      (of_pod["type"].text() == "Localhost" && text == fmt::format("localhost/{}", of_pod["localhostProfile"].text()));
    if (!of_pod.present() || !same) {
      warnings.push_back(fmt::format("{}: deprecated since v1.30; use the \"appArmorProfile\" field instead", annotation_path.key(armor).text()));
    }
  }
  for (const char* resource : {"memory", "ephemeral-storage"}) {
    for (const char* side : {"limits", "requests"}) add_fraction_warning(warnings, container["resources"][side], resource, path / "resources" / side);
  }
  add_environment(warnings, container["env"], path / "env");
}

struct PortBlock {
  FieldPath path;
  std::string host_ip;
  std::int64_t host_port;
};

void add_ports(Warnings& warnings, const View& spec, const FieldPath& path) {
  std::map<std::string, std::vector<PortBlock>> blocks;
  for (const auto& [container, container_path] : containers_of(spec, path)) {
    std::size_t i = 0;
    for (const View& port : container["ports"].items()) {
      const PortBlock block{(container_path / "ports").index(i++), port["hostIP"].text(), port["hostPort"].number()};
      if (!block.host_ip.empty() && block.host_port == 0) {
        warnings.push_back(fmt::format("{}: hostIP set without hostPort: {{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}", block.path.text(), port["name"].text(), 0,
                                       port["containerPort"].number(), port["protocol"].text(), block.host_ip));
      }
      std::vector<PortBlock>& others = blocks[fmt::format("{}/{}", port["containerPort"].number(), port["protocol"].text())];
      for (const PortBlock& other : others) {
        const char* what = nullptr;
        if (block.host_ip == other.host_ip && block.host_port == other.host_port) {
          what = "duplicate";
        } else if (block.host_port == 0 || other.host_port == 0) {
          what = "overlapping";
        } else if (block.host_port == other.host_port && block.host_ip.empty() != other.host_ip.empty()) {
          what = "dangerously ambiguous";
        }
        if (what != nullptr) warnings.push_back(fmt::format("{}: {} port definition with {}", block.path.text(), what, other.path.text()));
      }
      others.push_back(block);
    }
  }
  std::map<std::string, std::string> names;
  for (const auto& [container, container_path] : containers_of(spec, path)) {
    std::size_t i = 0;
    for (const View& port : container["ports"].items()) {
      const FieldPath at = (container_path / "ports").index(i++);
      const std::string name = port["name"].text();
      if (name.empty()) continue;
      const auto [first, fresh] = names.emplace(name, at.text());
      if (fresh) continue;
      warnings.push_back(fmt::format("{}: duplicate port name {} with {}, services and probes that select ports by name will use {}", at.text(), go_quote(name), first->second,
                                     first->second));
    }
  }
}

void add_pod_affinity(Warnings& warnings, const View& spec, const FieldPath& path) {
  for (const char* kind : {"podAffinity", "podAntiAffinity"}) {
    const View affinity = spec["affinity"][kind];
    const FieldPath at = path / "affinity" / kind;
    std::size_t i = 0;
    for (const View& term : affinity[kRequired].items()) {
      const FieldPath one = (at / kRequired).index(i++) / "labelSelector";
      if (!term.has("labelSelector")) warnings.push_back(fmt::format("{}: {}", one.text(), kNullSelector));
    }
    i = 0;
    for (const View& term : affinity[kPreferred].items()) {
      const FieldPath one = (at / kPreferred).index(i++) / "podAffinityTerm" / "labelSelector";
      if (!term["podAffinityTerm"].has("labelSelector")) warnings.push_back(fmt::format("{}: {}", one.text(), kNullSelector));
    }
  }
}

bool is_strict_ip(const std::string& text) {
  const auto address = parse_ip(text);
  return address && !address->leading_zero && !(address->is_v4 && address->has_colon);
}

}  // namespace

void add_label_warning(Warnings& warnings, const std::string& key, const FieldPath& path, bool names_key) {
  const auto found = deprecated_labels().find(key);
  if (found == deprecated_labels().end()) return;
  warnings.push_back(names_key ? fmt::format("{}: {} is {}", path.text(), key, found->second) : fmt::format("{}: {}", path.text(), found->second));
}

void add_node_term_warnings(Warnings& warnings, const View& term, bool check_values, const FieldPath& path) {
  std::size_t i = 0;
  for (const View& expression : term["matchExpressions"].items()) {
    const FieldPath at = (path / "matchExpressions").index(i++);
    add_label_warning(warnings, expression["key"].text(), at / "key", true);
    std::size_t j = 0;
    for (const std::string& value : expression["values"].texts()) {
      const FieldPath value_path = (at / "values").index(j++);
      if (!check_values) continue;
      for (const std::string& message : label_value_errors_of(value)) warnings.push_back(fmt::format("{}: {} is invalid, {}", value_path.text(), value, message));
    }
  }
}

void add_ip_warnings(Warnings& warnings, const std::string& text, const FieldPath& path) {
  const auto address = parse_ip(text);
  if (!address) return;
  const std::string canonical = to_text(*address);
  if (!is_strict_ip(text)) {
    warnings.push_back(fmt::format("{}: non-standard IP address {} will be considered invalid in a future Kubernetes release: use {}", path.text(), go_quote(text), go_quote(canonical)));
  } else if (address->has_colon && canonical != text) {
    warnings.push_back(fmt::format("{}: IPv6 address {} should be in RFC 5952 canonical format ({})", path.text(), go_quote(text), go_quote(canonical)));
  }
}

void add_cidr_warnings(Warnings& warnings, const std::string& text, const FieldPath& path) {
  const auto block = parse_cidr(text);
  if (!block) return;
  const std::size_t before = warnings.size();
  const IpAddress network = masked(*block);
  if (network.bytes != block->address.bytes) {
    warnings.push_back(fmt::format("{}: CIDR value {} is ambiguous in this context (should be {} or {}?)", path.text(), go_quote(text), go_quote(network_text(*block)),
                                   go_quote(fmt::format("{}/{}", to_text(block->address), block->bits))));
  }
  const bool mapped = block->address.is_v4 && block->address.has_colon;
  if (block->leading_zero || mapped) {
    warnings.push_back(fmt::format("{}: non-standard CIDR value {} will be considered invalid in a future Kubernetes release: use {}", path.text(), go_quote(text),
                                   go_quote(network_text(*block))));
  }
  const std::string canonical = fmt::format("{}/{}", to_text(block->address), block->prefix);
  if (warnings.size() == before && block->bits == 128 && canonical != text) {
    warnings.push_back(fmt::format("{}: IPv6 CIDR value {} should be in RFC 5952 canonical format ({})", path.text(), go_quote(text), go_quote(canonical)));
  }
}

void add_fraction_warning(Warnings& warnings, const View& list, const char* resource, const FieldPath& path) {
  if (!list.has(resource)) return;
  const Quantity quantity = quantity_of(list[resource]);
  if (quantity.milli_value() % 1000 == 0) return;
  warnings.push_back(fmt::format("{}: fractional byte value {} is invalid, must be an integer", path.key(resource).text(), go_quote(quantity.text())));
}

void add_pod_warnings(Warnings& warnings, const View& meta, const View& spec, const FieldPath& path, bool is_template) {
  const FieldPath at = path / "spec";
  add_placement(warnings, spec, at);
  add_annotations(warnings, meta["annotations"], path);
  add_volume_warnings(warnings, spec["volumes"], at / "volumes");
  add_overlap_warnings(warnings, spec["volumes"]);
  add_duplicates(warnings, spec["hostAliases"], "ip", "ip", at / "hostAliases");
  add_duplicates(warnings, spec["imagePullSecrets"], "name", "name", at / "imagePullSecrets");
  std::size_t i = 0;
  for (const View& secret : spec["imagePullSecrets"].items()) {
    const FieldPath one = (at / "imagePullSecrets").index(i++) / "name";
    if (secret["name"].text().empty()) warnings.push_back(fmt::format("{}: invalid empty name \"\"", one.text()));
  }
  for (const char* resource : {"memory", "ephemeral-storage"}) add_fraction_warning(warnings, spec["overhead"], resource, at / "overhead");
  constexpr const char* kSeccomp = "seccomp.security.alpha.kubernetes.io/pod";
  if (!spec.at("securityContext", "seccompProfile").present() && meta["annotations"].has(kSeccomp)) {
    warnings.push_back(fmt::format("{}: non-functional in v1.27+; use the \"seccompProfile\" field instead", (path / "metadata" / "annotations").key(kSeccomp).text()));
  }
  for (const auto& [container, container_path] : containers_of(spec, at)) add_container(warnings, container, meta, spec, container_path, path, is_template);
  add_ports(warnings, spec, at);
  if (spec["terminationGracePeriodSeconds"].number() < 0) {
    warnings.push_back(fmt::format("{}: must be >= 0; negative values are invalid and will be treated as 1", (at / "terminationGracePeriodSeconds").text()));
  }
  add_pod_affinity(warnings, spec, at);
  i = 0;
  for (const std::string& server : spec.at("dnsConfig", "nameservers").texts()) add_ip_warnings(warnings, server, (at / "dnsConfig" / "nameservers").index(i++));
  i = 0;
  for (const View& alias : spec["hostAliases"].items()) add_ip_warnings(warnings, alias["ip"].text(), (at / "hostAliases").index(i++) / "ip");
}

}  // namespace tandem::cluster::api
