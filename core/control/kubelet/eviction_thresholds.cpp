#include "core/control/kubelet/eviction_thresholds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/parse.hpp"

namespace tandem::control::kubelet {
namespace {

struct SignalRow {
  std::string_view name;
  std::string_view resource;
  std::string_view condition;
};
/// By EvictionSignal (eviction/helpers.go, init).
constexpr std::array<SignalRow, 9> kSignals = {{
    {"memory.available", "memory", "MemoryPressure"},
    {"allocatableMemory.available", "memory", "MemoryPressure"},
    {"nodefs.available", "ephemeral-storage", "DiskPressure"},
    {"nodefs.inodesFree", "inodes", "DiskPressure"},
    {"imagefs.available", "ephemeral-storage", "DiskPressure"},
    {"imagefs.inodesFree", "inodes", "DiskPressure"},
    {"containerfs.available", "ephemeral-storage", "DiskPressure"},
    {"containerfs.inodesFree", "inodes", "DiskPressure"},
    {"pid.available", "pids", "PIDPressure"},
}};
const SignalRow& row_of(EvictionSignal signal) { return kSignals[static_cast<std::size_t>(signal)]; }

/// "10%" as a fraction. The kubelet divides in single precision.
Result<float> parse_percentage(std::string_view text) {
  const Result<double> percent = parse_number(text.substr(0, text.find_last_not_of('%') + 1));
  if (!percent) return tl::unexpected(percent.error());
  return static_cast<float>(*percent) / 100.0F;
}

tl::unexpected<Error> out_of_range(std::string_view signal, const std::string& text, std::string_view allowed) {
  return fail(make_error(ErrorCode::ValueOutOfRange, fmt::format("the eviction threshold of {} is out of range", signal))
                  .with_found(text)
                  .with_allowed(std::string(allowed)));
}

Result<ThresholdValue> parse_value(std::string_view signal, const std::string& text) {
  ThresholdValue value;
  if (text.ends_with('%')) {
    const Result<float> fraction = parse_percentage(text);
    if (!fraction) return tl::unexpected(fraction.error());
    if (*fraction < 0 || *fraction > 1) return out_of_range(signal, text, "0% to 100%");
    value.fraction = *fraction;
    return value;
  }
  Result<Quantity> quantity = Quantity::parse(text);
  if (!quantity) return tl::unexpected(quantity.error());
  if (quantity->sign() < 0) return out_of_range(signal, text, "a positive quantity");
  value.quantity = *std::move(quantity);
  return value;
}

Result<std::vector<EvictionThreshold>> parse_statements(const std::map<std::string, std::string>& statements) {
  std::vector<EvictionThreshold> thresholds;
  for (const auto& [name, text] : statements) {
    const Result<EvictionSignal> signal = eviction_signal_of(name);
    if (!signal) return tl::unexpected(signal.error());
    if (text == "0%" || text == "100%") continue;
    Result<ThresholdValue> value = parse_value(name, text);
    if (!value) return tl::unexpected(value.error());
    if (value->quantity && value->quantity->sign() == 0) return out_of_range(name, text, "a positive quantity");
    thresholds.push_back({*signal, *std::move(value), {}, {}});
  }
  return thresholds;
}

/// Memory before everything else; otherwise the given order.
bool is_memory(const EvictionThreshold& threshold) { return resource_of(threshold.signal) == "memory"; }

/// The same threshold: minimum reclaim does not matter (hasThreshold).
bool same(const EvictionThreshold& a, const EvictionThreshold& b) {
  return a.signal == b.signal && a.grace_period == b.grace_period && a.value == b.value;
}

}  // namespace

std::string_view name_of(EvictionSignal signal) { return row_of(signal).name; }
std::string_view resource_of(EvictionSignal signal) { return row_of(signal).resource; }
std::string_view node_condition_of(EvictionSignal signal) { return row_of(signal).condition; }

Result<EvictionSignal> eviction_signal_of(std::string_view name) {
  const auto found = std::find_if(kSignals.begin(), kSignals.end(), [name](const SignalRow& row) { return row.name == name; });
  if (found != kSignals.end()) return static_cast<EvictionSignal>(found - kSignals.begin());
  return fail(
      make_error(ErrorCode::ValueNotAllowed, "unsupported eviction signal")
          .with_found(std::string(name))
          .with_allowed(
              "memory.available, nodefs.available, nodefs.inodesFree, imagefs.available, imagefs.inodesFree, pid.available"));
}

Quantity ThresholdValue::of(std::int64_t capacity) const {
  if (quantity) return *quantity;
  return Quantity::of_bytes(static_cast<std::int64_t>(static_cast<double>(capacity) * static_cast<double>(fraction)));
}

EvictionConfiguration EvictionConfiguration::kubernetes_defaults() {
  EvictionConfiguration defaults;
  defaults.eviction_hard = {{"memory.available", "100Mi"},
                            {"nodefs.available", "10%"},
                            {"nodefs.inodesFree", "5%"},
                            {"imagefs.available", "15%"},
                            {"imagefs.inodesFree", "5%"}};
  return defaults;
}

Result<std::vector<EvictionThreshold>> eviction_thresholds(const EvictionConfiguration& configuration) {
  auto thresholds = parse_statements(configuration.eviction_hard);
  if (!thresholds) return thresholds;
  auto soft = parse_statements(configuration.eviction_soft);
  if (!soft) return soft;
  for (EvictionThreshold& threshold : *soft) {
    const auto grace = configuration.eviction_soft_grace_period.find(std::string(name_of(threshold.signal)));
    if (grace == configuration.eviction_soft_grace_period.end()) {
      return fail(ErrorCode::ValueMissing,
                  fmt::format("grace period must be specified for the soft eviction threshold {}", name_of(threshold.signal)));
    }
    const Result<SimDuration> period = parse_duration(grace->second);
    if (!period) return tl::unexpected(period.error());
    threshold.grace_period = *period;
    thresholds->push_back(threshold);
  }
  for (const auto& [name, text] : configuration.eviction_minimum_reclaim) {
    const Result<EvictionSignal> signal = eviction_signal_of(name);
    if (!signal) return tl::unexpected(signal.error());
    Result<ThresholdValue> value = parse_value(name, text);
    if (!value) return tl::unexpected(value.error());
    for (EvictionThreshold& threshold : *thresholds) {
      if (threshold.signal == *signal) threshold.min_reclaim = *value;
    }
  }
  return thresholds;
}

std::vector<EvictionThreshold> thresholds_met(const std::vector<EvictionThreshold>& thresholds,
                                              const SignalObservations& observations, bool enforce_min_reclaim) {
  std::vector<EvictionThreshold> met;
  for (const EvictionThreshold& threshold : thresholds) {
    const auto observed = observations.find(threshold.signal);
    if (observed == observations.end()) continue;
    const auto [available, capacity] = observed->second;
    Quantity wanted = threshold.value.of(capacity);
    if (enforce_min_reclaim && threshold.min_reclaim) wanted = wanted + threshold.min_reclaim->of(capacity);
    if (wanted > Quantity::of_value(available)) met.push_back(threshold);
  }
  return met;
}

void ThresholdTracker::observe(const SignalObservations& observations, SimTime now) {
  // What was acted on counts as met until its minimum reclaim is there.
  std::vector<EvictionThreshold> current = thresholds_met(thresholds_, observations, false);
  for (const EvictionThreshold& unresolved : thresholds_met(actionable_, observations, true)) {
    const bool known =
        std::any_of(current.begin(), current.end(), [&](const EvictionThreshold& other) { return same(other, unresolved); });
    if (!known) current.push_back(unresolved);
  }

  std::vector<Met> met;
  for (const EvictionThreshold& threshold : current) {
    const auto before = std::find_if(met_.begin(), met_.end(), [&](const Met& other) { return other.threshold == threshold; });
    met.push_back({threshold, before == met_.end() ? now : before->since});
    last_observed_[node_condition_of(threshold.signal)] = now;
  }
  met_ = std::move(met);

  actionable_.clear();
  for (const Met& one : met_) {
    if (now - one.since >= one.threshold.grace_period) actionable_.push_back(one.threshold);
  }
  std::stable_partition(actionable_.begin(), actionable_.end(), is_memory);

  node_conditions_.clear();
  for (const auto& [condition, at] : last_observed_) {
    if (now - at < transition_period_) node_conditions_.push_back(condition);
  }
}

}  // namespace tandem::control::kubelet
