#include "core/scenario/pod_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/scenario/notations.hpp"

namespace tandem::scenario {
namespace {

/// IANA service name, as Kubernetes wants port names: [a-z0-9-], at most 15, at least one letter.
bool is_port_name(std::string_view name) {
  if (name.empty() || name.size() > 15 || name.front() == '-' || name.back() == '-' || name.find("--") != std::string_view::npos) return false;
  const bool alphabet = std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  return alphabet && std::any_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

void check_amount(const RuleContext& context, const std::string& path, const std::string& name, const Quantity& amount) {
  constexpr std::array<std::string_view, 3> kStandard{"cpu", "memory", "ephemeral-storage"};
  const bool known = std::find(kStandard.begin(), kStandard.end(), name) != kStandard.end() || name.starts_with("hugepages-") ||
                     (name.find('/') != std::string::npos && is_label_key(name));
  if (!known) {
    const std::string nearest = nearest_name(name, kStandard);
    context.error(path_of_key(path, name), ErrorCode::ValueNotAllowed, "not a resource", name, "cpu, memory, ephemeral-storage, or an extended resource with its domain",
                  nearest.empty() ? "" : fmt::format("did you mean {}?", nearest));
  }
  if (amount.milli_value() < 0) {
    context.error(path_of_key(path, name), ErrorCode::ValueOutOfRange, "a negative amount", amount.text(), "0 or more");
  }
}

void check_resources(const RuleContext& context, const std::string& path, const cluster::ResourceRequirements& resources) {
  for (const auto& [name, amount] : resources.requests) {
    // Defaulting has copied limits that have no request: the mistake is the limit's then.
    if (!resources.limits.contains(name) || context.has(path_of_key(path + ".requests", name))) check_amount(context, path + ".requests", name, amount);
  }
  for (const auto& [name, amount] : resources.limits) {
    check_amount(context, path + ".limits", name, amount);
    const auto request = resources.requests.find(name);
    if (request != resources.requests.end() && request->second.milli_value() > amount.milli_value()) {
      context.error(path_of_key(path + ".requests", name), ErrorCode::ValueConflict, "more is requested than the limit allows", request->second.text(),
                    fmt::format("at most the limit of {}", amount.text()));
    }
  }
}

void check_at_least(const RuleContext& context, const std::string& path, std::int64_t value, std::int64_t minimum) {
  if (value < minimum) context.error(path, ErrorCode::ValueOutOfRange, "out of range", fmt::format("{}", value), fmt::format("{} or more", minimum));
}

void check_probe_port(const RuleContext& context, const std::string& path, const cluster::IntOrString& port, const cluster::Container& container) {
  if (const auto* number = std::get_if<std::int32_t>(&port.value)) return check_port_number(context, path, *number);
  const std::string& name = std::get<std::string>(port.value);
  const bool known = std::any_of(container.ports.begin(), container.ports.end(), [&](const cluster::ContainerPort& p) { return p.name == name; });
  if (!known) context.error(path, ErrorCode::ScenarioUnknownReference, "the container has no port of this name", name, "a port number, or the name of one of the container's ports");
}

void check_probe(const RuleContext& context, const std::string& path, const std::optional<cluster::Probe>& probe, const cluster::Container& container, bool readiness) {
  if (!probe) return;
  check_at_least(context, path + ".initialDelaySeconds", probe->initial_delay_seconds, 0);
  check_at_least(context, path + ".periodSeconds", probe->period_seconds, 1);
  check_at_least(context, path + ".timeoutSeconds", probe->timeout_seconds, 1);
  check_at_least(context, path + ".successThreshold", probe->success_threshold, 1);
  check_at_least(context, path + ".failureThreshold", probe->failure_threshold, 1);
  if (readiness && probe->termination_grace_period_seconds) {
    context.error(path + ".terminationGracePeriodSeconds", ErrorCode::ValueNotAllowed, "a readiness probe stops nothing", "", "no such field; liveness and startup probes have it");
  } else if (probe->termination_grace_period_seconds) {
    check_at_least(context, path + ".terminationGracePeriodSeconds", *probe->termination_grace_period_seconds, 1);
  }
  if (!readiness && probe->success_threshold != 1) {
    context.error(path + ".successThreshold", ErrorCode::ValueNotAllowed, "only readiness probes may ask for several successes", fmt::format("{}", probe->success_threshold), "1");
  }
  int actions = 0;
  for (const std::string_view action : {"httpGet", "tcpSocket", "exec", "grpc"}) {
    if (context.has(path_of_key(path, action))) ++actions;
  }
  if (actions != 1) {
    context.error(path, actions == 0 ? ErrorCode::ValueMissing : ErrorCode::ValueConflict, "a probe does exactly one thing", "", "one of httpGet, tcpSocket, exec, grpc");
    return;
  }
  if (const auto* http = std::get_if<cluster::HttpGetAction>(&probe->action)) {
    if (context.has(path + ".httpGet")) check_probe_port(context, path + ".httpGet.port", http->port, container);
  }
  if (const auto* tcp = std::get_if<cluster::TcpSocketAction>(&probe->action)) check_probe_port(context, path + ".tcpSocket.port", tcp->port, container);
}

void check_ports(const RuleContext& context, const std::string& path, const cluster::Container& container) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < container.ports.size(); ++i) {
    const cluster::ContainerPort& port = container.ports[i];
    const std::string at = path_of_index(path + ".ports", i);
    check_port_number(context, at + ".containerPort", port.container_port);
    check_protocol(context, at + ".protocol", port.protocol);
    if (!port.name.empty() && !is_port_name(port.name)) {
      context.error(at + ".name", ErrorCode::ValueBadPort, "not a name of a port", port.name, "at most 15 lower-case letters, digits and '-', with a letter");
    }
    if (!port.name.empty() && !names.insert(port.name).second) {
      context.error(at + ".name", ErrorCode::ValueDuplicateName, "two ports have the same name", port.name, "a name of its own for each port");
    }
  }
}

void check_container(const RuleContext& context, const std::string& path, const cluster::Container& container, std::set<std::string>& names) {
  if (!is_dns_label(container.name)) {
    context.error(path + ".name", container.name.empty() ? ErrorCode::ValueMissing : ErrorCode::ValueBadName, "not a name of a container", container.name,
                  "lower-case letters, digits and '-'");
  } else if (!names.insert(container.name).second) {
    context.error(path + ".name", ErrorCode::ValueDuplicateName, "two containers have the same name", container.name, "a name of its own for each container");
  }
  if (container.image.empty()) {
    context.error(path + ".image", ErrorCode::ValueMissing, "the container has no image", "", "an image reference such as web:1.0.0");
  } else if (!is_image_reference(container.image)) {
    context.error(path + ".image", ErrorCode::ValueBadImage, "not an image reference", container.image, "such as web:1.0.0");
  }
  constexpr std::array<std::string_view, 4> kPolicies{"", "Always", "IfNotPresent", "Never"};
  if (std::find(kPolicies.begin(), kPolicies.end(), container.image_pull_policy) == kPolicies.end()) {
    context.error(path + ".imagePullPolicy", ErrorCode::ValueNotAllowed, "an unknown pull policy", container.image_pull_policy, "Always, IfNotPresent, Never");
  }
  check_ports(context, path, container);
  check_resources(context, path + ".resources", container.resources);
  check_probe(context, path + ".readinessProbe", container.readiness_probe, container, true);
  check_probe(context, path + ".livenessProbe", container.liveness_probe, container, false);
  check_probe(context, path + ".startupProbe", container.startup_probe, container, false);
}

/// What only containers that stay may have: ordinary init containers run to their end.
void check_init_container(const RuleContext& context, const std::string& path, const cluster::Container& container) {
  if (!container.restart_policy.empty() && container.restart_policy != "Always") {
    context.error(path + ".restartPolicy", ErrorCode::ValueNotAllowed, "an init container is restarted always, as a sidecar, or like its pod", container.restart_policy, "Always, or none");
  }
  if (cluster::is_sidecar(container)) return;
  const std::array<std::pair<std::string_view, bool>, 4> fields{{{"livenessProbe", container.liveness_probe.has_value()},
                                                                 {"readinessProbe", container.readiness_probe.has_value()},
                                                                 {"startupProbe", container.startup_probe.has_value()},
                                                                 {"lifecycle", container.lifecycle.has_value()}}};
  for (const auto& [field, given] : fields) {
    if (!given) continue;
    context.error(path_of_key(path, field), ErrorCode::ValueNotAllowed, "an init container without restartPolicy Always runs to its end", "", "no such field, or restartPolicy: Always");
  }
}

void check_toleration(const RuleContext& context, const std::string& path, const cluster::Toleration& toleration) {
  constexpr std::array<std::string_view, 4> kEffects{"", "NoSchedule", "PreferNoSchedule", "NoExecute"};
  constexpr std::array<std::string_view, 3> kOperators{"", "Equal", "Exists"};
  if (std::find(kEffects.begin(), kEffects.end(), toleration.effect) == kEffects.end()) {
    context.error(path + ".effect", ErrorCode::ValueNotAllowed, "an unknown effect", toleration.effect, "NoSchedule, PreferNoSchedule, NoExecute");
  }
  if (std::find(kOperators.begin(), kOperators.end(), toleration.op) == kOperators.end()) {
    context.error(path + ".operator", ErrorCode::ValueNotAllowed, "an unknown operator", toleration.op, "Equal, Exists");
  }
  if (toleration.op == "Exists" && !toleration.value.empty()) {
    context.error(path + ".value", ErrorCode::ValueConflict, "a toleration with operator Exists has no value", toleration.value, "no value");
  }
  if (toleration.key.empty() && toleration.op != "Exists") {
    context.error(path, ErrorCode::ValueMissing, "a toleration without a key tolerates everything, and says so with operator Exists", "", "operator: Exists");
  }
}

}  // namespace

