#include "core/world/cluster_run.hpp"

#include <algorithm>
#include <utility>

#include "core/world/partitioned_nodes.hpp"

namespace tandem::world {

using cluster::ObjectKey;

std::vector<ObjectKey> balanced_services(const scenario::Scenario& scenario) {
  std::vector<ObjectKey> services;
  for (const scenario::TrafficSpec& traffic : scenario.traffic) services.push_back({traffic.namespace_, traffic.service});
  std::sort(services.begin(), services.end());
  services.erase(std::unique(services.begin(), services.end()), services.end());
  return services;
}

balance::BalancerSpec balancer_for(const scenario::Scenario& scenario, const ObjectKey& service) {
  const balance::BalancerSpec* general = nullptr;
  for (const balance::BalancerSpec& spec : scenario.balancers) {
    if (spec.service == service.name) return spec;
    if (spec.service.empty()) general = &spec;
  }
  return general != nullptr ? *general : balance::BalancerSpec{};
}

ClusterRun::ClusterRun(const Parts& parts) : parts_(parts), sink_(parts.sink) {
  control_plane_ = std::make_unique<ControlPlane>(parts_.clock, parts_.scenario, parts_.nodes, &sink_, std::move(parts_.policies),
                                                  parts_.check_decisions);
  follower_ = std::make_unique<EndpointFollower>(parts_.clock, control_plane_->api(), parts_.balancers,
                                                 balanced_services(parts_.scenario), &sink_);
  if (parts_.make_faults) faults_ = std::make_unique<PartitionedNodes>(parts_.make_faults(control_plane_->api()), *control_plane_);
  timeline_ = std::make_unique<Timeline>(parts_.clock, control_plane_->api(), faults_.get(), &sink_, parts_.scenario.seed);
}

ClusterRun::~ClusterRun() { *alive_ = false; }

void ClusterRun::start_balancers(std::function<void(Status)> ready) {
  struct Waiting {
    std::size_t left = 0;
    bool reported = false;
    std::function<void(Status)> ready;
  };
  const std::vector<ObjectKey> services = balanced_services(parts_.scenario);
  if (services.empty()) {
    ready({});
    return;
  }
  auto waiting = std::make_shared<Waiting>(Waiting{services.size(), false, std::move(ready)});
  for (const ObjectKey& service : services) {
    parts_.balancers.start(to_string(service), balancer_for(parts_.scenario, service), [waiting](const Status& status) {
      --waiting->left;
      if (waiting->reported || (status && waiting->left > 0)) return;
      waiting->reported = true;
      waiting->ready(status);
    });
  }
}

Status ClusterRun::start() {
  TANDEM_TRY(control_plane_->boot());
  const SimTime zero = parts_.clock.now();
  std::uint32_t number = 0;
  for (const scenario::TimelineAction& action : parts_.scenario.timeline) {
    parts_.clock.at(zero + (action.at - kTimeZero), EventClass::Timeline, number++, [this, alive = alive_, &action] {
      if (!*alive) return;
      Status applied = timeline_->apply(action);
      if (!applied && timeline_status_) timeline_status_ = std::move(applied);
    });
  }
  return parts_.traffic.start(parts_.scenario, [this](const record::RequestRecord& record) { sink_.request(record); });
}

Status ClusterRun::finish_traffic() {
  sink_.close();
  return parts_.traffic.finish();
}

}  // namespace tandem::world
