#pragma once
// Keeps balancers in step with EndpointSlices, as kube-proxy keeps its rules: from the slices of a Service to the list
// of backends, with its throttle.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/balance/balancer_runtime.hpp"
#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/record/sink.hpp"

namespace tandem::world {

/// minSyncPeriod of kube-proxy (kubernetes-semantics §5): a change after a quiet second is applied at once, later ones
/// wait until a second has passed since the last.
inline constexpr SimDuration kProxySyncPeriodMin = seconds(1);

class EndpointFollower {
 public:
  /// Follows `service` ("namespace/name" as an ObjectKey); `sink` gets a mark whenever new backends are in force.
  EndpointFollower(Clock& clock, cluster::ApiServer& server, balance::BalancerRuntime& balancers,
                   std::vector<cluster::ObjectKey> services, record::Sink* sink);
  ~EndpointFollower();
  EndpointFollower(const EndpointFollower&) = delete;
  EndpointFollower& operator=(const EndpointFollower&) = delete;

 private:
  struct Followed {
    std::map<cluster::ObjectKey, cluster::Ptr<cluster::EndpointSlice>> slices;
    std::vector<balance::Backend> sent;
    bool sent_any = false;
    SimTime last_sync{-kProxySyncPeriodMin.ns};
    TimerHandle timer;
    std::uint32_t number = 0;
  };

  void slice_changed(const cluster::Change<cluster::EndpointSlice>& change);
  void request_sync(const cluster::ObjectKey& service, Followed& followed);
  void sync(const cluster::ObjectKey& service, Followed& followed);

  Clock& clock_;
  balance::BalancerRuntime& balancers_;
  record::Sink* sink_;
  std::map<cluster::ObjectKey, Followed> services_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  cluster::Subscription watch_;
};

}  // namespace tandem::world
