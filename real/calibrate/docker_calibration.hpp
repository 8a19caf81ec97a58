#pragma once
// The measuring itself, step by step, on a Testbed; private to real/calibrate.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "real/calibrate/measurements.hpp"
#include "real/docker/testbed.hpp"

namespace tandem::calibrate {

/// The scenario of the calibration: one node, one image with a route of no demand and one of kBusyDemand.
scenario::Scenario calibration_scenario();

class DockerCalibration {
 public:
  /// `testbed` is open, and destroyed before this.
  DockerCalibration(docker::Testbed& testbed, std::function<void(const std::string&, double)> progress);
  DockerCalibration(const DockerCalibration&) = delete;
  DockerCalibration& operator=(const DockerCalibration&) = delete;

  Result<scenario::Calibration> run();

 private:
  using Backends = std::vector<balance::Backend>;

  Status measure_cpu_speed();
  /// Life of a pod, several times over: sandbox, create, start, probe, stop.
  Status measure_containers();
  Status measure_path();
  Status start_path(const control::PodIdentity& pod);
  Status measure_round_trip(const control::PodIdentity& pod);
  Status run_phases(const control::PodIdentity& pod);
  [[nodiscard]] PhaseFacts& phase(std::size_t index);
  Status measure_reload();

  Status start_pod(const control::PodIdentity& pod);
  Status stop_pod(const control::PodIdentity& pod);
  Result<double> probe_ms(const control::PodIdentity& pod);
  Status set_backends(Backends backends);
  Result<double> connect_ms(const std::string& address);
  /// The control group that counts a container's CPU time.
  Result<std::string> cpu_group(const std::string& container_id);
  [[nodiscard]] control::PodIdentity identity(int number) const;
  /// Starts something and runs the loop until it has called back. The answer's place outlives an early return.
  Status await(const std::string& what, const std::function<void(std::function<void(Status)>)>& start);
  /// Runs the loop until `done` says so. Errors: Interrupted, EngineTimeout.
  Status wait_until(const std::function<bool()>& done, const std::string& what);
  void report(double fraction) const { progress_("calibrating to this machine", fraction); }

  docker::Testbed& testbed_;
  std::function<void(const std::string&, double)> progress_;
  scenario::Calibration calibration_;
  std::map<std::string, std::vector<double>> timings_;     ///< by step name of the node runtime
  std::map<std::string, std::string> containers_;          ///< running, by pod uid
  PathFacts path_;
  std::size_t failed_requests_ = 0;
};

}  // namespace tandem::calibrate
