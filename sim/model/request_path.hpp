#pragma once
// The way of a request: client → balancer → pod → back, event by event, for every request of a run. Implements the
// TrafficDriver and BalancerRuntime seams in the model. Nothing here allocates per request once its pools have grown.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/balance/balancer_runtime.hpp"
#include "core/balance/policy.hpp"
#include "core/base/random.hpp"
#include "core/traffic/driver.hpp"
#include "core/traffic/stream.hpp"
#include "sim/engine/engine.hpp"
#include "sim/model/balancer.hpp"
#include "sim/model/cpu.hpp"
#include "sim/model/deadline_queue.hpp"
#include "sim/model/measured_draw.hpp"
#include "sim/model/pod_network.hpp"

namespace tandem::sim {

/// Where balancers get their CPU time from: with shared cores they compete with the nodes on one host, otherwise every
/// instance is a machine of its own.
struct BalancerPlacement {
  bool on_host = false;
  MachineId host{};
};

/// Every request ends in exactly one record. An unloaded request takes
///   client_overhead + round_trip + proxy_request + round_trip + app_request + route.cpu / cpu_speed + route.wait
/// (calibration figures; the first round trip is client ↔ balancer, the second balancer ↔ pod), of which proxy_cpu and
/// app_request + route.cpu are CPU time and grow with contention.
class RequestPath final : public traffic::TrafficDriver,
                          public balance::BalancerRuntime,
                          private EventHandler,
                          private ReplicaClient {
 public:
  RequestPath(Engine& engine, Cpu& cpu, PodNetwork& network, const scenario::Calibration& calibration, std::uint64_t seed,
              BalancerPlacement placement);
  ~RequestPath() override;
  RequestPath(const RequestPath&) = delete;
  RequestPath& operator=(const RequestPath&) = delete;

  // TrafficDriver. finish() runs the engine on until nothing is in flight, at most for the longest time-out.
  Status start(const scenario::Scenario& scenario, std::function<void(const record::RequestRecord&)> record) override;
  Status finish() override;

  // BalancerRuntime. A balancer accepts at once, so `done` runs inside start(); errors are answered inside the call too.
  // The product must have a model (nginx).
  void start(const std::string& service, const balance::BalancerSpec& spec, std::function<void(Status)> done) override;
  void set_backends(const std::string& service, std::vector<balance::Backend> backends, std::function<void(Status)> applied) override;

  /// Conservation: sent == answered + failed + in_flight at any time (a checker in the tests).
  struct Totals {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;   ///< records with outcome Ok
    std::uint64_t failed = 0;     ///< records with any other outcome
    std::uint64_t in_flight = 0;
    friend bool operator==(const Totals&, const Totals&) = default;
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }

 private:
  enum EventKind : std::uint32_t {
    kArrival,           ///< payload: source
    kAtBalancer,        ///< these carry a request token
    kAtReplica,
    kAnswerAtBalancer,
    kResetAtBalancer,
    kConnectRefused,
    kConnectTimedOut,
    kUnreachable,
    kRefusedAtClient,
    kProxyDone,         ///< payload: balancer << 32 | worker
    kReloaded,          ///< payload: balancer
    kClientDeadline,    ///< payload: source
    kReadDeadline,      ///< payload: balancer
  };
  /// Where a request is. Its pool slot is free in state Free.
  enum class State : std::uint8_t { Free, ToBalancer, InProxy, Connecting, AtReplica, Refusing };

  /// Names an attempt of a request: pool slot and how often the slot has moved on. Events of earlier attempts find
  /// another number there and are dropped.
  using Token = std::uint64_t;

  struct Request {
    State state = State::Free;
    std::uint32_t generation = 0;
    std::uint32_t next_free = 0;
    std::uint32_t source = 0;
    std::uint64_t serial = 0;        ///< number among all requests of the run
    std::uint64_t index = 0;
    SimTime intended;
    SimTime sent;
    SimTime deadline;
    double demand_factor = 1;
    double app_ns = 0;
    double proxy_cpu_ns = 0;
    SimDuration client_receive;
    SimDuration client_hop;          ///< one way
    SimDuration proxy_latency;       ///< each way
    SimDuration replica_hop;         ///< one way
    std::uint64_t connection = 0;
    std::uint32_t balancer = 0;
    std::uint32_t instance = 0;
    std::uint32_t worker = 0;
    std::uint32_t upstream = 0;
    balance::PeerRef peer;
    bool has_peer = false;           ///< an attempt is counted at the policy
    bool has_upstream = false;
    balance::TriedPeers tried;
    std::uint8_t attempts = 0;
    std::uint32_t replica_pod = 0;
    ReplicaAnswer answer;
  };

  struct Source {
    Source(const scenario::TrafficSpec& traffic, std::uint64_t seed);
    scenario::TrafficSpec spec;
    std::string path;                ///< without query
    std::string service;             ///< "namespace/name"
    bool retryable = true;           ///< idempotent: may be sent again after bytes of it were sent
    traffic::RequestStream stream;
    CounterStream overheads;
    traffic::PlannedRequest planned;
    TimerHandle arrival;
    DeadlineQueue deadlines;
  };

  /// A message that vanished because a node is cut off; its sender sends it again until it is through.
  struct Held {
    Token token;
    EventKind kind;
    SimTime first_sent;
    SimDuration first_timeout;
    SimDuration delay;
  };

  void fire(std::uint32_t kind, std::uint64_t payload) override;
  void answered(const Replica& replica, std::uint64_t ticket, const ReplicaAnswer& answer) override;
  void connection_reset(const Replica& replica, std::uint64_t ticket) override;

  // In order of a request's life.
  void plan_next(std::uint32_t source);
  void arrive(std::uint32_t source);
  void at_balancer(std::uint32_t slot);
  void start_proxy_work(std::uint32_t balancer, std::uint32_t worker, Token token);
  void proxy_done(std::uint32_t balancer, std::uint32_t worker);
  void forward(std::uint32_t slot);
  void at_replica(std::uint32_t slot);
  void attempt_failed(std::uint32_t slot, balance::Outcome outcome, bool request_was_sent);
  void answer_at_balancer(std::uint32_t slot);
  /// The balancer answers the client, with the replica's answer or with an error of its own.
  void respond(std::uint32_t slot, std::uint16_t status, bool from_replica);
  void finish_attempt(Request& request, balance::Outcome outcome);
  void end(std::uint32_t slot, record::RequestOutcome outcome, std::uint16_t status, SimTime end, bool from_replica);

  // Time-outs.
  void client_deadlines_due(std::uint32_t source);
  void read_deadlines_due(std::uint32_t balancer);

  // Lost messages.
  void send_to_node(Token token, EventKind kind, std::uint32_t node, SimDuration delay, SimDuration first_timeout);
  void node_healed(std::uint32_t node);

  // Balancers.
  void begin_reload(std::uint32_t balancer);
  void reloaded(std::uint32_t balancer);

  [[nodiscard]] Token token_of(std::uint32_t slot) const;
  /// The slot of a live attempt, or kNoSlot.
  [[nodiscard]] std::uint32_t find(Token token) const;
  std::uint32_t take_slot();
  void schedule(SimDuration delay, EventKind kind, std::uint32_t slot);
  [[nodiscard]] SimDuration one_way(const Request& request, std::uint32_t node, std::int64_t bytes) const;
  [[nodiscard]] balance::BalancePolicy& policy_of(const Request& request);
  std::uint64_t take_connection(const Source& source, const Request& request);

  static constexpr std::uint32_t kNoSlot = 0xffffffffU;

  Engine& engine_;
  Cpu& cpu_;
  PodNetwork& network_;
  std::uint64_t seed_;
  BalancerPlacement placement_;
  MeasuredDraw client_overhead_;
  MeasuredDraw round_trip_;
  MeasuredDraw proxy_latency_;
  MeasuredDraw proxy_cpu_;
  MeasuredDraw app_request_;
  MeasuredDraw reload_;
  RandomStream reload_draws_;

  std::vector<Source> sources_;
  std::vector<std::unique_ptr<Balancer>> balancers_;
  std::map<std::string, std::uint32_t> balancer_numbers_;
  std::vector<std::int64_t> source_balancers_;  ///< by source; -1 = its service has no balancer
  std::vector<Request> requests_;
  std::uint32_t free_ = kNoSlot;
  std::uint64_t last_serial_ = 0;
  std::uint64_t last_connection_ = 0;
  std::vector<std::vector<Held>> held_;         ///< by node
  Totals totals_;
  record::RequestRecord record_;                ///< re-used, so that its string keeps its memory
  std::function<void(const record::RequestRecord&)> recorder_;
};

}  // namespace tandem::sim
