#include "cli/worlds.hpp"

#include <array>
#include <string_view>

#include "core/base/text.hpp"
#include "real/docker/docker_world.hpp"
#include "sim/sim_world.hpp"

namespace tandem::cli {

Result<std::unique_ptr<world::World>> make_world(const std::string& name) {
  if (name == "sim") return std::make_unique<sim::SimWorld>();
  if (name == "docker") return std::make_unique<docker::DockerWorld>();
  static constexpr std::array<std::string_view, 2> kNames = {"sim", "docker"};
  Error error = make_error(ErrorCode::UsageBadArgument, "there is no world of that name").with_found(name).with_allowed("sim, docker");
  if (const std::string nearest = nearest_name(name, kNames); !nearest.empty()) error.hint = "did you mean " + nearest + "?";
  if (name == "kind" || name == "kube") error.hint = "the Kubernetes world is not part of Tandem yet";
  return fail(std::move(error));
}

}  // namespace tandem::cli
