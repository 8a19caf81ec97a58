#include "core/control/endpoint_slice/slice_reconciler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "core/cluster/selector.hpp"

namespace tandem::control {

namespace {

using cluster::Endpoint;
using cluster::EndpointPort;
using cluster::EndpointSlice;
using cluster::Pod;
using cluster::Service;
using nlohmann::json;

constexpr std::string_view kServiceName = "kubernetes.io/service-name";
constexpr std::string_view kManagedBy = "endpointslice.kubernetes.io/managed-by";
constexpr std::string_view kController = "endpointslice-controller.k8s.io";
constexpr std::string_view kHeadless = "service.kubernetes.io/headless";

template <class T>
T rest_value(const cluster::JsonRest& rest, const char* key, T otherwise) {
  return rest.fields && rest.fields->is_object() ? rest.fields->value(key, std::move(otherwise)) : otherwise;
}

bool is_headless(const Service& service) { return service.spec.cluster_ip == "None"; }

// ---------------------------------------------------------------- ports

std::optional<std::int32_t> named_port(const std::vector<cluster::Container>& containers, const cluster::ServicePort& port, bool sidecars_only) {
  for (const cluster::Container& container : containers) {
    if (sidecars_only && !cluster::is_sidecar(container)) continue;
    for (const cluster::ContainerPort& offered : container.ports) {
      if (offered.name == std::get<std::string>(port.target_port.value) && offered.protocol == port.protocol) return offered.container_port;
    }
  }
  return std::nullopt;
}

std::optional<std::int32_t> port_number(const cluster::ServicePort& port, const Pod& pod) {
  if (const auto* number = std::get_if<std::int32_t>(&port.target_port.value)) return *number == 0 ? port.port : *number;
  const auto found = named_port(pod.spec->containers, port, false);
  return found ? found : named_port(pod.spec->init_containers, port, true);
}

/// The Service's ports as this pod offers them; one that it lacks is left out.
std::vector<EndpointPort> ports_of(const Service& service, const Pod& pod) {
  std::vector<EndpointPort> ports;
  for (const cluster::ServicePort& port : service.spec.ports) {
    const auto number = port_number(port, pod);
    if (!number) continue;
    EndpointPort offered{.name = port.name, .protocol = port.protocol, .port = *number};
    const std::string protocol = rest_value(port.rest, "appProtocol", std::string());
    if (!protocol.empty()) offered.rest.fields = std::make_shared<const json>(json{{"appProtocol", protocol}});
    ports.push_back(std::move(offered));
  }
  return ports;
}

/// Slices hold endpoints of equal ports; their order does not matter.
std::string port_key(const std::vector<EndpointPort>& ports) {
  std::vector<std::string> parts;
  for (const EndpointPort& port : ports) {
    parts.push_back(fmt::format("{}\x1f{}\x1f{}\x1f{}", port.name, port.protocol, port.port, rest_value(port.rest, "appProtocol", std::string())));
  }
  std::sort(parts.begin(), parts.end());
  std::string key;
  for (const std::string& part : parts) key += fmt::format("{}\x1e", part);
  return key;
}

// ---------------------------------------------------------------- endpoints

bool is_listed(const Pod& pod) { return !cluster::is_terminal(pod.status.phase) && !pod.status.pod_ip.empty(); }

/// Where a proxy should prefer to use the endpoint from; only for ready ones.
json hints_for(const Service& service, const Endpoint& endpoint, const std::string& zone) {
  const std::string distribution = rest_value(service.spec.rest, "trafficDistribution", std::string());
  json hints;
  if (!endpoint.ready || zone.empty()) return hints;
  const bool same_node = distribution == "PreferSameNode";
  if (!same_node && distribution != "PreferClose" && distribution != "PreferSameZone") return hints;
  hints["forZones"] = json::array({json{{"name", zone}}});
  if (same_node && !endpoint.node_name.empty()) hints["forNodes"] = json::array({json{{"name", endpoint.node_name}}});
  return hints;
}

Endpoint endpoint_of(const Service& service, const Pod& pod, const cluster::Node* node) {
  Endpoint endpoint;
  endpoint.address = pod.status.pod_ip;
  endpoint.serving = cluster::is_ready(pod);
  endpoint.terminating = cluster::is_terminating(pod.meta);
  endpoint.ready = service.spec.publish_not_ready_addresses || (endpoint.serving && !endpoint.terminating);
  endpoint.node_name = pod.node_name;
  endpoint.pod_name = pod.meta.name;
  endpoint.pod_uid = pod.meta.uid;
  json rest = json::object();
  std::string zone;
  if (node != nullptr) {
    const auto label = node->meta.labels->find("topology.kubernetes.io/zone");
    if (label != node->meta.labels->end()) zone = label->second;
  }
  if (!zone.empty()) rest["zone"] = zone;
  const std::string hostname = rest_value(pod.spec->rest, "hostname", std::string());
  if (!hostname.empty() && rest_value(pod.spec->rest, "subdomain", std::string()) == service.meta.name) rest["hostname"] = hostname;
  if (json hints = hints_for(service, endpoint, zone); !hints.is_null()) rest["hints"] = std::move(hints);
  if (!rest.empty()) endpoint.rest.fields = std::make_shared<const json>(std::move(rest));
  return endpoint;
}

/// What makes an endpoint the same one although its state changed.
auto identity(const Endpoint& endpoint) {
  return std::tuple(endpoint.address, endpoint.pod_uid, endpoint.node_name, rest_value(endpoint.rest, "hostname", std::string()));
}

/// Hints alone do not make a slice change; they are looked at afterwards.
bool same_state(const Endpoint& a, const Endpoint& b) {
  return a.ready == b.ready && a.serving == b.serving && a.terminating == b.terminating && a.pod_name == b.pod_name &&
         rest_value(a.rest, "zone", std::string()) == rest_value(b.rest, "zone", std::string());
}

// ---------------------------------------------------------------- packing

/// The Service's labels, and those of the controller.
cluster::Labels slice_labels(const Service& service) {
  cluster::Labels labels = *service.meta.labels;
  for (const std::string_view reserved : {kServiceName, kManagedBy, kHeadless}) labels.erase(std::string(reserved));
  if (is_headless(service)) labels[std::string(kHeadless)] = "";
  labels[std::string(kServiceName)] = service.meta.name;
  labels[std::string(kManagedBy)] = std::string(kController);
  return labels;
}

struct Packing {
  std::vector<EndpointSlice> create;
  std::map<std::string, EndpointSlice> update;
  std::set<std::string> remove;
};

class Packer {
 public:
  Packer(const Service& service, std::size_t most) : service_(service), most_(most), labels_(slice_labels(service)) {}

