#pragma once
// When a node is short of something: thresholds, which of them are met, for how long, and the node conditions that follow
// (pkg/kubelet/eviction of v1.34). Pure: observations and the time come from outside.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/quantity.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace tandem::control::kubelet {

/// What is watched, under the kubelet's names ("memory.available").
enum class EvictionSignal : std::uint8_t {
  MemoryAvailable,
  AllocatableMemoryAvailable,
  NodeFsAvailable,
  NodeFsInodesFree,
  ImageFsAvailable,
  ImageFsInodesFree,
  ContainerFsAvailable,
  ContainerFsInodesFree,
  PidAvailable,
};
std::string_view name_of(EvictionSignal signal);
/// Errors: ValueNotAllowed.
Result<EvictionSignal> eviction_signal_of(std::string_view name);
/// "memory", "ephemeral-storage", "inodes" or "pids": the resource that is to be reclaimed.
std::string_view resource_of(EvictionSignal signal);
/// "MemoryPressure", "DiskPressure" or "PIDPressure".
std::string_view node_condition_of(EvictionSignal signal);

/// An amount, or a part of the capacity.
struct ThresholdValue {
  std::optional<Quantity> quantity;
  float fraction = 0;  ///< of the capacity, 0 to 1, where there is no quantity; single precision as in the kubelet
  /// In whole units.
  [[nodiscard]] Quantity of(std::int64_t capacity) const;
  friend bool operator==(const ThresholdValue&, const ThresholdValue&) = default;
};

/// Met while less than `value` is available.
struct EvictionThreshold {
  EvictionSignal signal = EvictionSignal::MemoryAvailable;
  ThresholdValue value;
  SimDuration grace_period;                   ///< zero: a hard threshold, acted on at once
  std::optional<ThresholdValue> min_reclaim;  ///< to be available beyond `value` before it counts as resolved
  [[nodiscard]] bool hard() const { return grace_period == SimDuration{}; }
  friend bool operator==(const EvictionThreshold&, const EvictionThreshold&) = default;
};

/// The kubelet configuration's fields of these names: signal to "100Mi", "10%" or "1m30s".
struct EvictionConfiguration {
  std::map<std::string, std::string> eviction_hard;
  std::map<std::string, std::string> eviction_soft;
  std::map<std::string, std::string> eviction_soft_grace_period;
  std::map<std::string, std::string> eviction_minimum_reclaim;
  /// DefaultEvictionHard of eviction/defaults_linux.go.
  static EvictionConfiguration kubernetes_defaults();
};
/// Hard thresholds, then soft ones, each by signal name; 0% and 100% say nothing and are left out (ParseThresholdConfig).
/// Errors: ValueNotAllowed, ValueBadQuantity, ValueNotANumber, ValueBadDuration, ValueOutOfRange, ValueMissing (a soft
/// threshold without grace period).
Result<std::vector<EvictionThreshold>> eviction_thresholds(const EvictionConfiguration& configuration);

struct SignalObservation {
  std::int64_t available = 0;
  std::int64_t capacity = 0;
};
using SignalObservations = std::map<EvictionSignal, SignalObservation>;

/// Those that are met, grace periods aside, in the given order. With `enforce_min_reclaim` a threshold is met until its minimum
/// reclaim is available too. Signals without observation are not met.
std::vector<EvictionThreshold> thresholds_met(const std::vector<EvictionThreshold>& thresholds,
                                              const SignalObservations& observations, bool enforce_min_reclaim);

/// What the eviction manager remembers from one look at the node to the next.
class ThresholdTracker {
 public:
  /// `transition_period`: a node condition stays that long after it was last observed (evictionPressureTransitionPeriod, 5
  /// min).
  ThresholdTracker(std::vector<EvictionThreshold> thresholds, SimDuration transition_period)
      : thresholds_(std::move(thresholds)), transition_period_(transition_period) {}

  /// One look at the node. Call with times that do not go back.
  void observe(const SignalObservations& observations, SimTime now);

  /// Met for their whole grace period: those to act on, memory first.
  [[nodiscard]] const std::vector<EvictionThreshold>& actionable() const { return actionable_; }
  /// Sorted by name.
  [[nodiscard]] const std::vector<std::string_view>& node_conditions() const { return node_conditions_; }

 private:
  struct Met {
    EvictionThreshold threshold;
    SimTime since;
  };
  std::vector<EvictionThreshold> thresholds_;
  SimDuration transition_period_;
  std::vector<Met> met_;
  std::vector<EvictionThreshold> actionable_;
  std::map<std::string_view, SimTime> last_observed_;  ///< by node condition
  std::vector<std::string_view> node_conditions_;
};

}  // namespace tandem::control::kubelet
