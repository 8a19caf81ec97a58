#pragma once
// CPU time of simulated machines, shared the way Linux shares it: machine → slices (a node's cgroup parent) → groups (a
// container's cgroup) → tasks (threads). Weighted max-min between slices and between groups as CFS converges to, hard limits
// by CFS bandwidth control with its periods, equal shares and at most one core for each task inside a group.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/engine/engine.hpp"

namespace tandem::sim {

enum class MachineId : std::uint32_t {};
enum class SliceId : std::uint32_t {};
enum class CpuGroupId : std::uint32_t {};

struct CpuSliceOptions {
  std::int64_t milli_cores = 0;  ///< at most this much of the machine, > 0
  double weight = 1024;          ///< against the other busy slices of the machine (cpu.shares)
};

struct CpuGroupOptions {
  double weight = 2;             ///< against the other busy groups of the slice (cpu.shares)
  std::int64_t quota_us = 0;     ///< CPU time a period of 100 ms; 0 = no limit
  int parallel = 1;              ///< threads: tasks beyond that share this many cores
  SimTime period_origin;         ///< some moment at which a bandwidth period begins
};

/// All CPUs of a run. Deterministic: rates are recomputed in order of ids, amounts of work are doubles of nanoseconds,
/// completions are rounded to the nearest nanosecond. Cost: O(log tasks of the group) for an event while there is a core
/// for everybody, O(busy groups of the machine) while there is not.
class Cpu final : private EventHandler {
 public:
  explicit Cpu(Engine& engine) : engine_(engine) {}
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  MachineId add_machine(std::int64_t milli_cores);
  SliceId add_slice(MachineId machine, const CpuSliceOptions& options);
  CpuGroupId add_group(SliceId slice, const CpuGroupOptions& options);
  /// The group ends: its tasks vanish without a word. Its id may be given out again.
  void remove_group(CpuGroupId group);

  /// Runs `work_ns` of CPU time in the group; calls `done.fire(kind, payload)` at its end, from within an event of class
  /// Hardware. The callee may start further work and may remove groups.
  void start(CpuGroupId group, double work_ns, EventHandler& done, std::uint32_t kind, std::uint64_t payload);

  // Observation changes nothing, not even rounding: everything is computed from the last update on.
  [[nodiscard]] double used_ns(CpuGroupId group) const;         ///< CPU time since the group was added
  [[nodiscard]] std::int64_t throttled_ns(CpuGroupId group) const;  ///< wall time in which it was throttled with work to do
  [[nodiscard]] double used_ns(SliceId slice) const;            ///< sum over its groups, removed ones included
  [[nodiscard]] std::size_t tasks(CpuGroupId group) const { return group_at(group).tasks.size(); }
  [[nodiscard]] double rate(CpuGroupId group) const { return group_at(group).rate; }  ///< cores it gets now

 private:
  struct Task {
    double finish;           ///< virtual time at which it is done
    std::uint64_t sequence;  ///< ties in order of starting
    EventHandler* done;
    std::uint32_t kind;
    std::uint64_t payload;
  };
  struct Group {
    std::uint32_t slice = 0;
    double weight = 2;
    int parallel = 1;
    double quota_ns = 0;         ///< a period; 0 = no limit
    std::int64_t period_start = 0;
    double period_used = 0;
    bool throttled = false;
    bool alive = false;
    bool firing = false;         ///< its completions are being delivered: rates follow when that is done
    std::uint32_t incarnation = 0;
    std::int64_t cap_milli = 0;  ///< what it could use now; part of its slice's demand
    double rate = 0;             ///< cores it gets
    std::int64_t updated = 0;    ///< moment up to which the following are true
    double virtual_ns = 0;       ///< CPU time each task has received since the group was last idle
    double used_ns = 0;
    std::int64_t throttled_ns = 0;
    std::vector<Task> tasks;     ///< heap by (finish, sequence)
    std::uint64_t next_sequence = 0;
    TimerHandle armed;
    std::int64_t armed_at = 0;
  };
  struct Slice {
    std::uint32_t machine = 0;
    std::int64_t milli_cores = 0;
    double weight = 1024;
    std::int64_t demand_milli = 0;     ///< sum of the groups' caps
    std::int64_t effective_milli = 0;  ///< min(demand, milli_cores); part of the machine's demand
    double removed_used_ns = 0;
    std::vector<std::uint32_t> busy;   ///< groups with a cap, ascending
    std::vector<std::uint32_t> groups; ///< all groups alive, ascending
    [[nodiscard]] bool contended() const { return demand_milli > milli_cores; }
  };
  struct Machine {
    std::int64_t milli_cores = 0;
    std::int64_t demand_milli = 0;
    std::vector<std::uint32_t> busy;  ///< slices with a demand, ascending
    [[nodiscard]] bool contended() const { return demand_milli > milli_cores; }
  };
  struct Claim {
    std::uint32_t id;
    double weight;
    double cap;
    double share;
    bool settled;
  };

  void fire(std::uint32_t kind, std::uint64_t payload) override;
  /// Brings the group's counters up to now at its present rate.
  void advance(Group& group) const;
  /// Decides about throttling, passes a changed cap on, arms the group's next event.
  void settle(std::uint32_t index);
  void change_cap(std::uint32_t index, std::int64_t cap_milli);
  void share_machine(std::uint32_t machine);
  void share_slice(std::uint32_t slice, double milli_cores);
  void set_rate(std::uint32_t index, double rate);
  void arm(std::uint32_t index);
  void deliver_finished(std::uint32_t index);
  /// Weighted max-min: fills `share` of every claim.
  static void water_fill(std::vector<Claim>& claims, double capacity);
  [[nodiscard]] const Group& group_at(CpuGroupId id) const { return groups_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] double used_now(const Group& group) const;

  Engine& engine_;
  std::vector<Machine> machines_;
  std::vector<Slice> slices_;
  std::vector<Group> groups_;
  std::vector<std::uint32_t> free_groups_;
  std::vector<Claim> slice_claims_;  ///< scratch
  std::vector<Claim> group_claims_;  ///< scratch
};

}  // namespace tandem::sim