  [[nodiscard]] EndpointSlice empty_slice(std::vector<EndpointPort> ports) const {
    EndpointSlice slice;
    slice.meta.generate_name = fmt::format("{}-", service_.meta.name);
    slice.meta.namespace_ = service_.meta.namespace_;
    slice.meta.labels = labels_;
    slice.meta.owner_references = {{.api_version = "v1", .kind = "Service", .name = service_.meta.name, .uid = service_.meta.uid,
                                    .controller = true, .block_owner_deletion = true}};
    slice.ports = std::move(ports);
    slice.rest.fields = std::make_shared<const json>(json{{"addressType", "IPv4"}});
    return slice;
  }

  /// Slices of one set of ports.
  void pack(const std::vector<EndpointSlice>& existing, std::vector<Endpoint> desired, const std::vector<EndpointPort>& ports, Packing& packing) const {
    std::vector<EndpointSlice> unchanged;
    std::vector<EndpointSlice> changed;
    for (const EndpointSlice& slice : existing) keep(slice, desired, unchanged, changed, packing);
    // Slices that are written anyway take new endpoints first, the fullest before the others.
    std::stable_sort(changed.begin(), changed.end(), [](const EndpointSlice& a, const EndpointSlice& b) { return a.endpoints.size() > b.endpoints.size(); });
    for (EndpointSlice& slice : changed) fill(slice, desired);
    for (EndpointSlice& slice : changed) packing.update[slice.meta.name] = std::move(slice);
    while (!desired.empty()) {
      const auto target = desired.size() < most_ ? fullest_with_room(unchanged, desired.size()) : unchanged.end();
      if (target == unchanged.end()) {
        packing.create.push_back(empty_slice(ports));
        fill(packing.create.back(), desired);
      } else {
        fill(*target, desired);
        packing.update[target->meta.name] = std::move(*target);
        unchanged.erase(target);
      }
    }
    for (const EndpointSlice& slice : unchanged) refresh_hints(slice, packing);
  }

