#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/base/clock.hpp"
#include "core/record/events.hpp"
#include "real/docker/node_runtime.hpp"

namespace tandem::docker {

/// Once a second, as means over the second: CPU use of every node ("node/NAME", "cpu.used_cores") and of every running
/// container ("container/POD/NAME", "cpu.used_cores", "cpu.throttled_share"): the simulation's series. Reads the control
/// groups of the node slices; without slices it has nothing to read and stays silent.
class Sampler {
 public:
  Sampler(Clock& clock, const scenario::Scenario& scenario, const NodeSlices& slices, const DockerNodeRuntime& nodes,
          std::function<void(const record::Sample&)> sink);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

 private:
  struct Last {
    CpuUsage usage;
    SimTime seen;
  };
  void sample();
  void emit(const std::string& entity, const char* metric, double value);

  Clock& clock_;
  const scenario::Scenario& scenario_;
  const NodeSlices& slices_;
  const DockerNodeRuntime& nodes_;
  std::function<void(const record::Sample&)> sink_;
  std::map<std::string, Last> last_;  ///< by entity
  TimerHandle timer_;
};

}  // namespace tandem::docker
