#pragma once

#include <boost/circular_buffer.hpp>
#include <cstdint>

#include "core/base/time.hpp"

namespace tandem::sim {

/// Time-outs of one fixed length, which therefore expire in the order they were set: a ring instead of a heap, and one
/// timer for all of them. Entries of what has ended meanwhile stay until they come to the front. No allocation once grown.
class DeadlineQueue {
 public:
  struct Entry {
    SimTime deadline;
    std::uint64_t token = 0;  ///< names what expires
  };

  /// Requires a deadline not before the last one pushed.
  void push(SimTime deadline, std::uint64_t token) {
    if (entries_.full()) entries_.set_capacity(entries_.capacity() == 0 ? 64 : 2 * entries_.capacity());
    entries_.push_back({deadline, token});
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] const Entry& front() const { return entries_.front(); }
  void pop() { entries_.pop_front(); }

  bool armed = false;  ///< the owner has a timer for the front

 private:
  boost::circular_buffer<Entry> entries_;
};

}  // namespace tandem::sim
