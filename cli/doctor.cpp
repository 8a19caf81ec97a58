// tandem doctor: which worlds work on this machine, and why not.

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/engine_client.hpp"
#include "real/docker/node_slices.hpp"

namespace tandem::cli {

namespace {

int doctor(bool engine_only, const CommonOptions& common) {
  const auto address = docker::EngineAddress::from_environment();
  Result<docker::EngineInfo> info = fail(ErrorCode::EngineUnavailable, "no engine was asked");
  std::string where;
  if (address) {
    where = address->text();
    docker::EngineClient engine(*address, nullptr);
    info = engine.connect();
  } else {
    info = tl::unexpected(address.error());
  }
  if (engine_only) {
    if (info) return kExitOk;
    return common.quiet ? exit_code_of(info.error().code) : report(info.error(), common);
  }
  const std::string slices = info ? docker::NodeSlices::refusal(*info, where.starts_with("unix")) : std::string();
  if (common.json) {
    nlohmann::ordered_json json = {{"version", 1}, {"sim", true}, {"docker", info.has_value()}, {"cpus", host::usable_cpus()}};
    if (info) json["engine"] = {{"version", info->version}, {"storageDriver", info->storage_driver}, {"cgroupVersion", info->cgroup_version}, {"nodeSlices", slices.empty()}};
    else json["dockerReason"] = info.error().what;
    fmt::print("{}\n", json.dump(2));
    return kExitOk;
  }
  fmt::print("sim      works here ({} CPUs)\n", host::usable_cpus());
  if (info) {
    fmt::print("docker   works here: engine {} at {}, storage driver {}, cgroup version {}\n", info->version, where, info->storage_driver, info->cgroup_version);
    fmt::print("         node capacity {}\n", slices.empty() ? "is enforced: a control group per node" : "is approximated: " + slices);
  } else {
    fmt::print("docker   not here: {}\n", info.error().what);
    if (!info.error().hint.empty()) fmt::print("         {}\n", info.error().hint);
  }
  fmt::print("kind     is not part of Tandem yet\n");
  return kExitOk;
}

}  // namespace

Command doctor_command() {
  return {"doctor", "Say which worlds work on this machine and why not.",
          "  tandem doctor                 what works here\n"
          "  tandem doctor --engine -q     exit code only: 0 if a container engine answers\n",
          [](OptionTable& table, CommonOptions& common) {
            auto engine_only = std::make_shared<bool>(false);
            table.add_flag("--engine", *engine_only, "only whether a container engine answers");
            return [engine_only, &common] { return doctor(*engine_only, common); };
          }};
}

}  // namespace tandem::cli
