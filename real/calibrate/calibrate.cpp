#include "real/calibrate/calibrate.hpp"

#include <optional>
#include <utility>

#include "real/calibrate/docker_calibration.hpp"
#include "real/docker/testbed.hpp"

namespace tandem::calibrate {

Result<scenario::Calibration> calibrate_docker(const DockerCalibrationOptions& options) {
  auto address = docker::EngineAddress::from_environment();
  if (!address) return tl::unexpected(address.error());
  const auto report = [&options](const std::string& step, double fraction) {
    if (options.progress) options.progress({step, kTimeZero, fraction});
  };
  docker::Testbed::Options bed{std::move(*address), calibration_scenario(), 1.0, report, {}};
  if (options.interrupted != nullptr) {
    bed.cancelled = [count = options.interrupted] { return count->load() > 0; };
  }
  docker::Testbed testbed(std::move(bed));
  // Outlives destroy(): answers that are still on their way find it alive.
  std::optional<DockerCalibration> calibration;
  Result<scenario::Calibration> measured = [&]() -> Result<scenario::Calibration> {
    TANDEM_TRY(testbed.open());
    return calibration.emplace(testbed, report).run();
  }();
  if (Status destroyed = testbed.destroy(); !destroyed) {
    // A leak is an error of its own, but not instead of what went wrong first.
    if (measured) return tl::unexpected(std::move(destroyed).error());
    measured.error().causes.push_back(std::move(destroyed).error());
  }
  return measured;
}

}  // namespace tandem::calibrate
