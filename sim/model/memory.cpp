#include "sim/model/memory.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/int128.hpp"

namespace tandem::sim {

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
/// oom_badness of mm/oom_kill.c: a thousandth of the memory weighs as much as one point of oom_score_adj.
constexpr std::int64_t kBadnessParts = 1000;

/// Bytes times nanoseconds of a second, so that growth leaves no fractions.
Int128 scaled(std::int64_t bytes) { return static_cast<Int128>(bytes) * kNsPerSecond; }

Int128 scaled_at(const NodeMemory::Claim& claim, SimTime time) {
  const Int128 grown = scaled(claim.memory.start_bytes) + static_cast<Int128>(claim.memory.growth_bytes) * (time - claim.started).ns;
  return std::min(grown, scaled(claim.memory.peak_bytes));
}

/// How long after `from` the amount exceeds `limit` at this growth a nanosecond; nothing if it never does.
std::optional<std::int64_t> time_to_exceed(Int128 amount, Int128 growth, Int128 limit) {
  if (amount > limit) return 0;
  if (growth <= 0) return std::nullopt;
  return static_cast<std::int64_t>(std::min<Int128>((limit - amount) / growth + 1, kTimeNever.ns / 2));
}

/// First moment at which the claim holds its peak; its start if it does not grow.
SimTime full_at(const NodeMemory::Claim& claim) {
  if (claim.memory.growth_bytes == 0) return claim.started;
  const Int128 missing = scaled(claim.memory.peak_bytes) - scaled(claim.memory.start_bytes);
  const Int128 ns = (missing + claim.memory.growth_bytes - 1) / claim.memory.growth_bytes;
  return claim.started + nanoseconds(static_cast<std::int64_t>(std::clamp<Int128>(ns, 0, kTimeNever.ns / 2)));
}

}  // namespace

NodeMemory::~NodeMemory() { engine_.cancel(timer_); }

void NodeMemory::add(std::uint32_t container, const Claim& claim) {
  claims_.emplace(container, claim);
  arm();
}

void NodeMemory::remove(std::uint32_t container) {
  if (claims_.erase(container) > 0) arm();
}

std::int64_t NodeMemory::held(std::uint32_t container) const {
  const auto found = claims_.find(container);
  return found == claims_.end() ? 0 : static_cast<std::int64_t>(scaled_at(found->second, engine_.now()) / kNsPerSecond);
}

void NodeMemory::arm() {
  engine_.cancel(std::exchange(timer_, {}));
  const SimTime next = next_excess();
  if (next < kTimeNever) timer_ = engine_.schedule(next, EventClass::Hardware, options_.entity, *this, 0, 0);
}

SimTime NodeMemory::next_excess() const {
  SimTime next = node_excess();
  for (const auto& [container, claim] : claims_) {
    if (claim.limit_bytes == 0 || claim.limit_bytes >= claim.memory.peak_bytes) continue;
    const Int128 now = scaled_at(claim, engine_.now());
    if (const auto after = time_to_exceed(now, claim.memory.growth_bytes, scaled(claim.limit_bytes))) {
      next = std::min(next, engine_.now() + nanoseconds(*after));
    }
  }
  return next;
}

SimTime NodeMemory::node_excess() const {
  // The sum is a chain of straight pieces, each ending where somebody reaches its peak.
  SimTime at = engine_.now();
  Int128 total = 0;
  Int128 growth = 0;
  std::vector<std::pair<SimTime, std::int64_t>> ends;
  for (const auto& [container, claim] : claims_) {
    total += scaled_at(claim, at);
    const SimTime full = full_at(claim);
    if (full <= at) continue;
    growth += claim.memory.growth_bytes;
    ends.emplace_back(full, claim.memory.growth_bytes);
  }
  std::sort(ends.begin(), ends.end());
  const Int128 capacity = scaled(options_.capacity_bytes);
  for (const auto& [full, share] : ends) {
    const auto after = time_to_exceed(total, growth, capacity);
    if (after && at + nanoseconds(*after) <= full) return at + nanoseconds(*after);
    total += growth * (full - at).ns;
    growth -= share;
    at = full;
  }
  return total > capacity ? at : kTimeNever;
}

std::uint32_t NodeMemory::worst() const {
  std::uint32_t victim = 0;
  std::optional<Int128> worst_badness;
  for (const auto& [container, claim] : claims_) {
    const Int128 badness = scaled_at(claim, engine_.now()) / kNsPerSecond +
                           static_cast<Int128>(claim.oom_score_adj) * options_.capacity_bytes / kBadnessParts;
    if (worst_badness && badness < *worst_badness) continue;  // of equals the youngest
    victim = container;
    worst_badness = badness;
  }
  return victim;
}

void NodeMemory::fire(std::uint32_t /*kind*/, std::uint64_t /*payload*/) {
  timer_ = {};
  const SimTime now = engine_.now();
  for (const auto& [container, claim] : claims_) {
    if (claim.limit_bytes == 0 || scaled_at(claim, now) <= scaled(claim.limit_bytes)) continue;
    return oom_kill_(container);  // its removal arms the timer again
  }
  Int128 total = 0;
  for (const auto& [container, claim] : claims_) total += scaled_at(claim, now);
  if (total > scaled(options_.capacity_bytes)) return oom_kill_(worst());
  arm();
}

}  // namespace tandem::sim
