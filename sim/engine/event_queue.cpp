#include "sim/engine/event_queue.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace tandem::sim {

namespace {

/// A ticket is 40 bits of sequence above 24 bits of slot: 10^12 events a run, 16 million pending at once.
constexpr unsigned kSlotBits = 24;
constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
constexpr std::uint64_t kSequenceMax = (std::uint64_t{1} << 40) - 1;
/// Below this many cancelled entries sweeping costs more than it saves.
constexpr std::size_t kSweepMin = 1024;
/// Four children a node: half the levels of a binary heap, and the children share one or two cache lines.
constexpr std::size_t kArity = 4;

constexpr std::uint32_t slot_of(std::uint64_t ticket) { return static_cast<std::uint32_t>(ticket & kSlotMask); }

}  // namespace

void EventQueue::Callbacks::fire(std::uint32_t /*kind*/, std::uint64_t payload) {
  // Moved out first: the callback may arm new callbacks and so move the vector.
  const std::function<void()> callback = std::exchange(slots[payload], nullptr);
  free.push_back(static_cast<std::uint32_t>(payload));
  callback();
}

bool EventQueue::before(const Entry& a, const Entry& b) {
  if (a.time != b.time) return a.time < b.time;
  if (a.rank != b.rank) return a.rank < b.rank;
  return a.ticket < b.ticket;
}

bool EventQueue::is_live(const Entry& entry) const { return slots_[slot_of(entry.ticket)].ticket == entry.ticket; }

std::uint32_t EventQueue::take_slot() {
  if (first_free_ != kNoSlot) {
    const std::uint32_t index = first_free_;
    first_free_ = slots_[index].next_free;
    return index;
  }
  CHECK(slots_.size() <= kSlotMask, "more than 16 million events are pending");
  slots_.emplace_back();
  return static_cast<std::uint32_t>(slots_.size() - 1);
}

void EventQueue::release_slot(std::uint32_t index) {
  slots_[index].ticket = 0;
  slots_[index].next_free = first_free_;
  first_free_ = index;
}

TimerHandle EventQueue::push(SimTime time, EventClass event_class, std::uint32_t entity, EventHandler& handler,
                             std::uint32_t kind, std::uint64_t payload) {
  const std::uint32_t index = take_slot();
  CHECK(last_sequence_ < kSequenceMax, "more than 10^12 events in one run");
  const std::uint64_t ticket = ++last_sequence_ << kSlotBits | index;
  Slot& slot = slots_[index];
  slot.ticket = ticket;
  slot.handler = &handler;
  slot.payload = payload;
  slot.kind = kind;
  const Entry entry{time.ns, static_cast<std::uint64_t>(event_class) << 32 | entity, ticket};
  heap_.push_back(entry);
  sift_up(heap_.size() - 1, entry);
  return TimerHandle{ticket};
}

TimerHandle EventQueue::push(SimTime time, EventClass event_class, std::uint32_t entity, std::function<void()> callback) {
  std::size_t index = callbacks_.slots.size();
  if (callbacks_.free.empty()) {
    callbacks_.slots.push_back(std::move(callback));
  } else {
    index = callbacks_.free.back();
    callbacks_.free.pop_back();
    callbacks_.slots[index] = std::move(callback);
  }
  return push(time, event_class, entity, callbacks_, 0, index);
}

bool EventQueue::cancel(TimerHandle timer) {
  const std::uint32_t index = slot_of(timer.value);
  if (!timer || index >= slots_.size() || slots_[index].ticket != timer.value) return false;
  if (slots_[index].handler == &callbacks_) {
    callbacks_.slots[slots_[index].payload] = nullptr;
    callbacks_.free.push_back(static_cast<std::uint32_t>(slots_[index].payload));
  }
  release_slot(index);
  ++dead_;
  if (dead_ >= kSweepMin && dead_ > heap_.size() / 2) sweep();
  return true;
}

SimTime EventQueue::next_time() {
  while (!heap_.empty() && !is_live(heap_.front())) {
    remove_head();
    --dead_;
  }
  return heap_.empty() ? kTimeNever : SimTime{heap_.front().time};
}

EventQueue::Due EventQueue::pop() {
  const std::uint32_t index = slot_of(heap_.front().ticket);
  const Slot& slot = slots_[index];
  const Due due{slot.handler, slot.kind, slot.payload};
  release_slot(index);
  remove_head();
  return due;
}

void EventQueue::remove_head() {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) sift_down(0, last);
}

void EventQueue::sift_up(std::size_t hole, Entry entry) {
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kArity;
    if (!before(entry, heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = entry;
}

void EventQueue::sift_down(std::size_t hole, Entry entry) {
  const std::size_t size = heap_.size();
  for (;;) {
    const std::size_t first = hole * kArity + 1;
    if (first >= size) break;
    const std::size_t end = std::min(first + kArity, size);
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (before(heap_[child], heap_[least])) least = child;
    }
    if (!before(heap_[least], entry)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = entry;
}

void EventQueue::sweep() {
  std::erase_if(heap_, [this](const Entry& entry) { return !is_live(entry); });
  dead_ = 0;
  // The order is total, so the shape of the heap cannot influence what comes out of it.
  for (std::size_t index = heap_.size() / kArity + 1; index-- > 0;) {
    if (index < heap_.size()) sift_down(index, heap_[index]);
  }
}

}  // namespace tandem::sim
