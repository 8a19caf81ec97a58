#pragma once
// The host-load guard: what other programs do to the machine while a run measures on it.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/judge/host_load.hpp"
#include "core/record/events.hpp"
#include "host/load_watch.hpp"

namespace tandem::docker {

/// This process and its children, the containers of the run, and the engine that carries them are the run's own. Containers
/// are told apart by the run id in their control group; without node slices (`slices` false) that is not there, and every
/// container of the engine counts as ours.
host::ProcessClassifier run_classifier(std::string run_id, bool slices);

/// Once a second as samples of "host": "cpu.foreign_share", "memory.available_share", "io.stalled_share". A verdict at the end.
class HostLoadGuard {
 public:
  HostLoadGuard(Clock& clock, host::ProcessClassifier classify, std::function<void(const record::Sample&)> sink);
  ~HostLoadGuard();
  HostLoadGuard(const HostLoadGuard&) = delete;
  HostLoadGuard& operator=(const HostLoadGuard&) = delete;

  [[nodiscard]] judge::HostLoadVerdict verdict() const { return judge::judge_host_load(samples_, programs_); }

 private:
  void look();

  Clock& clock_;
  std::function<void(const record::Sample&)> sink_;
  host::LoadWatch watch_;
  std::vector<judge::HostLoadSample> samples_;
  std::map<std::string, SimDuration> programs_;
  TimerHandle timer_;
};

}  // namespace tandem::docker
