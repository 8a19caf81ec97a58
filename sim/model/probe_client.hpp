#pragma once
// The kubelet's HTTP and TCP probes and its HTTP hooks as clients of the simulated replicas, with the kubelet's words for what
// went wrong.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
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

  /// Connects to `address`:`request.port`; `done` runs at the answer, the refusal or the probe's time-out. Not for exec probes. A
  /// gRPC probe fails: nobody here speaks gRPC.
  void probe(AddressId address, const control::ProbeRequest& request, std::function<void(control::ProbeOutcome)> done);
  /// A hook's GET: any answer will do, however long it takes.
  void http_get(AddressId address, const control::HookRequest& request, std::function<void(Status)> done);

 private:
  enum class End : std::uint8_t { Answered, Opened, Refused, Reset, TimedOut };
  using Finished = std::function<void(End end, std::uint16_t status)>;

  struct Pending {
    AddressId address{};
    std::int32_t port = 0;
    std::optional<std::string> path;  ///< nothing: only connect and hang up
    SimDuration receive;
    TimerHandle timeout;
    Finished done;
  };

  void answered(const Replica& replica, std::uint64_t ticket, const ReplicaAnswer& answer) override;
  void connection_reset(const Replica& replica, std::uint64_t ticket) override;
  void start(Pending pending, std::optional<SimDuration> timeout);
  void connect(std::uint64_t ticket);
  /// Reports after the way back; whatever the exchange still waits for is forgotten.
  void finish(std::uint64_t ticket, SimDuration delay, End end, std::uint16_t status = 0);

  Engine& engine_;
  PodNetwork& network_;
  MeasuredDraw overhead_;
  MeasuredDraw app_request_;
  CounterStream draws_;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace tandem::sim
