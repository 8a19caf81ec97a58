#pragma once
// Who used the CPU of this machine: from the process table, so that short-lived programs count by what they leave to their
// parents and nothing has to be traced.

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/base/time.hpp"

namespace tandem::host {

struct ProcessFacts {
  std::int64_t pid = 0;
  std::int64_t parent = 0;
  std::string name;    ///< at most 15 bytes, as the kernel keeps it
  std::string cgroup;  ///< content of /proc/PID/cgroup
};

enum class ProcessClass : std::uint8_t { Foreign, Own, Engine };

/// Sorts processes. `parent` may be null: it has ended or is not shown.
using ProcessClassifier = std::function<ProcessClass(const ProcessFacts& process, const ProcessFacts* parent, ProcessClass parent_class)>;

/// CPU time of foreign processes between two looks at the process table. Kernel threads are nobody's and do not count.
class ProcessLoad {
 public:
  explicit ProcessLoad(ProcessClassifier classify, std::string proc = "/proc");

  /// CPU time since the previous call by program name; empty the first time. What a process used between its last sight and
  /// its end counts once its parent has waited for it, with the parent's name; if process 1 does that, it is lost.
  std::map<std::string, SimDuration> advance();

 private:
  struct Process {
    ProcessFacts facts;
    ProcessClass kind = ProcessClass::Foreign;
    bool classified = false;
    std::uint64_t start_ticks = 0;
    std::uint64_t own_ticks = 0;       ///< user and system
    std::uint64_t children_ticks = 0;  ///< of children that were waited for
  };
  using Table = std::map<std::int64_t, Process>;

  [[nodiscard]] Table read() const;
  void classify(Table& table, Process& process) const;
  [[nodiscard]] const Process* same_before(const Process& process) const;

  ProcessClassifier classify_;
  std::string proc_;
  double ns_per_tick_;
  bool first_ = true;
  Table before_;
};

}  // namespace tandem::host