  [[nodiscard]] const cluster::Labels& labels() const { return labels_; }
  void note_hints(const Endpoint& endpoint) { hints_[endpoint.pod_uid] = rest_value(endpoint.rest, "hints", json()); }

 private:
  /// Takes from `desired` what the slice already holds.
  void keep(const EndpointSlice& slice, std::vector<Endpoint>& desired, std::vector<EndpointSlice>& unchanged,
            std::vector<EndpointSlice>& changed, Packing& packing) const {
    std::vector<Endpoint> kept;
    bool updated = false;
    for (const Endpoint& old : slice.endpoints) {
      const auto found = std::find_if(desired.begin(), desired.end(), [&](const Endpoint& one) { return identity(one) == identity(old); });
      if (found == desired.end()) continue;
      updated = updated || !same_state(*found, old);
      kept.push_back(std::move(*found));
      desired.erase(found);
    }
    const bool relabelled = *slice.meta.labels != labels_;
    if (!updated && kept.size() == slice.endpoints.size() && !relabelled) {
      unchanged.push_back(slice);
    } else if (kept.empty() && !slice.endpoints.empty()) {
      packing.remove.insert(slice.meta.name);
    } else {
      EndpointSlice next = slice;
      next.endpoints = std::move(kept);
      next.meta.labels = labels_;
      changed.push_back(std::move(next));
    }
  }

  void fill(EndpointSlice& slice, std::vector<Endpoint>& desired) const {
    const std::size_t room = most_ - std::min(most_, slice.endpoints.size());
    const auto count = static_cast<std::ptrdiff_t>(std::min(room, desired.size()));
    slice.endpoints.insert(slice.endpoints.end(), desired.begin(), desired.begin() + count);
    desired.erase(desired.begin(), desired.begin() + count);
  }

  /// The slice that is fullest once it has taken all of `count`.
  [[nodiscard]] std::vector<EndpointSlice>::iterator fullest_with_room(std::vector<EndpointSlice>& slices, std::size_t count) const {
    auto best = slices.end();
    for (auto slice = slices.begin(); slice != slices.end(); ++slice) {
      if (slice->endpoints.size() + count > most_) continue;
      if (best == slices.end() || slice->endpoints.size() > best->endpoints.size()) best = slice;
    }
    return best;
  }

  /// Only the preferred place of some endpoint changed.
  void refresh_hints(const EndpointSlice& slice, Packing& packing) const {
    EndpointSlice next = slice;
    bool changed = false;
    for (Endpoint& endpoint : next.endpoints) {
      const auto wanted = hints_.find(endpoint.pod_uid);
      if (wanted == hints_.end() || rest_value(endpoint.rest, "hints", json()) == wanted->second) continue;
      json rest = endpoint.rest.fields ? *endpoint.rest.fields : json::object();
      rest.erase("hints");
      if (!wanted->second.is_null()) rest["hints"] = wanted->second;
      endpoint.rest.fields = rest.empty() ? nullptr : std::make_shared<const json>(std::move(rest));
      changed = true;
    }
    if (changed) packing.update[slice.meta.name] = std::move(next);
  }

