// What the API server fills in before it stores an object, as far as our controllers, the scheduler and the kubelet read it.

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>
#include <variant>

#include "core/cluster/json.hpp"

namespace tandem::cluster {

namespace {

void default_text(std::string& field, std::string_view value) {
  if (field.empty()) field = value;
}
void default_number(std::int32_t& field, std::int32_t value) {
  if (field == 0) field = value;
}

void default_http(HttpGetAction* http) {
  if (http == nullptr) return;
  default_text(http->path, "/");
  default_text(http->scheme, "HTTP");
}

void default_probe(std::optional<Probe>& probe) {
  if (!probe) return;
  default_number(probe->timeout_seconds, 1);
  default_number(probe->period_seconds, 10);
  default_number(probe->success_threshold, 1);
  default_number(probe->failure_threshold, 3);
  default_http(std::get_if<HttpGetAction>(&probe->action));
}

void default_handler(std::optional<LifecycleHandler>& handler) {
  if (handler) default_http(std::get_if<HttpGetAction>(&handler->action));
}

void default_container(Container& container) {
  default_text(container.image_pull_policy, default_image_pull_policy(container.image));
  for (ContainerPort& port : container.ports) default_text(port.protocol, "TCP");
  // A limit without a request is also the request, resource by resource.
  for (const auto& [resource, limit] : container.resources.limits) container.resources.requests.try_emplace(resource, limit);
  default_probe(container.readiness_probe);
  default_probe(container.liveness_probe);
  default_probe(container.startup_probe);
  if (container.lifecycle) {
    default_handler(container.lifecycle->post_start);
    default_handler(container.lifecycle->pre_stop);
  }
}

/// Sum of the app containers' and sidecars' requests, or the largest init container beside the sidecars before it
/// (kubernetes-semantics §1.4); nothing if no container requests the resource.
std::optional<Quantity> container_request(const PodSpec& spec, std::string_view resource) {
  bool any = false;
  const auto request_of = [&](const Container& container) {
    const auto found = container.resources.requests.find(resource);
    if (found == container.resources.requests.end()) return Quantity();
    any = true;
    return found->second;
  };
  Quantity sum;
  for (const Container& container : spec.containers) sum = sum + request_of(container);
  Quantity sidecars;
  Quantity init_peak;
  for (const Container& container : spec.init_containers) {
    const Quantity beside_sidecars = sidecars + request_of(container);
    if (container.restart_policy == "Always") {
      sidecars = beside_sidecars;
    } else {
      init_peak = std::max(init_peak, beside_sidecars);
    }
  }
  if (!any) return std::nullopt;
  return std::max(sum + sidecars, init_peak);
}

/// Pod-level requests follow pod-level limits: from the containers where they request the resource, else from the limit.
void default_pod_resources(PodSpec& spec) {
  if (!spec.resources || spec.resources->limits.empty()) return;
  for (const auto& [resource, limit] : spec.resources->limits) {
    if (spec.resources->requests.contains(resource)) continue;
    const std::optional<Quantity> sum =
        resource == "cpu" || resource == "memory" ? container_request(spec, resource) : std::nullopt;
    spec.resources->requests.emplace(resource, sum ? *sum : limit);
  }
}

/// Only pods themselves; a workload's template keeps its hostPorts as written.
void default_host_ports(PodSpec& spec) {
  if (!spec.host_network) return;
  for (auto* containers : {&spec.containers, &spec.init_containers}) {
    for (Container& container : *containers) {
      for (ContainerPort& port : container.ports) default_number(port.host_port, port.container_port);
    }
  }
}

void default_template(Shared<PodTemplate>& pod_template) {
  pod_template.edit([](PodTemplate& edited) { edited.spec.edit([](PodSpec& spec) { apply_defaults(spec); }); });
}

void default_object(Pod& pod) {
  pod.spec.edit([](PodSpec& spec) {
    apply_defaults(spec);
    default_host_ports(spec);
  });
}

void default_object(ReplicaSet& replica_set) { default_template(replica_set.spec.pod_template); }

void default_object(Deployment& deployment) {
  default_template(deployment.spec.pod_template);
  default_text(deployment.spec.strategy.type, "RollingUpdate");
}

void default_object(Service& service) {
  default_text(service.spec.type, "ClusterIP");
  for (ServicePort& port : service.spec.ports) {
    default_text(port.protocol, "TCP");
    const bool unset = port.target_port == IntOrString{0} || port.target_port == IntOrString{std::string()};
    if (unset) port.target_port = IntOrString{port.port};
  }
}

void default_object(EndpointSlice& slice) {
  for (EndpointPort& port : slice.ports) default_text(port.protocol, "TCP");
}

void default_object(Node& node) {
  // A node that says only what it has lends all of it.
  if (node.status.allocatable.empty()) node.status.allocatable = node.status.capacity;
}

void default_object(Event&) {}
void default_object(Unstructured&) {}

}  // namespace

std::string_view default_image_pull_policy(std::string_view image) {
  const std::size_t digest = image.find('@');
  const std::string_view reference = image.substr(0, digest);
  const std::size_t slash = reference.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? reference : reference.substr(slash + 1);
  const std::size_t colon = last.rfind(':');
  if (colon == std::string_view::npos) return digest == std::string_view::npos ? "Always" : "IfNotPresent";
  return last.substr(colon + 1) == "latest" ? "Always" : "IfNotPresent";
}

void apply_defaults(PodSpec& spec) {
  default_text(spec.restart_policy, "Always");
  default_text(spec.scheduler_name, "default-scheduler");
  for (Container& container : spec.init_containers) default_container(container);
  for (Container& container : spec.containers) default_container(container);
  default_pod_resources(spec);
}

void apply_defaults(AnyObject& object) {
  std::visit([](auto& typed) { default_object(typed); }, object);
}

}  // namespace tandem::cluster
