#pragma once
// The simulation's event queue: a 4-ary heap of 24-byte entries with one total order (time, class, entity, sequence).
// Two lanes share the order: typed events (no allocation, for request-level work) and std::function callbacks.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/clock.hpp"

namespace tandem::sim {

/// Receiver of typed events. `kind` and `payload` mean what the receiver wants them to mean.
class EventHandler {
 public:
  virtual void fire(std::uint32_t kind, std::uint64_t payload) = 0;

 protected:
  ~EventHandler() = default;
};

/// Pending events in the order of design §4. Not a clock: it neither knows nor checks the current time.
/// Push and pop are O(log n), cancel is O(1); entries of cancelled events are swept when they outnumber the live ones.
class EventQueue {
 public:
  EventQueue() = default;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  /// Arms `handler.fire(kind, payload)`. The handler must outlive the event or cancel it.
  TimerHandle push(SimTime time, EventClass event_class, std::uint32_t entity, EventHandler& handler, std::uint32_t kind,
                   std::uint64_t payload);
  /// Arms a callback of any kind.
  TimerHandle push(SimTime time, EventClass event_class, std::uint32_t entity, std::function<void()> callback);
  /// Disarms; false if the event fired already or never existed.
  bool cancel(TimerHandle timer);

  /// Time of the next live event, or kTimeNever. Sweeps cancelled entries off the head.
  [[nodiscard]] SimTime next_time();
  /// Removes the next live event and returns what to do. Requires a live event (next_time() is not kTimeNever).
  struct Due {
    EventHandler* handler;
    std::uint32_t kind;
    std::uint64_t payload;
    void fire() const { handler->fire(kind, payload); }
  };
  [[nodiscard]] Due pop();

  [[nodiscard]] std::size_t live() const { return heap_.size() - dead_; }

 private:
  /// `rank` is class and entity, `ticket` is sequence and slot: comparing the three numbers in turn is the total order.
  struct Entry {
    std::int64_t time;
    std::uint64_t rank;
    std::uint64_t ticket;
  };
  struct Slot {
    std::uint64_t ticket = 0;  ///< of the live event here; 0 = free
    EventHandler* handler = nullptr;
    std::uint64_t payload = 0;
    std::uint32_t kind = 0;
    std::uint32_t next_free = 0;
  };
  /// The callback lane: payload is an index into `callbacks`.
  struct Callbacks final : EventHandler {
    void fire(std::uint32_t kind, std::uint64_t payload) override;
    std::vector<std::function<void()>> slots;
    std::vector<std::uint32_t> free;
  };

  static bool before(const Entry& a, const Entry& b);
  std::uint32_t take_slot();
  void release_slot(std::uint32_t index);
  void remove_head();
  void sift_up(std::size_t hole, Entry entry);
  void sift_down(std::size_t hole, Entry entry);
  void sweep();
  [[nodiscard]] bool is_live(const Entry& entry) const;

  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::uint32_t first_free_ = kNoSlot;
  std::uint64_t last_sequence_ = 0;
  std::size_t dead_ = 0;  ///< cancelled entries still in the heap
  Callbacks callbacks_;

  static constexpr std::uint32_t kNoSlot = 0xffffffffU;
};

}  // namespace tandem::sim