  const Service& service_;
  std::size_t most_;
  cluster::Labels labels_;
  std::map<std::string, json> hints_;  ///< wanted ones, by pod uid
};

struct PortGroup {
  std::vector<EndpointPort> ports;
  std::vector<Endpoint> endpoints;
};

/// A slice to be deleted takes the content of one to be created: one write less, and the name lives on.
void recycle(Packing& packing) {
  for (auto name = packing.remove.begin(); name != packing.remove.end() && !packing.create.empty();) {
    EndpointSlice slice = std::move(packing.create.back());
    packing.create.pop_back();
    slice.meta.name = *name;
    slice.meta.generate_name.clear();
    packing.update[*name] = std::move(slice);
    name = packing.remove.erase(name);
  }
}

}  // namespace

SliceReconciliation reconcile_slices(const Service& service, std::span<const cluster::Ptr<Pod>> pods, std::span<const EndpointSlice> existing,
                                     const std::function<cluster::Ptr<cluster::Node>(const std::string&)>& node, std::size_t most_per_slice) {
  SliceReconciliation result;
  if (service.spec.type == "ExternalName" || !service.spec.selector || service.spec.selector->empty()) return result;
  Packer packer(service, most_per_slice);
  std::map<std::string, std::vector<EndpointSlice>> slices;
  for (const EndpointSlice& slice : existing) slices[port_key(slice.ports)].push_back(slice);
  std::map<std::string, PortGroup> groups;
  for (const cluster::Ptr<Pod>& pod : pods) {
    if (!cluster::matches(*service.spec.selector, *pod->meta.labels) || !is_listed(*pod)) continue;
    std::vector<EndpointPort> ports = ports_of(service, *pod);
    const std::string key = port_key(ports);
    PortGroup& group = groups[key];
    group.ports = std::move(ports);
    const auto on = pod->node_name.empty() ? nullptr : node(pod->node_name);
    if (!on && !service.spec.publish_not_ready_addresses) {
      result.unknown_nodes.push_back(pod->node_name);
      continue;
    }
    group.endpoints.push_back(endpoint_of(service, *pod, on.get()));
    packer.note_hints(group.endpoints.back());
  }
  Packing packing;
  for (auto& [key, group] : groups) packer.pack(slices[key], std::move(group.endpoints), group.ports, packing);
  for (const auto& [key, unwanted] : slices) {
    if (groups.contains(key)) continue;
    for (const EndpointSlice& slice : unwanted) packing.remove.insert(slice.meta.name);
  }
  // A Service always has a slice, if only an empty one.
  if (existing.size() == packing.remove.size() && packing.create.empty()) {
    const auto lonely = packing.remove.size() == 1
                            ? std::find_if(existing.begin(), existing.end(), [&](const EndpointSlice& slice) { return packing.remove.contains(slice.meta.name); })
                            : existing.end();
    if (lonely != existing.end() && lonely->endpoints.empty() && lonely->ports.empty() && *lonely->meta.labels == packer.labels()) {
      packing.remove.clear();
    } else {
      packing.create.push_back(packer.empty_slice({}));
    }
  }
  recycle(packing);
  result.create = std::move(packing.create);
  for (auto& [name, slice] : packing.update) result.update.push_back(std::move(slice));
  result.remove.assign(packing.remove.begin(), packing.remove.end());
  return result;
}

bool pod_change_matters(const Pod& before, const Pod& after) {
  const auto domain = [](const Pod& pod) {
    return std::pair(rest_value(pod.spec->rest, "hostname", std::string()), rest_value(pod.spec->rest, "subdomain", std::string()));
  };
  if (!(before.meta.labels == after.meta.labels) || domain(before) != domain(after)) return true;
  // The real controller compares pointers here, so any event of a pod being deleted counts.
  if (before.meta.deletion_timestamp || after.meta.deletion_timestamp) return true;
  return cluster::is_ready(before) != cluster::is_ready(after) || before.status.pod_ip != after.status.pod_ip;
}

}  // namespace tandem::control
