#include "real/calibrate/measurements.hpp"

#include <algorithm>
#include <cmath>

namespace tandem::calibrate {

using scenario::Measured;

namespace {

int count(const PhaseFacts& phase) { return static_cast<int>(phase.wall_ms.size()); }

double per_request(double cpu_ms, const PhaseFacts& phase) { return phase.wall_ms.empty() ? 0 : cpu_ms / static_cast<double>(phase.wall_ms.size()); }

double mean(double one, double other) { return (one + other) / 2; }

/// Spread of a difference of two independent measurements; never below zero.
double remaining_spread(const Measured& whole, const Measured& part) {
  return std::sqrt(std::max(0.0, whole.stddev_ms * whole.stddev_ms - part.stddev_ms * part.stddev_ms));
}

}  // namespace

Measured summarise(const std::vector<double>& milliseconds) {
  Measured measured;
  measured.samples = static_cast<int>(milliseconds.size());
  if (milliseconds.empty()) return measured;
  double sum = 0;
  for (const double value : milliseconds) sum += value;
  measured.mean_ms = sum / static_cast<double>(milliseconds.size());
  if (milliseconds.size() < 2) return measured;
  double squares = 0;
  for (const double value : milliseconds) squares += (value - measured.mean_ms) * (value - measured.mean_ms);
  measured.stddev_ms = std::sqrt(squares / static_cast<double>(milliseconds.size() - 1));
  return measured;
}

void split_path(const PathFacts& facts, scenario::Calibration& calibration) {
  const Measured direct_idle = summarise(facts.direct_idle.wall_ms);
  const Measured direct_busy = summarise(facts.direct_busy.wall_ms);
  const Measured balanced_idle = summarise(facts.balanced_idle.wall_ms);
  const Measured balanced_busy = summarise(facts.balanced_busy.wall_ms);

  // The replica: CPU beyond the demand, in all four phases.
  const double app_idle = mean(per_request(facts.direct_idle.replica_cpu_ms, facts.direct_idle),
                               per_request(facts.balanced_idle.replica_cpu_ms, facts.balanced_idle));
  const double app_busy = mean(per_request(facts.direct_busy.replica_cpu_ms, facts.direct_busy),
                               per_request(facts.balanced_busy.replica_cpu_ms, facts.balanced_busy)) - facts.demand_ms;
  const int replica_samples = count(facts.direct_idle) + count(facts.balanced_idle) + count(facts.direct_busy) + count(facts.balanced_busy);
  calibration.app_request = {std::max(0.0, mean(app_idle, app_busy)), 0, replica_samples};
  // Only totals are known of CPU times; a fifth of the mean is how such short works spread where they were timed one by one.
  calibration.app_request.stddev_ms = calibration.app_request.mean_ms / 5;

  calibration.round_trip = {facts.round_trip_ms, facts.round_trip_stddev_ms, facts.round_trip_samples};

  // What remains of the direct path is the client's.
  const double direct_overhead = mean(direct_idle.mean_ms, direct_busy.mean_ms - facts.demand_ms);
  Measured& client = calibration.client_overhead;
  client.mean_ms = std::max(0.0, direct_overhead - calibration.app_request.mean_ms - calibration.round_trip.mean_ms);
  client.stddev_ms = remaining_spread({0, mean(direct_idle.stddev_ms, direct_busy.stddev_ms), 0}, calibration.round_trip);
  client.samples = count(facts.direct_idle) + count(facts.direct_busy);

  // What the detour through the balancer adds, beyond one more hop.
  const double detour = mean(balanced_idle.mean_ms - direct_idle.mean_ms, balanced_busy.mean_ms - direct_busy.mean_ms);
  Measured& proxy = calibration.proxy_request;
  proxy.mean_ms = std::max(0.0, detour - calibration.round_trip.mean_ms);
  const Measured balanced{0, mean(balanced_idle.stddev_ms, balanced_busy.stddev_ms), 0};
  proxy.stddev_ms = remaining_spread(balanced, {0, mean(direct_idle.stddev_ms, direct_busy.stddev_ms), 0});
  proxy.samples = count(facts.balanced_idle) + count(facts.balanced_busy);

  const double proxy_cpu = mean(per_request(facts.balanced_idle.balancer_cpu_ms, facts.balanced_idle),
                                per_request(facts.balanced_busy.balancer_cpu_ms, facts.balanced_busy));
  // Part of a proxy's CPU time (accounting, closing) is not on the request's way; the model takes it from the wall time.
  calibration.proxy_cpu = {std::min(proxy_cpu, std::max(proxy.mean_ms, 0.0)), 0, proxy.samples};
  calibration.proxy_cpu.stddev_ms = calibration.proxy_cpu.mean_ms / 5;
}

}  // namespace tandem::calibrate
