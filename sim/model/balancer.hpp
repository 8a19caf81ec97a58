#pragma once
// One balancer in front of one Service: instances with a balancing state of their own, each with worker processes that are
// single-threaded event loops and share that state (nginx: a zone), and the configurations they follow. Time passes in
// RequestPath; this holds the state.

#include <boost/circular_buffer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/balance/balancer_runtime.hpp"
#include "core/balance/policy.hpp"
#include "core/base/result.hpp"
#include "sim/model/cpu.hpp"
#include "sim/model/deadline_queue.hpp"
#include "sim/model/pod_network.hpp"

namespace tandem::sim {

class Balancer {
 public:
  /// A worker process: it works on one request at a time, the others wait their turn.
  struct Worker {
    CpuGroupId group{};
    bool busy = false;
    std::uint64_t current = 0;  ///< token of the request it works on
    boost::circular_buffer<std::uint64_t> waiting;

    void enqueue(std::uint64_t token) {
      if (waiting.full()) waiting.set_capacity(waiting.capacity() == 0 ? 64 : 2 * waiting.capacity());
      waiting.push_back(token);
    }
  };

  struct Peer {
    AddressId address{};
    std::int32_t port = 0;
  };

  /// A loaded configuration. Requests keep the one they came in under to their end, as nginx's old workers do after a
  /// reload; it goes when the last of them has gone.
  struct Upstream {
    std::vector<Peer> peers;
    std::vector<std::unique_ptr<balance::BalancePolicy>> policies;  ///< by instance
    std::uint32_t requests = 0;
    bool superseded = false;
  };

  /// Errors: ValueNotAllowed for a product or policy that is not registered.
  static Result<std::unique_ptr<Balancer>> create(std::string service, const balance::BalancerSpec& spec, std::uint64_t seed);

  [[nodiscard]] const balance::BalancerSpec& spec() const { return spec_; }
  [[nodiscard]] std::size_t worker_count() const { return workers.size(); }
  /// Instances are dealt to in turn, by the request's number in its source: the same one in every world.
  [[nodiscard]] std::uint32_t instance_for(std::uint64_t index) const {
    return static_cast<std::uint32_t>(index % static_cast<std::uint64_t>(spec_.instances));
  }
  /// The worker process that takes request `index`; the real ones race for it, here they take turns.
  [[nodiscard]] std::uint32_t worker_for(std::uint64_t index) const {
    const auto each = static_cast<std::uint64_t>(spec_.workers);
    const std::uint64_t turn = index / static_cast<std::uint64_t>(spec_.instances) % each;
    return static_cast<std::uint32_t>(instance_for(index) * each + turn);
  }

  /// Loads a new configuration, which new requests follow from now on.
  void load(const std::vector<balance::Backend>& backends, PodNetwork& network);
  /// The configuration for a new request, counted until released.
  std::uint32_t acquire_upstream();
  void release_upstream(std::uint32_t index);
  Upstream& upstream(std::uint32_t index) { return *upstreams_[index]; }

  std::vector<Worker> workers;      ///< instance by instance
  bool accepting = false;
  DeadlineQueue read_deadlines;

  /// Clients' connections that are kept alive and have nothing to do, by instance; the last one used comes first.
  struct IdleConnection {
    SimTime free_at;
    std::uint64_t number = 0;
  };
  std::vector<std::vector<IdleConnection>> idle_connections;

  // Reloads: one at a time; the newest list waits for the one in progress.
  bool reloading = false;
  std::vector<balance::Backend> loading;
  std::vector<std::function<void(Status)>> loading_callbacks;
  bool has_pending = false;
  std::vector<balance::Backend> pending;
  std::vector<std::function<void(Status)>> pending_callbacks;

 private:
  Balancer(std::string service, balance::BalancerSpec spec, std::uint64_t seed)
      : service_(std::move(service)), spec_(std::move(spec)), seed_(seed) {}
  [[nodiscard]] std::unique_ptr<Upstream> make_upstream();

  std::string service_;
  balance::BalancerSpec spec_;
  std::uint64_t seed_;
  std::uint64_t loads_ = 0;
  std::vector<std::unique_ptr<Upstream>> upstreams_;
  std::vector<std::uint32_t> free_upstreams_;
  std::uint32_t current_ = 0;
};

}  // namespace tandem::sim
