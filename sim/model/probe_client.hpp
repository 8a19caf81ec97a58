#pragma once
// The kubelet's HTTP and TCP probes as clients of the simulated replicas, with the kubelet's words for what went wrong.

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/base/random.hpp"
#include "core/control/node_runtime.hpp"
#include "sim/model/measured_draw.hpp"
#include "sim/model/pod_network.hpp"
#include "sim/model/replica.hpp"

namespace tandem::sim {

/// A probe is a request like any other: it takes a worker, and it waits behind the requests of clients. It runs on the pod's
/// own node, so cutting the node off does not touch it.
class ProbeClient final : private ReplicaClient {
 public:
  ProbeClient(Engine& engine, PodNetwork& network, const scenario::Calibration& calibration, std::uint64_t seed);

  /// Connects to `address`:`request.port`; `done` runs at the answer, the refusal or the probe's time-out.
  void probe(AddressId address, const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done);

 private:
  struct Pending {
    control::ProbeRequest request;
    AddressId address{};
    SimDuration receive;
    TimerHandle timeout;
    std::function<void(control::ProbeOutcome)> done;
  };

  void answered(const Replica& replica, std::uint64_t ticket, const ReplicaAnswer& answer) override;
  void connection_reset(const Replica& replica, std::uint64_t ticket) override;
  void connect(std::uint64_t ticket);
  /// Reports after the way back; whatever the probe still waits for is forgotten.
  void finish(std::uint64_t ticket, SimDuration delay, control::ProbeOutcome outcome);

  Engine& engine_;
  PodNetwork& network_;
  MeasuredDraw overhead_;
  MeasuredDraw app_request_;
  CounterStream draws_;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t last_ticket_ = 0;
};

/// `Get "http://10.244.1.2:8080/healthz"`: how Go's HTTP client begins its error texts.
std::string probe_url(const control::ProbeRequest& request);

}  // namespace tandem::sim
