#include "core/world/endpoint_follower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/control/endpoint_slice_controller.hpp"

namespace tandem::world {

using cluster::EndpointSlice;
using cluster::ObjectKey;

namespace {

/// Tie key of proxy work among simultaneous events; one number per followed Service.
constexpr std::uint32_t kFirstEntity = 1000;

ObjectKey service_of(const EndpointSlice& slice) {
  const auto label = slice.meta.labels->find(control::kServiceNameLabel);
  return {slice.meta.namespace_, label == slice.meta.labels->end() ? std::string{} : label->second};
}

}  // namespace

EndpointFollower::EndpointFollower(Clock& clock, cluster::ApiServer& server, balance::BalancerRuntime& balancers,
                                   std::vector<ObjectKey> services, record::Sink* sink)
    : clock_(clock), balancers_(balancers), sink_(sink) {
  std::uint32_t number = 0;
  for (ObjectKey& service : services) services_[std::move(service)].number = number++;
  watch_ = server.watch<EndpointSlice>(server.profile().node_watch_delay,
                                       [this](const cluster::Change<EndpointSlice>& change) { slice_changed(change); });
}

EndpointFollower::~EndpointFollower() {
  *alive_ = false;
  for (auto& [service, followed] : services_) clock_.cancel(followed.timer);
}

void EndpointFollower::slice_changed(const cluster::Change<EndpointSlice>& change) {
  const ObjectKey service = service_of(*change.object);
  const auto found = services_.find(service);
  if (found == services_.end()) return;
  if (change.type == cluster::ChangeType::Deleted) found->second.slices.erase(key_of(change.object->meta));
  else found->second.slices[key_of(change.object->meta)] = change.object;
  request_sync(service, found->second);
}

void EndpointFollower::request_sync(const ObjectKey& service, Followed& followed) {
  if (followed.timer) return;
  const SimTime earliest = followed.last_sync + kProxySyncPeriodMin;
  if (clock_.now() >= earliest) {
    sync(service, followed);
    return;
  }
  followed.timer = clock_.at(earliest, EventClass::Control, kFirstEntity + followed.number, [this, service] {
    Followed& due = services_.at(service);
    due.timer = {};
    sync(service, due);
  });
}

void EndpointFollower::sync(const ObjectKey& service, Followed& followed) {
  followed.last_sync = clock_.now();
  std::vector<cluster::Endpoint> all;
  std::int32_t port = 0;
  for (const auto& [key, slice] : followed.slices) {
    all.insert(all.end(), slice->endpoints.begin(), slice->endpoints.end());
    if (port == 0 && !slice->ports.empty()) port = slice->ports.front().port;
  }
  std::vector<balance::Backend> backends;
  for (const cluster::Endpoint& endpoint : control::eligible_endpoints(all)) {
    backends.push_back({endpoint.pod_name, endpoint.address, port, 1});
  }
  std::sort(backends.begin(), backends.end(), [](const balance::Backend& a, const balance::Backend& b) {
    return std::tie(a.address, a.port, a.pod_name) < std::tie(b.address, b.port, b.pod_name);
  });
  if (followed.sent_any && followed.sent == backends) return;
  followed.sent = backends;
  followed.sent_any = true;
  const std::size_t count = backends.size();
  balancers_.set_backends(to_string(service), std::move(backends), [this, alive = alive_, service, count](const Status& status) {
    if (!*alive || sink_ == nullptr) return;
    sink_->mark({clock_.now(), status ? "balancer" : "warning", "service/" + service.name,
                 status ? fmt::format("{} backends in force", count) : "backends not applied: " + status.error().what});
  });
}

}  // namespace tandem::world
