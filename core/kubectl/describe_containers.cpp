// Containers in descriptions: image, ports, state, resources, probes, environment, mounts.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"
#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

std::string protocol_of(const json& port) {
  const std::string protocol = text_at(port, "/protocol");
  return protocol.empty() ? "TCP" : protocol;
}

void describe_ports(Description& text, const char* title, const json& container, const char* number) {
  std::vector<std::string> ports;
  for (const json& port : list_at(container, "/ports")) {
    const std::string name = text_at(port, "/name");
    ports.push_back(fmt::format("{}/{}{}", number_at(port, number), protocol_of(port), name.empty() ? "" : " (" + name + ")"));
  }
  text.field(2, ports.size() > 1 ? fmt::format("{}s", title) : title, or_none(joined(ports, ", ")));
}

void describe_basics(Description& text, const json& container, const json* status, bool indented) {
  text.line(1, (indented ? " " : "") + text_at(container, "/name") + ":");
  if (status != nullptr) text.field(2, "Container ID", text_at(*status, "/containerID"));
  text.field(2, "Image", text_at(container, "/image"));
  if (status != nullptr) text.field(2, "Image ID", text_at(*status, "/imageID"));
  describe_ports(text, "Port", container, "/containerPort");
  describe_ports(text, "Host Port", container, "/hostPort");
  if (const json& profile = at(container, "/securityContext/seccompProfile"); profile.is_object()) {
    text.field(2, "SeccompProfile", text_at(profile, "/type"));
    if (text_at(profile, "/type") == "Localhost") text.field(3, "LocalhostProfile", text_at(profile, "/localhostProfile"));
  }
}

void describe_words(Description& text, const char* title, const json& words) {
  if (words.empty()) return;
  text.line(2, std::string(title) + ":");
  for (const std::string& word : texts_of(words)) {
    for (const std::string& part : split(word, '\n')) text.line(3, part);
  }
}

void describe_state(Description& text, const char* title, const json& state) {
  const json& running = at(state, "/running");
  const json& waiting = at(state, "/waiting");
  const json& terminated = at(state, "/terminated");
  if (running.is_object()) {
    text.field(2, title, "Running");
    text.field(3, "Started", rfc1123_text(at(running, "/startedAt")));
  } else if (waiting.is_object() || !terminated.is_object()) {
    text.field(2, title, "Waiting");
    if (const std::string reason = text_at(waiting, "/reason"); !reason.empty()) text.field(3, "Reason", reason);
  } else {
    text.field(2, title, "Terminated");
    if (const std::string reason = text_at(terminated, "/reason"); !reason.empty()) text.field(3, "Reason", reason);
    if (const std::string message = text_at(terminated, "/message"); !message.empty()) text.field(3, "Message", message);
    text.field(3, "Exit Code", std::to_string(number_at(terminated, "/exitCode")));
    if (const std::int64_t signal = number_at(terminated, "/signal"); signal > 0) text.field(3, "Signal", std::to_string(signal));
    text.field(3, "Started", rfc1123_text(at(terminated, "/startedAt")));
    text.field(3, "Finished", rfc1123_text(at(terminated, "/finishedAt")));
  }
}

void describe_status(Description& text, const json& status) {
  describe_state(text, "State", at(status, "/state"));
  if (at(status, "/lastState/terminated").is_object()) describe_state(text, "Last State", at(status, "/lastState"));
  text.field(2, "Ready", boolean_text(flag_at(status, "/ready")));
  text.field(2, "Restart Count", std::to_string(number_at(status, "/restartCount")));
}

/// Go's URL.EscapedPath of a path without an escaped form of its own.
std::string escaped_path(const std::string& path) {
  constexpr std::string_view kPlain = "-_.~$&+,/:;=@";
  if (path == "*") return path;
  std::string escaped;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kPlain.find(c) != std::string_view::npos;
    escaped += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return escaped;
}

std::string http_text(const json& action) {
  std::string scheme = lower_case(text_at(action, "/scheme"));
  if (scheme.empty()) scheme = "http";
  const std::string port = int_or_string_text(at(action, "/port"));
  const std::string host = text_at(action, "/host");
  const std::string path = escaped_path(text_at(action, "/path"));
  return fmt::format("http-get {}://{}{}{}", scheme, port.empty() ? host : host_and_port(host, port), path.empty() || path.starts_with('/') ? "" : "/", path);
}

