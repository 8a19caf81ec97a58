#include "sim/model/cpu.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/check.hpp"

namespace tandem::sim {

namespace {

/// cfs_period_us of Kubernetes and Docker: 100 ms.
constexpr std::int64_t kPeriodNs = 100'000'000;

/// Whole nanoseconds until `amount` is used up at `rate`, to the nearest. Zero means: this instant. Arming and judging use
/// the same expression, so an event that comes at the time it was armed for always finds its work done.
std::int64_t ticks_until(double amount, double rate) {
  const double ticks = amount / rate;
  return ticks < 9e18 ? std::llround(ticks) : kTimeNever.ns;
}

/// min-heap on (finish, sequence)
constexpr auto later = [](const auto& a, const auto& b) {
  return a.finish != b.finish ? a.finish > b.finish : a.sequence > b.sequence;
};

void insert_sorted(std::vector<std::uint32_t>& list, std::uint32_t id) {
  list.insert(std::lower_bound(list.begin(), list.end(), id), id);
}
void erase_sorted(std::vector<std::uint32_t>& list, std::uint32_t id) {
  const auto found = std::lower_bound(list.begin(), list.end(), id);
  if (found != list.end() && *found == id) list.erase(found);
}

}  // namespace

MachineId Cpu::add_machine(std::int64_t milli_cores) {
  CHECK(milli_cores > 0, "a machine without cores");
  machines_.push_back({.milli_cores = milli_cores, .demand_milli = 0, .busy = {}});
  return static_cast<MachineId>(machines_.size() - 1);
}

SliceId Cpu::add_slice(MachineId machine, const CpuSliceOptions& options) {
  CHECK(options.milli_cores > 0 && options.weight > 0, "a slice without cores or weight");
  Slice slice;
  slice.machine = static_cast<std::uint32_t>(machine);
  slice.milli_cores = options.milli_cores;
  slice.weight = options.weight;
  slices_.push_back(std::move(slice));
  return static_cast<SliceId>(slices_.size() - 1);
}

CpuGroupId Cpu::add_group(SliceId slice, const CpuGroupOptions& options) {
  CHECK(options.weight > 0 && options.parallel > 0 && options.quota_us >= 0, "a group without weight or threads");
  std::uint32_t index = static_cast<std::uint32_t>(groups_.size());
  std::uint32_t incarnation = 0;
  if (free_groups_.empty()) {
    groups_.emplace_back();
  } else {
    index = free_groups_.back();
    free_groups_.pop_back();
    incarnation = groups_[index].incarnation + 1;
  }
  Group group;
  group.slice = static_cast<std::uint32_t>(slice);
  group.weight = options.weight;
  group.parallel = options.parallel;
  group.quota_ns = static_cast<double>(options.quota_us) * 1e3;
  group.period_start = options.period_origin.ns;
  group.updated = engine_.now().ns;
  group.alive = true;
  group.incarnation = incarnation;
  groups_[index] = std::move(group);
  insert_sorted(slices_[static_cast<std::size_t>(slice)].groups, index);
  return static_cast<CpuGroupId>(index);
}

void Cpu::remove_group(CpuGroupId id) {
  const auto index = static_cast<std::uint32_t>(id);
  Group& group = groups_[index];
  CHECK(group.alive, "a group removed twice");
  advance(group);
  group.tasks.clear();
  group.alive = false;
  if (group.armed) engine_.cancel(std::exchange(group.armed, {}));
  change_cap(index, 0);
  Slice& slice = slices_[group.slice];
  slice.removed_used_ns += group.used_ns;
  erase_sorted(slice.groups, index);
  free_groups_.push_back(index);
}

void Cpu::start(CpuGroupId id, double work_ns, EventHandler& done, std::uint32_t kind, std::uint64_t payload) {
  const auto index = static_cast<std::uint32_t>(id);
  Group& group = groups_[index];
  CHECK(group.alive && work_ns >= 0, "work for a group that is gone, or a negative amount of it");
  advance(group);
  // An idle group forgets its virtual time, so that it never grows large enough to lose nanoseconds.
  if (group.tasks.empty()) group.virtual_ns = 0;
  group.tasks.push_back({group.virtual_ns + work_ns, group.next_sequence++, &done, kind, payload});
  std::push_heap(group.tasks.begin(), group.tasks.end(), later);
  if (!group.firing) settle(index);
}

void Cpu::fire(std::uint32_t /*kind*/, std::uint64_t payload) {
  const auto index = static_cast<std::uint32_t>(payload);
  groups_[index].armed = {};
  advance(groups_[index]);
  const std::uint32_t incarnation = groups_[index].incarnation;
  deliver_finished(index);
  // A callee may have removed the group, and even re-used its id.
  if (groups_[index].alive && groups_[index].incarnation == incarnation) settle(index);
}

void Cpu::deliver_finished(std::uint32_t index) {
  if (groups_[index].rate <= 0) return;
  const std::uint32_t incarnation = groups_[index].incarnation;
  groups_[index].firing = true;
  for (;;) {
    // By index: callees may add groups, which moves them.
    Group& group = groups_[index];
    if (!group.alive || group.incarnation != incarnation) return;
    const double rate_each = group.tasks.empty() ? 0 : group.rate / static_cast<double>(group.tasks.size());
    if (group.tasks.empty() || ticks_until(group.tasks.front().finish - group.virtual_ns, rate_each) > 0) break;
    std::pop_heap(group.tasks.begin(), group.tasks.end(), later);
    const Task task = group.tasks.back();
    group.tasks.pop_back();
    task.done->fire(task.kind, task.payload);
  }
  groups_[index].firing = false;
}

void Cpu::advance(Group& group) const {
  const std::int64_t now = engine_.now().ns;
  const std::int64_t before = std::exchange(group.updated, now);
  const std::int64_t elapsed = now - before;
  if (elapsed == 0) return;
  if (group.throttled) group.throttled_ns += elapsed;
  const double work = group.rate * static_cast<double>(elapsed);
  group.used_ns += work;
  if (!group.tasks.empty()) group.virtual_ns += work / static_cast<double>(group.tasks.size());
  if (group.quota_ns == 0) return;
  if (now < group.period_start + kPeriodNs) {
    group.period_used += work;
    return;
  }
  // A new period began, at a constant rate since then: every change of rate goes through here.
  group.period_start += (now - group.period_start) / kPeriodNs * kPeriodNs;
  group.period_used = group.rate * static_cast<double>(now - std::max(before, group.period_start));
}

void Cpu::settle(std::uint32_t index) {
  Group& group = groups_[index];
  const bool exhausted = group.quota_ns > 0 && ticks_until(group.quota_ns - group.period_used, std::max(group.rate, 1.0)) <= 0;
  group.throttled = exhausted && !group.tasks.empty();
  const auto running = std::min<std::int64_t>(static_cast<std::int64_t>(group.tasks.size()), group.parallel);
  const std::int64_t cap = group.throttled ? 0 : running * 1000;
  if (cap != group.cap_milli) change_cap(index, cap);
  arm(index);
}

void Cpu::change_cap(std::uint32_t index, std::int64_t cap_milli) {
  Group& group = groups_[index];
  Slice& slice = slices_[group.slice];
  Machine& machine = machines_[slice.machine];
  const bool machine_was_contended = machine.contended();
  const bool slice_was_contended = slice.contended();

  if ((cap_milli == 0) != (group.cap_milli == 0)) {
    if (cap_milli > 0) insert_sorted(slice.busy, index);
    else erase_sorted(slice.busy, index);
  }
  slice.demand_milli += cap_milli - group.cap_milli;
  group.cap_milli = cap_milli;
  const std::int64_t effective = std::min(slice.demand_milli, slice.milli_cores);
  if ((effective == 0) != (slice.effective_milli == 0)) {
    if (effective > 0) insert_sorted(machine.busy, group.slice);
    else erase_sorted(machine.busy, group.slice);
  }
  machine.demand_milli += effective - slice.effective_milli;
  slice.effective_milli = effective;

  // While everybody has the cores it asks for, nobody else's share can change.
  if (cap_milli == 0) set_rate(index, 0);
  if (machine.contended() || machine_was_contended) {
    share_machine(slice.machine);
  } else if (slice.contended() || slice_was_contended) {
    share_slice(group.slice, static_cast<double>(slice.effective_milli));
  } else {
    set_rate(index, static_cast<double>(cap_milli) / 1000);
  }
}

void Cpu::share_machine(std::uint32_t machine_index) {
  const Machine& machine = machines_[machine_index];
  slice_claims_.clear();
  for (const std::uint32_t id : machine.busy) {
    slice_claims_.push_back({id, slices_[id].weight, static_cast<double>(slices_[id].effective_milli), 0, false});
  }
  water_fill(slice_claims_, static_cast<double>(machine.milli_cores));
  for (const Claim& claim : slice_claims_) share_slice(claim.id, claim.share);
}

void Cpu::share_slice(std::uint32_t slice_index, double milli_cores) {
  group_claims_.clear();
  for (const std::uint32_t id : slices_[slice_index].busy) {
    group_claims_.push_back({id, groups_[id].weight, static_cast<double>(groups_[id].cap_milli), 0, false});
  }
  water_fill(group_claims_, milli_cores);
  for (const Claim& claim : group_claims_) set_rate(claim.id, claim.share / 1000);
}

void Cpu::water_fill(std::vector<Claim>& claims, double capacity) {
  // Claims below the level of what is left for everybody get all they ask for; the others share the rest by weight.
  for (;;) {
    double left = capacity;
    double weights = 0;
    for (const Claim& claim : claims) {
      if (claim.settled) left -= claim.share;
      else weights += claim.weight;
    }
    if (weights == 0) return;
    const double level = left / weights;
    bool any = false;
    for (Claim& claim : claims) {
      if (claim.settled || claim.cap > level * claim.weight) continue;
      claim.share = claim.cap;
      claim.settled = any = true;
    }
    if (any) continue;
    for (Claim& claim : claims) {
      if (!claim.settled) claim.share = level * claim.weight;
    }
    return;
  }
}

void Cpu::set_rate(std::uint32_t index, double rate) {
  Group& group = groups_[index];
  if (group.rate == rate) return;
  advance(group);
  group.rate = rate;
  if (group.alive && !group.firing) arm(index);
}

void Cpu::arm(std::uint32_t index) {
  Group& group = groups_[index];
  std::int64_t next = kTimeNever.ns;
  if (group.tasks.empty()) {
    // Nothing to wait for.
  } else if (group.throttled) {
    next = group.period_start + kPeriodNs;
  } else if (group.rate > 0) {
    const std::int64_t now = group.updated;
    const double rate_each = group.rate / static_cast<double>(group.tasks.size());
    next = now + ticks_until(group.tasks.front().finish - group.virtual_ns, rate_each);
    if (group.quota_ns > 0) {
      const std::int64_t exhausted = now + ticks_until(group.quota_ns - group.period_used, group.rate);
      const std::int64_t period_end = group.period_start + kPeriodNs;
      if (exhausted < period_end) {
        next = std::min(next, exhausted);
      } else if (group.rate * static_cast<double>(kPeriodNs) > group.quota_ns) {
        next = std::min(next, period_end);  // not in this period, but it may be in the next
      }
    }
  }
  if (next == kTimeNever.ns) {
    if (group.armed) engine_.cancel(std::exchange(group.armed, {}));
    return;
  }
  // An event that comes too early only looks and arms again: cheaper than moving it each time a rate drops.
  if (group.armed && group.armed_at <= next) return;
  if (group.armed) engine_.cancel(group.armed);
  group.armed = engine_.schedule(SimTime{next}, EventClass::Hardware, index, *this, 0, index);
  group.armed_at = next;
}

double Cpu::used_now(const Group& group) const {
  return group.used_ns + group.rate * static_cast<double>(engine_.now().ns - group.updated);
}

double Cpu::used_ns(CpuGroupId group) const { return used_now(group_at(group)); }

std::int64_t Cpu::throttled_ns(CpuGroupId id) const {
  const Group& group = group_at(id);
  return group.throttled_ns + (group.throttled ? engine_.now().ns - group.updated : 0);
}

double Cpu::used_ns(SliceId slice) const {
  double sum = slices_[static_cast<std::size_t>(slice)].removed_used_ns;
  for (const std::uint32_t id : slices_[static_cast<std::size_t>(slice)].groups) sum += used_now(groups_[id]);
  return sum;
}

}  // namespace tandem::sim