void check_port_number(const RuleContext& context, const std::string& path, std::int64_t port) {
  if (port >= 1 && port <= 65535) return;
  context.error(path, ErrorCode::ValueBadPort, "not a port number", fmt::format("{}", port), "1 to 65535");
}

void check_port_reference(const RuleContext& context, const std::string& path, const cluster::IntOrString& port) {
  if (const auto* number = std::get_if<std::int32_t>(&port.value)) {
    if (*number != 0) check_port_number(context, path, *number);
  } else if (const std::string& name = std::get<std::string>(port.value); !is_port_name(name)) {
    context.error(path, ErrorCode::ValueBadPort, "not a name of a port", name, "a port number without quotes, or the name of a port",
                  name.find_first_not_of("0123456789") == std::string::npos ? "remove the quotes" : "");
  }
}

void check_protocol(const RuleContext& context, const std::string& path, const std::string& protocol) {
  constexpr std::array<std::string_view, 3> kProtocols{"TCP", "UDP", "SCTP"};
  if (std::find(kProtocols.begin(), kProtocols.end(), protocol) != kProtocols.end()) return;
  context.error(path, ErrorCode::ValueNotAllowed, "an unknown protocol", protocol, "TCP, UDP, SCTP");
}

void check_pod_spec(const RuleContext& context, const std::string& path, const cluster::PodSpec& spec) {
  if (spec.containers.empty()) {
    context.error(path + ".containers", ErrorCode::ValueMissing, "the pod has no container", "", "at least one container with a name and an image");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < spec.containers.size(); ++i) check_container(context, path_of_index(path + ".containers", i), spec.containers[i], names);
  for (std::size_t i = 0; i < spec.init_containers.size(); ++i) {
    const std::string at = path_of_index(path + ".initContainers", i);
    check_container(context, at, spec.init_containers[i], names);
    check_init_container(context, at, spec.init_containers[i]);
  }
  constexpr std::array<std::string_view, 3> kPolicies{"Always", "OnFailure", "Never"};
  if (std::find(kPolicies.begin(), kPolicies.end(), spec.restart_policy) == kPolicies.end()) {
    context.error(path + ".restartPolicy", ErrorCode::ValueNotAllowed, "an unknown restart policy", spec.restart_policy, "Always, OnFailure, Never");
  }
  check_at_least(context, path + ".terminationGracePeriodSeconds", spec.termination_grace_period_seconds, 0);
  if (spec.active_deadline_seconds) check_at_least(context, path + ".activeDeadlineSeconds", *spec.active_deadline_seconds, 1);
  for (std::size_t i = 0; i < spec.tolerations.size(); ++i) check_toleration(context, path_of_index(path + ".tolerations", i), spec.tolerations[i]);
  for (const auto& [key, value] : spec.node_selector) {
    if (!is_label_key(key) || !is_label_value(value)) {
      context.error(path_of_key(path + ".nodeSelector", key), ErrorCode::ValueBadLabel, "not a label", fmt::format("{}={}", key, value), "a label of nodes");
    }
  }
}

}  // namespace tandem::scenario