std::string probe_text(const json& probe) {
  // The API server's defaults, for objects that never passed one.
  const std::string numbers =
      fmt::format("delay={}s timeout={}s period={}s #success={} #failure={}", number_at(probe, "/initialDelaySeconds"), number_at(probe, "/timeoutSeconds", 1),
                  number_at(probe, "/periodSeconds", 10), number_at(probe, "/successThreshold", 1), number_at(probe, "/failureThreshold", 3));
  if (const json& exec = at(probe, "/exec"); exec.is_object()) return fmt::format("exec [{}] {}", joined(texts_of(at(exec, "/command")), " "), numbers);
  if (const json& http = at(probe, "/httpGet"); http.is_object()) return http_text(http) + " " + numbers;
  if (const json& tcp = at(probe, "/tcpSocket"); tcp.is_object()) {
    return fmt::format("tcp-socket {}:{} {}", text_at(tcp, "/host"), int_or_string_text(at(tcp, "/port")), numbers);
  }
  if (const json& grpc = at(probe, "/grpc"); grpc.is_object()) {
    return fmt::format("grpc <pod>:{} {} {}", number_at(grpc, "/port"), text_at(grpc, "/service"), numbers);
  }
  return "unknown " + numbers;
}

void describe_probes(Description& text, const json& container) {
  static constexpr std::pair<const char*, const char*> kProbes[] = {{"Liveness", "/livenessProbe"}, {"Readiness", "/readinessProbe"}, {"Startup", "/startupProbe"}};
  for (const auto& [title, pointer] : kProbes) {
    if (const json& probe = at(container, pointer); probe.is_object()) text.field(2, title, probe_text(probe));
  }
}

std::string optional_text(const json& reference) { return flag_at(reference, "/optional") ? "true" : "false"; }

void describe_environment_sources(Description& text, const json& sources) {
  if (sources.empty()) return;
  text.line(2, "Environment Variables from:");
  for (const json& source : sources) {
    const bool is_map = at(source, "/configMapRef").is_object();
    const json& reference = at(source, is_map ? "/configMapRef" : "/secretRef");
    const std::string from = is_map ? "ConfigMap" : reference.is_object() ? "Secret" : "";
    const std::string prefix = text_at(source, "/prefix");
    text.line(3, fmt::format("{}\t{}{}\tOptional: {}", text_at(reference, "/name"), from, prefix.empty() ? "" : fmt::format(" with prefix '{}'", prefix),
                             optional_text(reference)));
  }
}

/// kubectl itself resolves the name and namespace of the pod and leaves the rest to the kubelet.
std::string field_value(const json& pod, const std::string& path) {
  return path == "metadata.name" || path == "metadata.namespace" ? text_at(pod, path == "metadata.name" ? "/metadata/name" : "/metadata/namespace") : "";
}

/// The container's own request or limit in units of the divisor, rounded up; empty for what kubectl does not know.
std::string resource_value(const json& container, const json& reference) {
  const std::string name = text_at(reference, "/resource");
  const std::size_t dot = name.find('.');
  const std::string list = name.substr(0, dot);
  const std::string resource = dot == std::string::npos ? "" : name.substr(dot + 1);
  const bool is_known = resource == "cpu" || resource == "memory" || resource == "ephemeral-storage" || resource.starts_with("hugepages-");
  if ((list != "limits" && list != "requests") || !is_known) return "";
  const json& amounts = at(container, list == "limits" ? "/resources/limits" : "/resources/requests");
  const Quantity amount = amounts.is_object() && amounts.contains(resource) ? quantity_of(amounts.at(resource)) : Quantity();
  Quantity divisor = quantity_of(at(reference, "/divisor"));
  if (divisor.sign() == 0) divisor = Quantity::of_value(1);
  const bool is_cpu = resource == "cpu";
  const double share = is_cpu ? static_cast<double>(amount.milli_value()) / static_cast<double>(divisor.milli_value())
                              : static_cast<double>(amount.value()) / static_cast<double>(divisor.value());
  return fmt::format("{}", static_cast<std::int64_t>(std::ceil(share)));
}

