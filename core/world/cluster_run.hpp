#pragma once
// A scenario in progress above the seams: control plane, balancers, traffic and timeline on one clock. The simulated and
// the Docker session differ only in what they pass in.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/balance/balancer_runtime.hpp"
#include "core/traffic/driver.hpp"
#include "core/world/control_plane.hpp"
#include "core/world/endpoint_follower.hpp"
#include "core/world/fault_injector.hpp"
#include "core/world/gated_sink.hpp"
#include "core/world/timeline.hpp"

namespace tandem::world {

class ClusterRun {
 public:
  struct Parts {
    Clock& clock;
    const scenario::Scenario& scenario;
    control::NodeRuntime& nodes;
    balance::BalancerRuntime& balancers;
    traffic::TrafficDriver& traffic;
    record::Sink* sink = nullptr;
    /// Makes the world's fault injector, which deletes pods through the API server; may be empty: no faults here.
    std::function<std::unique_ptr<FaultInjector>(cluster::ApiServer&)> make_faults = {};
    /// Processes of the scheduler profiles that ask one; see ControlPlane.
    std::map<std::string, control::scheduler::ExternalPolicyPtr> policies = {};
    std::uint32_t check_decisions = 0;  ///< see RunContext
  };
  explicit ClusterRun(const Parts& parts);
  ~ClusterRun();
  ClusterRun(const ClusterRun&) = delete;
  ClusterRun& operator=(const ClusterRun&) = delete;

  /// Starts one balancer per Service that traffic goes to; `ready` runs once all accept connections, or with the first
  /// error. To be called before time zero of the scenario in real worlds.
  void start_balancers(std::function<void(Status)> ready);

  /// Time zero: nodes and manifests appear, timeline and traffic are armed.
  Status start();

  /// A timeline action by hand, now.
  Status inject(const scenario::TimelineAction& action) { return timeline_->apply(action); }

  /// The horizon is reached: nothing but the rest of the requests in flight is recorded from here on. Waits for those.
  Status finish_traffic();

  /// Where a world's own samples and marks go: the run's sink, up to the horizon.
  [[nodiscard]] record::Sink& sink() { return sink_; }

  [[nodiscard]] ControlPlane& control_plane() { return *control_plane_; }
  /// First error of a timeline action, if any.
  [[nodiscard]] const Status& timeline_status() const { return timeline_status_; }

 private:
  Parts parts_;
  GatedSink sink_;
  std::unique_ptr<ControlPlane> control_plane_;
  std::unique_ptr<EndpointFollower> follower_;
  std::unique_ptr<FaultInjector> faults_;
  std::unique_ptr<Timeline> timeline_;
  Status timeline_status_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// Services that traffic goes to, sorted, each once.
std::vector<cluster::ObjectKey> balanced_services(const scenario::Scenario& scenario);
/// The balancer in front of `service`: the scenario's, or the default one.
balance::BalancerSpec balancer_for(const scenario::Scenario& scenario, const cluster::ObjectKey& service);

}  // namespace tandem::world
