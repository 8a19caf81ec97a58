// The table of covered families: one line a room.

#include <algorithm>
#include <iterator>

#include "tests/truth/runner.hpp"

namespace tandem::truth {

std::vector<Family> all_families() {
  std::vector<Family> all;
  for (const auto& families : {
           api_families,
           autoscaler_families,
           api_rule_families,
           balancer_families,
           cron_job_families,
           daemon_set_families,
           deployment_families,
           disruption_families,
           endpoint_slice_families,
           job_families,
           kind_rollout_families,
           kubectl_families,
           kubelet_decision_families,
           kubelet_probe_families,
           kubelet_resource_families,
           kubelet_timing_families,
           node_lifecycle_families,
           replica_set_families,
           scheduler_families,
           selector_families,
           stateful_set_families,
       }) {
    std::vector<Family> some = families();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(), [](const Family& a, const Family& b) { return a.name < b.name; });
  return all;
}

}  // namespace tandem::truth