void describe_variable(Description& text, const json& variable, const json& container, const json& pod) {
  const std::string name = text_at(variable, "/name");
  const json& source = at(variable, "/valueFrom");
  if (!source.is_object()) {
    bool first = true;
    for (const std::string& part : split(text_at(variable, "/value"), '\n')) {
      text.line(3, fmt::format("{}\t{}", first ? name + ":" : "", part));
      first = false;
    }
    return;
  }
  if (const json& field = at(source, "/fieldRef"); field.is_object()) {
    const std::string path = text_at(field, "/fieldPath");
    const std::string version = text_at(field, "/apiVersion");
    text.field(3, name, fmt::format("{} ({}:{})", field_value(pod, path), version.empty() ? "v1" : version, path));
  } else if (const json& resource = at(source, "/resourceFieldRef"); resource.is_object()) {
    const std::string wanted = text_at(resource, "/resource");
    std::string value = resource_value(container, resource);
    if (value == "0" && (wanted == "limits.cpu" || wanted == "limits.memory")) value = "node allocatable";
    text.field(3, name, fmt::format("{} ({})", value, wanted));
  } else if (const json& secret = at(source, "/secretKeyRef"); secret.is_object()) {
    text.field(3, name, fmt::format("<set to the key '{}' in secret '{}'>\tOptional: {}", text_at(secret, "/key"), text_at(secret, "/name"), optional_text(secret)));
  } else if (const json& map = at(source, "/configMapKeyRef"); map.is_object()) {
    text.field(3, name, fmt::format("<set to the key '{}' of config map '{}'>\tOptional: {}", text_at(map, "/key"), text_at(map, "/name"), optional_text(map)));
  }
}

/// The items by a field of theirs; equal ones stay in their order.
std::vector<json> sorted_by(const json& items, const char* pointer) {
  std::vector<json> sorted(items.begin(), items.end());
  std::stable_sort(sorted.begin(), sorted.end(), [&](const json& a, const json& b) { return text_at(a, pointer) < text_at(b, pointer); });
  return sorted;
}

void describe_mounts(Description& text, const json& container) {
  const json& mounts = list_at(container, "/volumeMounts");
  const char* const none = mounts.empty() ? "\t<none>" : "";
  text.line(2, fmt::format("Mounts:{}", none));
  for (const json& mount : sorted_by(mounts, "/mountPath")) {
    const std::string path = text_at(mount, "/subPath");
    text.line(3, fmt::format("{} from {} ({}{})", text_at(mount, "/mountPath"), text_at(mount, "/name"), flag_at(mount, "/readOnly") ? "ro" : "rw",
                             path.empty() ? "" : ",path=" + json(path).dump()));
  }
  const json& devices = list_at(container, "/volumeDevices");
  if (devices.empty()) return;
  text.line(2, fmt::format("Devices:{}", none));
  for (const json& device : sorted_by(devices, "/devicePath")) text.line(3, fmt::format("{} from {}", text_at(device, "/devicePath"), text_at(device, "/name")));
}

}  // namespace

void describe_resources(Description& text, const json& resources, std::size_t level) {
  static constexpr std::pair<const char*, const char*> kLists[] = {{"Limits", "/limits"}, {"Requests", "/requests"}};
  for (const auto& [title, pointer] : kLists) {
    const json& amounts = at(resources, pointer);
    if (!amounts.is_object() || amounts.empty()) continue;
    text.line(level, fmt::format("{}:", title));
    for (const auto& [name, amount] : amounts.items()) text.field(level + 1, name, quantity_text(amount));
  }
}

void describe_containers(Description& text, const char* title, const json& containers, const json& statuses, const json& pod, const char* indent) {
  const bool indented = *indent != '\0';
  text.line(0, fmt::format("{}{}:{}", indent, title, containers.empty() ? " <none>" : ""));
  for (const json& container : containers) {
    const json* status = nullptr;
    for (const json& candidate : statuses) {
      if (text_at(candidate, "/name") == text_at(container, "/name")) status = &candidate;
    }
    describe_basics(text, container, status, indented);
    describe_words(text, "Command", list_at(container, "/command"));
    describe_words(text, "Args", list_at(container, "/args"));
    if (status != nullptr) describe_status(text, *status);
    describe_resources(text, at(container, "/resources"), 2);
    describe_probes(text, container);
    describe_environment_sources(text, list_at(container, "/envFrom"));
    const json& environment = list_at(container, "/env");
    text.line(2, fmt::format("Environment:{}", environment.empty() ? "\t<none>" : ""));
    for (const json& variable : environment) describe_variable(text, variable, container, pod);
    describe_mounts(text, container);
  }
}

}  // namespace tandem::kubectl
