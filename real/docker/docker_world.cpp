#include "real/docker/docker_world.hpp"

#include <utility>

#include "real/docker/capabilities.hpp"
#include "real/docker/docker_session.hpp"

namespace tandem::docker {

world::CapabilityReport DockerWorld::capabilities(const scenario::Scenario& scenario) const {
  world::CapabilityReport report;
  const auto address = EngineAddress::from_environment();
  if (!address) {
    report.errors.push_back(address.error());
    return report;
  }
  EngineClient engine(*address, nullptr);
  const auto info = engine.connect();
  if (!info) {
    report.errors.push_back(info.error());
    return report;
  }
  return docker_capabilities(scenario, *info, !address->unix_socket.empty());
}

Result<std::unique_ptr<world::Session>> DockerWorld::open(const scenario::Scenario& scenario, const world::RunContext& context) {
  auto address = EngineAddress::from_environment();
  if (!address) return tl::unexpected(address.error());
  auto session = std::make_unique<DockerSession>(std::move(*address), scenario, context);
  if (Status opened = session->open(); !opened) {
    // Whatever went wrong, what was created goes; a leak is worth more than the first error's place in the list.
    const auto finished = session->finish();
    Error error = std::move(opened).error();
    if (!finished) error = std::move(error).caused_by(finished.error());
    return fail(std::move(error));
  }
  return session;
}

}  // namespace tandem::docker
