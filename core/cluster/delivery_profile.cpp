#include "core/cluster/api_server.hpp"

namespace tandem::cluster {

DeliveryProfile DeliveryProfile::instant() {
  DeliveryProfile profile;
  profile.name = "instant";
  profile.controller_workers = 1;
  return profile;
}

DeliveryProfile DeliveryProfile::kubernetes() {
  DeliveryProfile profile;
  profile.name = "kubernetes";
  // kubernetes-semantics §10.3: suggested values of an idle cluster, the middle where a range is given.
  profile.write_latency = milliseconds(5);
  profile.watch_delay = milliseconds(2);
  profile.node_watch_delay = milliseconds(2);
  profile.sync_cost = milliseconds(1);
  profile.scheduling_cost = microseconds(1500);
  // §10.1: facts of the code.
  profile.controller_limit = {20, 30};
  profile.scheduler_limit = {50, 100};
  profile.kubelet_limit = {50, 100};
  profile.controller_workers = 5;
  return profile;
}

}  // namespace tandem::cluster
