#pragma once
// From raw observations to the figures of a calibration; no engine in here.

#include <cstdint>
#include <vector>

#include "core/record/traffic_events.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::calibrate {

/// Mean and standard deviation (n - 1) of milliseconds.
scenario::Measured summarise(const std::vector<double>& milliseconds);

/// What one phase of test traffic showed: its answered requests and the CPU time of who served it.
struct PhaseFacts {
  std::vector<double> wall_ms;      ///< from intended time, answered requests
  double balancer_cpu_ms = 0;       ///< of the balancer's container, whole phase
  double replica_cpu_ms = 0;        ///< of the replica's container, whole phase
};

/// The four phases: straight to the replica and through the balancer, without and with CPU demand.
struct PathFacts {
  PhaseFacts direct_idle, balanced_idle, direct_busy, balanced_busy;
  double demand_ms = 0;             ///< CPU time a request of a busy phase spends by its route
  double round_trip_ms = 0;         ///< measured on its own
  double round_trip_stddev_ms = 0;
  int round_trip_samples = 0;
};

/// Splits the path of an unloaded request into the figures of which the simulation puts it together again:
///   direct   = client_overhead + round_trip + app_request + demand
///   balanced = direct + proxy_request + round_trip
/// app_request and proxy_cpu are CPU times read from control groups, round_trip was measured on its own; client_overhead and
/// proxy_request are what remains, so that the sums are exactly what was measured (mean of idle and busy phases).
void split_path(const PathFacts& facts, scenario::Calibration& calibration);

}  // namespace tandem::calibrate
