#pragma once

#include <optional>
#include <string>

#include "core/base/time.hpp"

namespace tandem::workload {

/// Reads how long this container has been throttled by its own CFS quota (cpu.stat of cgroup v1 or v2). Throttling by a
/// parent, such as the node's slice, is not visible from inside.
class ThrottlingMeter {
 public:
  /// `cgroup_root` is where the container sees its cgroups.
  explicit ThrottlingMeter(const std::string& cgroup_root = "/sys/fs/cgroup");
  ~ThrottlingMeter();
  ThrottlingMeter(const ThrottlingMeter&) = delete;
  ThrottlingMeter& operator=(const ThrottlingMeter&) = delete;

  /// Total so far. Zero without a quota; nothing where cpu.stat cannot be read. Any thread.
  [[nodiscard]] std::optional<SimDuration> total() const;

 private:
  bool limited_ = false;
  int stat_file_ = -1;
};

}  // namespace tandem::workload
