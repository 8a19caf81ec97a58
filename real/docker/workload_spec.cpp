#include "real/docker/workload_spec.hpp"

#include <algorithm>

#include "core/control/kubelet/cpu_units.hpp"
#include "docker/protocol/lifetime.hpp"

namespace tandem::docker {

namespace {

void add_behaviour(container::WorkloadConfig& config, const scenario::ImageSpec& image, std::int32_t restart_count) {
  if (image.exit && (image.exit->times == 0 || restart_count < image.exit->times)) {
    config.exit = container::WorkloadExit{image.exit->after, image.exit->code};
  }
  if (image.memory) {
    config.memory = container::WorkloadMemory{image.memory->start_bytes, image.memory->growth_bytes, image.memory->peak_bytes};
  }
  for (const scenario::FailureSpec& failure : image.failures) {
    config.failures.push_back({failure.pattern, failure.from, failure.until.value_or(container::WorkloadFailure::kForGood), failure.status, failure.hang});
  }
}

}  // namespace

container::WorkloadConfig workload_config(const scenario::ImageSpec& image, const control::ContainerRequest& request, double cpu_speed) {
  container::WorkloadConfig config;
  config.version = tag_of(image.reference);
  config.pod = request.pod.name;
  config.pod_ip = request.pod.ip;
  config.node = request.pod.node_name;
  const std::int32_t port = scenario::listening_port(image, request.port);
  config.listens = port != 0;
  if (config.listens) config.port = port;
  config.startup = image.startup;
  config.workers = image.workers;
  config.backlog = image.backlog;
  config.shared = image.discipline == scenario::Discipline::Shared;
  config.abort_on_terminate = image.on_terminate == scenario::OnTerminate::Abort;
  config.ignore_terminate = image.on_terminate == scenario::OnTerminate::Ignore;
  config.drain = image.drain;
  config.cpu_speed = cpu_speed;
  for (const scenario::RouteSpec& route : image.routes) {
    config.routes.push_back({route.pattern, route.cpu, route.wait, route.exponential, route.status, route.content_type, route.body, route.response_bytes});
  }
  add_behaviour(config, image, request.restart_count);
  return config;
}

std::string tag_of(const std::string& reference) {
  const std::size_t slash = reference.rfind('/');
  const std::size_t colon = reference.find(':', slash == std::string::npos ? 0 : slash);
  return colon == std::string::npos ? "latest" : reference.substr(colon + 1);
}

std::int64_t cpu_quota_us(std::int64_t limit_milli, std::int64_t node_milli) {
  return control::kubelet::cfs_quota(node_milli > 0 ? std::min(limit_milli, node_milli) : limit_milli);
}

std::vector<std::string> with_lifetime(const std::vector<std::string>& command) {
  // "$@" is the command; the sleeper becomes its child, and ends with the container whatever happens.
  const std::string script = "(sleep \"$" + std::string(container::kLifetimeVariable) + "\" && kill -TERM 1) & exec \"$@\"";
  std::vector<std::string> entrypoint = {"sh", "-c", script, "sh"};
  entrypoint.insert(entrypoint.end(), command.begin(), command.end());
  return entrypoint;
}

}  // namespace tandem::docker
