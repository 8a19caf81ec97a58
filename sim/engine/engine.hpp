#pragma once
// The simulation engine: virtual time, one event queue, bulk transfers. Implements the Clock seam, so everything above it
// runs unchanged on wall time.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/clock.hpp"
#include "sim/engine/bulk_network.hpp"
#include "sim/engine/event_queue.hpp"

namespace tandem::sim {

class Engine final : public Clock {
 public:
  /// `network` carries transfer(); without one transfers are a failed CHECK.
  explicit Engine(std::unique_ptr<BulkNetwork> network = nullptr);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Clock. Times in the past mean now.
  [[nodiscard]] SimTime now() const override { return now_; }
  TimerHandle at(SimTime time, EventClass event_class, std::uint32_t entity, std::function<void()> callback) override;
  bool cancel(TimerHandle timer) override { return queue_.cancel(timer); }

  /// The fast lane: no allocation, no indirection but the virtual call. The handler must outlive the event or cancel it.
  TimerHandle schedule(SimTime time, EventClass event_class, std::uint32_t entity, EventHandler& handler, std::uint32_t kind,
                       std::uint64_t payload) {
    return queue_.push(time < now_ ? now_ : time, event_class, entity, handler, kind, payload);
  }

  /// Moves `bytes` (at least one is sent) between two hosts of the topology; `done` runs at the exact end, rounded to the
  /// nearest nanosecond, as an event of class Network. Simultaneous ends come in order of starting.
  void transfer(NetworkNode from, NetworkNode to, std::int64_t bytes, std::function<void()> done);
  /// Stalls the transfers of a host, or lets them go on.
  void set_connected(NetworkNode host, bool connected);

  /// Fires the next event; false if nothing is pending or it lies beyond `limit`. Time then stays where it is.
  bool step(SimTime limit = kTimeNever);
  /// Fires every event due up to and including `limit`, then stands at `limit`.
  void run_until(SimTime limit);

  [[nodiscard]] std::uint64_t events_fired() const { return events_fired_; }

 private:
  /// Lets the network run up to the next event (or `limit`) and turns what completes on the way into events.
  void advance_network(SimTime limit);
  void finish_transfer(std::uint64_t number);

  struct TransferEnd final : EventHandler {
    explicit TransferEnd(Engine& owner) : engine(owner) {}
    void fire(std::uint32_t /*kind*/, std::uint64_t payload) override { engine.finish_transfer(payload); }
    Engine& engine;
  };

  SimTime now_;
  EventQueue queue_;
  std::uint64_t events_fired_ = 0;
  std::unique_ptr<BulkNetwork> network_;
  TransferEnd transfer_end_{*this};
  std::vector<std::function<void()>> transfers_;  ///< by number - 1; empty once done
  std::vector<TransferId> completed_;             ///< scratch
};

}  // namespace tandem::sim
