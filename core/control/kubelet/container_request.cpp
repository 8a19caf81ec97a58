#include "core/control/kubelet/container_request.hpp"

#include <optional>
#include <string_view>

#include "core/cluster/json.hpp"
#include "core/control/kubelet/qos.hpp"

namespace tandem::control::kubelet {
namespace {

std::int64_t milli_or_zero(const cluster::ResourceList& list, std::string_view name) {
  const auto found = list.find(name);
  return found == list.end() ? 0 : found->second.milli_value();
}
std::int64_t value_or_zero(const cluster::ResourceList& list, std::string_view name) {
  const auto found = list.find(name);
  return found == list.end() ? 0 : found->second.value();
}

/// metadata.name, status.podIP and the like of the downward API.
std::string downward_value(const std::string& field_path, const cluster::Pod& pod, const RequestContext& context) {
  if (field_path == "metadata.name") return context.pod.name;
  if (field_path == "metadata.namespace") return context.pod.namespace_;
  if (field_path == "metadata.uid") return context.pod.uid;
  if (field_path == "spec.nodeName") return context.pod.node_name;
  if (field_path == "status.podIP" || field_path == "status.podIPs") return context.pod.ip;
  if (field_path == "status.hostIP" || field_path == "status.hostIPs") return context.host_ip;
  const auto keyed = [&](std::string_view prefix, const cluster::Labels& map) -> std::optional<std::string> {
    if (!field_path.starts_with(prefix) || !field_path.ends_with("']")) return std::nullopt;
    const auto found = map.find(std::string_view(field_path).substr(prefix.size(), field_path.size() - prefix.size() - 2));
    return found == map.end() ? std::string{} : found->second;
  };
  if (const auto label = keyed("metadata.labels['", *pod.meta.labels)) return *label;
  if (const auto annotation = keyed("metadata.annotations['", *pod.meta.annotations)) return *annotation;
  return {};
}

}  // namespace

ContainerRequest container_request(const cluster::Pod& pod, const cluster::Container& container, std::int32_t restart_count,
                                   const RequestContext& context) {
  ContainerRequest request;
  request.pod = context.pod;
  request.container_name = container.name;
  request.image = container.image;
  request.restart_count = restart_count;
  request.command = container.command;
  request.args = container.args;
  for (const cluster::EnvVar& variable : container.env) {
    request.env.emplace_back(variable.name,
                             variable.field_path.empty() ? variable.value : downward_value(variable.field_path, pod, context));
  }
  if (!container.ports.empty()) request.port = container.ports.front().container_port;
  request.cpu_request_milli = milli_or_zero(container.resources.requests, "cpu");
  request.cpu_limit_milli = milli_or_zero(container.resources.limits, "cpu");
  request.memory_limit_bytes = value_or_zero(container.resources.limits, "memory");
  if (context.memory_capacity > 0) request.oom_score_adj = oom_score_adjust(*pod.spec, container, context.memory_capacity);
  return request;
}

std::string image_pull_policy_of(const cluster::Container& container) {
  if (!container.image_pull_policy.empty()) return container.image_pull_policy;
  return std::string(cluster::default_image_pull_policy(container.image));
}

}  // namespace tandem::control::kubelet
