#include "core/control/deployment_arithmetic.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/control/int_or_percent.hpp"

namespace tandem::control {

using cluster::DeploymentSpec;
using cluster::ReplicaSet;

namespace {

template <class Field>
std::int32_t sum_of(std::span<const ReplicaSet* const> replica_sets, Field field) {
  std::int32_t sum = 0;
  for (const ReplicaSet* replica_set : replica_sets) sum += field(*replica_set);
  return sum;
}

/// Integer division rounded half away from zero.
std::int64_t divide_rounded(std::int64_t numerator, std::int64_t denominator) {
  const bool negative = (numerator < 0) != (denominator < 0);
  const std::int64_t n = numerator < 0 ? -numerator : numerator;
  const std::int64_t d = denominator < 0 ? -denominator : denominator;
  const std::int64_t quotient = (2 * n + d) / (2 * d);
  return negative ? -quotient : quotient;
}

/// By how much a ReplicaSet would change to keep its share of the new total.
std::int32_t wanted_change(const DeploymentSpec& spec, std::int32_t status_replicas, const ProportionalShare& share) {
  if (spec.replicas == 0) return -share.size;
  const std::int32_t before = share.max_replicas_before != 0 ? share.max_replicas_before : status_replicas;
  if (before == 0) return 0;
  const std::int64_t scaled = divide_rounded(std::int64_t{share.size} * max_total(spec), before);
  return static_cast<std::int32_t>(scaled) - share.size;
}

void sort_for_scaling(std::vector<ProportionalShare>& shares, std::int32_t to_add) {
  if (to_add == 0) return;
  std::sort(shares.begin(), shares.end(), [&](const ProportionalShare& a, const ProportionalShare& b) {
    if (a.size != b.size) return a.size > b.size;
    if (a.created_at != b.created_at) return to_add > 0 ? a.created_at > b.created_at : a.created_at < b.created_at;
    return to_add > 0 ? a.name > b.name : a.name < b.name;
  });
}

}  // namespace

RolloutBounds rollout_bounds(const DeploymentSpec& spec) {
  if (spec.strategy.type != "RollingUpdate") return {};
  // Text that is no percentage counts as 0; validation refuses it before.
  RolloutBounds bounds{scaled_value(spec.strategy.max_surge, spec.replicas, Rounding::Up).value_or(0),
                       scaled_value(spec.strategy.max_unavailable, spec.replicas, Rounding::Down).value_or(0)};
  // Validation refuses 0/0 as written, but percentages can round down to it; then a rollout could never move.
  if (bounds.surge == 0 && bounds.unavailable == 0) bounds.unavailable = 1;
  bounds.unavailable = std::min(bounds.unavailable, spec.replicas);
  return bounds;
}

std::int32_t min_available(const DeploymentSpec& spec) { return spec.replicas - rollout_bounds(spec).unavailable; }
std::int32_t max_total(const DeploymentSpec& spec) { return spec.replicas + rollout_bounds(spec).surge; }

std::int32_t total_spec_replicas(std::span<const ReplicaSet* const> replica_sets) {
  return sum_of(replica_sets, [](const ReplicaSet& r) { return r.spec.replicas; });
}
std::int32_t total_status_replicas(std::span<const ReplicaSet* const> replica_sets) {
  return sum_of(replica_sets, [](const ReplicaSet& r) { return r.status.replicas; });
}
std::int32_t total_available_replicas(std::span<const ReplicaSet* const> replica_sets) {
  return sum_of(replica_sets, [](const ReplicaSet& r) { return r.status.available_replicas; });
}
std::int32_t total_ready_replicas(std::span<const ReplicaSet* const> replica_sets) {
  return sum_of(replica_sets, [](const ReplicaSet& r) { return r.status.ready_replicas; });
}

std::int32_t allowed_new_replicas(const DeploymentSpec& spec, std::int32_t total_of_all, std::int32_t size_of_new) {
  if (spec.strategy.type != "RollingUpdate") return spec.replicas;
  const std::int32_t room = max_total(spec) - total_of_all;
  if (room <= 0) return size_of_new;
  return size_of_new + std::min(room, spec.replicas - size_of_new);
}

std::vector<std::pair<std::string, std::int32_t>> proportional_sizes(const DeploymentSpec& spec, std::int32_t status_replicas,
                                                                     std::vector<ProportionalShare> shares) {
  CHECK(!shares.empty(), "proportional scaling needs active ReplicaSets");
  std::int32_t total = 0;
  for (const auto& share : shares) total += share.size;
  const std::int32_t allowed = spec.replicas > 0 ? max_total(spec) : 0;
  const std::int32_t to_add = allowed - total;
  sort_for_scaling(shares, to_add);

  std::vector<std::pair<std::string, std::int32_t>> sizes;
  std::int32_t added = 0;
  for (const auto& share : shares) {
    std::int32_t change = 0;
    if (to_add != added) {
      const std::int32_t wanted = wanted_change(spec, status_replicas, share);
      const std::int32_t left = to_add - added;
      change = to_add > 0 ? std::min(wanted, left) : std::max(wanted, left);
    }
    sizes.emplace_back(share.name, share.size + change);
    added += change;
  }
  // What rounding left over goes to the largest one.
  if (to_add != 0) sizes.front().second = std::max(sizes.front().second + to_add - added, 0);
  return sizes;
}

}  // namespace tandem::control
