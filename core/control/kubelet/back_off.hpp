#pragma once
// Waiting times that double with every failure, forgotten after a while (client-go util/flowcontrol/backoff.go, no jitter).

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace tandem::control::kubelet {

class BackOff {
 public:
  struct Options {
    SimDuration initial = seconds(10);
    SimDuration longest = seconds(300);
    SimDuration expiry = seconds(600);  ///< a record this much older than the event at hand counts no more
    /// Expired records are dropped at multiples of this (zero: only by sweep()). Worked out when a record is looked at, so a
    /// sweep that finds nothing costs nothing.
    SimDuration sweep_period;
  };
  explicit BackOff(Options options) : options_(options) {}

  /// The present waiting time; zero without a record. Does not ask whether the record has expired.
  [[nodiscard]] SimDuration get(std::string_view id, SimTime now);
  /// The next step because of an event at `event`: the initial time without a record or with an expired one, else the double.
  void next(std::string_view id, SimTime event, SimTime now);
  /// Whether less than the waiting time has passed since `event`.
  [[nodiscard]] bool in_back_off_since(std::string_view id, SimTime event, SimTime now);
  /// Whether less than the waiting time has passed since the record was last changed.
  [[nodiscard]] bool in_back_off_since_update(std::string_view id, SimTime now);
  void sweep(SimTime now);
  /// Forgets every record whose id begins so: those of a pod that is gone.
  void forget(std::string_view prefix);
  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  struct Record {
    SimDuration delay;
    SimTime updated;
  };
  [[nodiscard]] bool expired(const Record& record, SimTime event) const { return event - record.updated > options_.expiry; }
  /// The record, unless a sweep has dropped it by now.
  Record* find(std::string_view id, SimTime now);

  Options options_;
  std::map<std::string, Record, std::less<>> records_;
};

}  // namespace tandem::control::kubelet
