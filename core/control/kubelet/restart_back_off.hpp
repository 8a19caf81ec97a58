#pragma once
// When a container that has ended may be started again (kuberuntime_manager.go doBackOff, kubelet.go crashLoopBackOff).

#include <optional>
#include <string>

#include "core/cluster/objects.hpp"
#include "core/control/kubelet/back_off.hpp"

namespace tandem::control::kubelet {

/// The crash back-off records of one kubelet. The first exit never waits; then 10, 20, 40 … 300 s from the container's end. A
/// record counts no more 600 s after its last change, and the housekeeping sweep every 2 s drops it, even while the container
/// waits for it.
class RestartBackOff {
 public:
  /// What the container's waiting state and the sync's error say while it may not start yet.
  struct Refusal {
    std::string message;      ///< "back-off 10s restarting failed container=app pod=web_default(u1)"
    SimTime not_before;       ///< end of the waiting time, if no sweep forgets it sooner
  };

  /// Asked right before a start. `last_end` is the end of its last run, nothing if it never ran. An answer without refusal
  /// counts as the restart: the next end waits longer.
  std::optional<Refusal> try_start(const cluster::Pod& pod, const cluster::Container& container, std::optional<SimTime> last_end,
                                   SimTime now);
  /// The pod is gone.
  void forget(const std::string& pod_uid) { back_off_.forget(pod_uid + "/"); }

 private:
  BackOff back_off_{{.sweep_period = seconds(2)}};
};

/// "web-1_default(4fcd…)", as kubelet messages name a pod.
std::string pod_text(const cluster::Pod& pod);
/// "Back-off restarting failed container app in pod web-1_default(4fcd…)": the Warning event BackOff of a refused start.
std::string back_off_event(const cluster::Pod& pod, const cluster::Container& container);

}  // namespace tandem::control::kubelet
