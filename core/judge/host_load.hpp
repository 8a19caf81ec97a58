#pragma once
// Was the machine free enough for a real run to count? Pure: what a world saw of its machine goes in, a verdict comes out.
// Where the limits come from: docs/host-load.md.

#include <map>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/record/recording.hpp"

namespace tandem::judge {

/// What else happened on the machine during a part of the run. Shares are between 0 and 1.
struct HostLoadSample {
  SimDuration length;
  double foreign_cpu_share = 0;       ///< of all CPUs, by programs that are not the run's
  double memory_available_share = 1;
  double memory_stalled_share = 0;    ///< of the time, some program waited for memory
  double io_stalled_share = 0;        ///< of the time, some program waited for a disk
};

struct HostLoadLimits {
  double foreign_cpu_mean = 0.10;     ///< over the run
  double foreign_cpu_worst = 0.30;    ///< over any `window`
  SimDuration window = seconds(5);
  double memory_available = 0.05;     ///< at least, always
  double memory_stalled_mean = 0.05;
  double io_stalled_mean = 0.30;
};

struct HostLoadVerdict {
  std::vector<std::string> reasons;   ///< why the run does not count, a sentence each; empty if it does
  double foreign_cpu_mean = 0;
  double foreign_cpu_worst = 0;
  double memory_available_least = 1;
  double memory_stalled_mean = 0;
  double io_stalled_mean = 0;
  [[nodiscard]] bool gradable() const { return reasons.empty(); }
};

/// `programs` names who used the foreign CPU time, over the whole run; the largest are quoted. Without samples nothing can be
/// held against the machine.
HostLoadVerdict judge_host_load(const std::vector<HostLoadSample>& samples, const std::map<std::string, SimDuration>& programs,
                                const HostLoadLimits& limits = {});

/// The mark by which a recording says that its run does not count.
inline constexpr std::string_view kHostMarkKind = "host";
inline constexpr std::string_view kOverloadedSubject = "overloaded";

/// Why a recorded run does not count; empty if it does. Simulations always count.
std::vector<std::string> not_gradable_reasons(const record::Recording& recording);

}  // namespace tandem::judge
