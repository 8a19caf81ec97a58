#include "core/control/endpoint_slice_controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/cluster/selector.hpp"

namespace tandem::control {

using cluster::Endpoint;
using cluster::EndpointPort;
using cluster::EndpointSlice;
using cluster::ObjectKey;
using cluster::Pod;
using cluster::Service;

namespace {

/// Tie key of this controller's work items among simultaneous events.
constexpr std::uint32_t kEntity = 40;

bool selects(const Service& service, const Pod& pod) {
  return service.spec.selector && !service.spec.selector->empty() && service.meta.namespace_ == pod.meta.namespace_ &&
         cluster::matches(*service.spec.selector, *pod.meta.labels);
}

/// Everything of a pod that an endpoint shows.
auto relevant(const Pod& pod) {
  return std::make_tuple(pod.status.pod_ip, is_ready(pod), is_terminating(pod.meta), is_terminal(pod.status.phase));
}

}  // namespace

std::vector<Endpoint> endpoints_of(const Service& service, const std::vector<cluster::Ptr<Pod>>& pods) {
  std::vector<Endpoint> endpoints;
  for (const cluster::Ptr<Pod>& pod : pods) {
    if (!selects(service, *pod) || pod->status.pod_ip.empty() || is_terminal(pod->status.phase)) continue;
    Endpoint endpoint;
    endpoint.address = pod->status.pod_ip;
    endpoint.serving = is_ready(*pod);
    endpoint.terminating = is_terminating(pod->meta);
    endpoint.ready = service.spec.publish_not_ready_addresses || (endpoint.serving && !endpoint.terminating);
    endpoint.node_name = pod->node_name;
    endpoint.pod_name = pod->meta.name;
    endpoint.pod_uid = pod->meta.uid;
    endpoints.push_back(std::move(endpoint));
  }
  std::sort(endpoints.begin(), endpoints.end(),
            [](const Endpoint& a, const Endpoint& b) { return std::tie(a.pod_name, a.pod_uid) < std::tie(b.pod_name, b.pod_uid); });
  return endpoints;
}

std::vector<EndpointPort> endpoint_ports_of(const Service& service, const Pod* pod) {
  std::vector<EndpointPort> ports;
  for (const cluster::ServicePort& port : service.spec.ports) {
    EndpointPort made{port.name, port.protocol, port.port};
    if (const auto* number = std::get_if<std::int32_t>(&port.target_port.value)) {
      if (*number != 0) made.port = *number;
    } else if (pod != nullptr) {
      const std::string& wanted = std::get<std::string>(port.target_port.value);
      bool found = false;
      for (const cluster::Container& container : pod->spec->containers) {
        for (const cluster::ContainerPort& offered : container.ports) {
          if (offered.name != wanted || offered.protocol != port.protocol || found) continue;
          made.port = offered.container_port;
          found = true;
        }
      }
      if (!found) continue;
    } else {
      continue;
    }
    ports.push_back(std::move(made));
  }
  return ports;
}

std::vector<Endpoint> eligible_endpoints(const std::vector<Endpoint>& endpoints) {
  std::vector<Endpoint> chosen;
  std::copy_if(endpoints.begin(), endpoints.end(), std::back_inserter(chosen), [](const Endpoint& e) { return e.ready; });
  if (chosen.empty()) {
    std::copy_if(endpoints.begin(), endpoints.end(), std::back_inserter(chosen),
                 [](const Endpoint& e) { return e.serving && e.terminating; });
  }
  return chosen;
}

EndpointSliceController::EndpointSliceController(Clock& clock, cluster::ApiServer& server, cluster::Informer<Service>& services,
                                                 cluster::Informer<Pod>& pods, WorkMode mode)
    : services_(services),
      pods_(pods),
      client_(server, "endpoint-slice-controller", server.profile().controller_limit),
      runtime_(clock, RuntimeOptions::from(server.profile(), kEntity, mode),
               [this](const ObjectKey& service, SyncDone done) { sync(service, std::move(done)); }) {
  services_.on_change([this, alive = alive_](const cluster::Change<Service>& change) {
    if (*alive) runtime_.queue().add(key_of(change.object->meta));
  });
  pods_.on_change([this, alive = alive_](const cluster::Change<Pod>& change) {
    if (*alive) pod_changed(change);
  });
}

EndpointSliceController::~EndpointSliceController() { *alive_ = false; }

void EndpointSliceController::pod_changed(const cluster::Change<Pod>& change) {
  const bool same_labels = change.previous && change.previous->meta.labels == change.object->meta.labels;
  if (change.type == cluster::ChangeType::Modified && same_labels && relevant(*change.previous) == relevant(*change.object)) return;
  for (const cluster::Ptr<Service>& service : services_.list(change.object->meta.namespace_)) {
    if (selects(*service, *change.object) || (change.previous && selects(*service, *change.previous))) {
      runtime_.queue().add(key_of(service->meta));
    }
  }
}

void EndpointSliceController::sync(const ObjectKey& key, SyncDone done) {
  const cluster::Ptr<Service> service = services_.get(key);
  if (!service) {
    // The slices go with their owner (garbage collection).
    std::erase_if(sent_, [&](const auto& slice) {
      const cluster::OwnerReference* owner = controller_of(slice.second.meta);
      return owner != nullptr && owner->name == key.name && slice.first.namespace_ == key.namespace_;
    });
    done({});
    return;
  }
  std::vector<EndpointSlice> changed;
  // Endpoints of a Service without selector are its user's business.
  if (service->spec.selector && !service->spec.selector->empty()) {
    for (EndpointSlice& slice : wanted_slices(*service)) {
      const auto before = sent_.find(key_of(slice.meta));
      if (before == sent_.end() || !(before->second == slice)) changed.push_back(std::move(slice));
    }
  }
  if (changed.empty()) {
    done({});
    return;
  }
  struct Writing {
    std::size_t left;
    Status first_error;
    SyncDone done;
  };
  auto writing = std::make_shared<Writing>(Writing{changed.size(), {}, std::move(done)});
  for (EndpointSlice& slice : changed) {
    write(std::move(slice), [writing](const Status& status) {
      if (!status && writing->first_error) writing->first_error = status;
      if (--writing->left == 0) writing->done(writing->first_error);
    });
  }
}

std::vector<EndpointSlice> EndpointSliceController::wanted_slices(const Service& service) const {
  const std::vector<cluster::Ptr<Pod>> pods = pods_.list(service.meta.namespace_);
  const std::vector<Endpoint> endpoints = endpoints_of(service, pods);
  const auto example = std::find_if(pods.begin(), pods.end(), [&](const auto& pod) { return selects(service, *pod); });
  const std::vector<EndpointPort> ports = endpoint_ports_of(service, example == pods.end() ? nullptr : example->get());

  std::vector<EndpointSlice> slices;
  // Slices that are no longer needed become empty ones rather than being deleted and created again and again.
  for (std::size_t number = 0;; ++number) {
    const std::size_t begin = number * kEndpointsPerSlice;
    EndpointSlice slice;
    slice.meta.name = fmt::format("{}-{}", service.meta.name, number);
    slice.meta.namespace_ = service.meta.namespace_;
    if (number > 0 && begin >= endpoints.size() && !sent_.contains(key_of(slice.meta))) return slices;
    slice.meta.labels.edit([&](cluster::Labels& labels) {
      labels.emplace(kServiceNameLabel, service.meta.name);
      labels.emplace("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");
    });
    slice.meta.owner_references.push_back({"v1", "Service", service.meta.name, service.meta.uid, true, true});
    slice.ports = ports;
    for (std::size_t i = begin; i < std::min(endpoints.size(), begin + kEndpointsPerSlice); ++i) slice.endpoints.push_back(endpoints[i]);
    slices.push_back(std::move(slice));
  }
}

void EndpointSliceController::write(EndpointSlice slice, std::function<void(Status)> answered) {
  const ObjectKey key = key_of(slice.meta);
  const bool exists = sent_.contains(key);
  sent_.insert_or_assign(key, slice);
  const auto finish = [this, alive = alive_, key, answered = std::move(answered)](const Result<cluster::Ptr<EndpointSlice>>& result) {
    if (!*alive) return;
    // Somebody else changed or removed the slice: forget what we believed, the retry starts afresh.
    if (!result) sent_.erase(key);
    answered(result ? Status{} : Status{tl::unexpected(result.error())});
  };
  if (exists) {
    client_.patch<EndpointSlice>(
        key,
        [slice](EndpointSlice& stored) {
          stored.endpoints = slice.endpoints;
          stored.ports = slice.ports;
        },
        finish);
  } else {
    client_.create<EndpointSlice>(std::move(slice), finish);
  }
}

}  // namespace tandem::control
