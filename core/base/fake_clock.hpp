#pragma once
// A Clock that a test (or the truth harness) moves by hand, with the total order of design §4.

#include <cstdint>
#include <functional>
#include <map>
#include <tuple>

#include "core/base/clock.hpp"

namespace tandem {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] SimTime now() const override { return now_; }

  TimerHandle at(SimTime time, EventClass event_class, std::uint32_t entity, std::function<void()> callback) override {
    const std::uint64_t sequence = ++last_sequence_;
    const Key key{time < now_ ? now_ : time, event_class, entity, sequence};
    pending_.emplace(key, std::move(callback));
    keys_.emplace(sequence, key);
    return TimerHandle{sequence};
  }

  bool cancel(TimerHandle timer) override {
    const auto found = keys_.find(timer.value);
    if (found == keys_.end()) return false;
    pending_.erase(found->second);
    keys_.erase(found);
    return true;
  }

  /// Time of the next timer, or kTimeNever.
  [[nodiscard]] SimTime next() const { return pending_.empty() ? kTimeNever : std::get<0>(pending_.begin()->first); }

  /// Fires the next timer, moving the clock to it; false if none is armed.
  bool step() {
    if (pending_.empty()) return false;
    auto node = pending_.extract(pending_.begin());
    now_ = std::get<0>(node.key());
    keys_.erase(std::get<3>(node.key()));
    node.mapped()();
    return true;
  }

  /// Fires everything due up to and including `time`, then stands at `time`.
  void run_until(SimTime time) {
    while (next() <= time && step()) {
    }
    if (now_ < time) now_ = time;
  }

 private:
  using Key = std::tuple<SimTime, EventClass, std::uint32_t, std::uint64_t>;
  SimTime now_ = kTimeZero;
  std::uint64_t last_sequence_ = 0;
  std::map<Key, std::function<void()>> pending_;
  std::map<std::uint64_t, Key> keys_;
};

}  // namespace tandem
