#include "cli/diagnosis.hpp"

#include <debian_packages.h>
#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "core/base/text.hpp"
#include "core/scenario/scenario.hpp"
#include "host/files.hpp"
#include "host/process.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/faults.hpp"
#include "real/docker/node_slices.hpp"
#include "sim/engine/simgrid_network.hpp"
#include "sim/model/faults.hpp"
#include "sim/sim_world.hpp"

namespace tandem::cli {

namespace {

/// The fault actions of the scenario language (core/scenario/timeline_tables.cpp).
constexpr std::pair<std::string_view, std::string_view> kFaults[] = {
    {"PodChaos", "pod-kill"},    {"PodChaos", "pod-failure"},    {"PodChaos", "container-kill"}, {"NetworkChaos", "delay"},     {"NetworkChaos", "loss"},
    {"NetworkChaos", "duplicate"}, {"NetworkChaos", "corrupt"}, {"NetworkChaos", "partition"},  {"NetworkChaos", "bandwidth"}};

/// A fault as a scenario would write it, complete enough that only the action can be refused.
scenario::Fault sample_of(std::string_view kind, std::string_view action) {
  scenario::Fault fault;
  fault.kind = kind;
  fault.action = action;
  fault.duration = seconds(1);
  if (kind == "NetworkChaos") {
    fault.node = "node";
  } else {
    fault.selector.match_labels["app"] = "web";
  }
  return fault;
}

std::string last_line(const std::string& text) {
  const std::string_view trimmed = trim(text);
  return std::string(trimmed.substr(trimmed.rfind('\n') + 1));
}

/// Runs a command in a network namespace of its own.
Diagnosis probe_in_namespace(std::string name, std::vector<std::string> command) {
  if (::geteuid() != 0) return {std::move(name), false, "needs root"};
  for (const std::string& program : {std::string("unshare"), command.front()}) {
    if (host::find_program(program).empty()) return {std::move(name), false, "there is no program " + program};
  }
  host::ProcessOptions options;
  options.command = {host::find_program("unshare"), "--net", host::find_program(command.front())};
  options.command.insert(options.command.end(), command.begin() + 1, command.end());
  options.timeout = seconds(5);
  const auto done = host::run_process(options);
  if (!done) return {std::move(name), false, done.error().what};
  if (done->exit_code != 0) return {std::move(name), false, "refused here: " + last_line(done->errors)};
  return {std::move(name), true, host::find_program(command.front())};
}

Diagnosis control_groups() {
  if (host::exists("/sys/fs/cgroup/cgroup.controllers")) {
    const auto controllers = host::read_file("/sys/fs/cgroup/cgroup.controllers", 4096);
    return {"control groups", true, "version 2, controllers " + std::string(trim(controllers.value_or("")))};
  }
  if (host::exists("/sys/fs/cgroup/cpu")) return {"control groups", true, "version 1"};
  return {"control groups", false, "/sys/fs/cgroup is not mounted"};
}

/// Names of installed Debian packages among those asked for; nothing where there is no dpkg.
std::optional<std::string> dpkg_status(const std::vector<std::string>& packages) {
  host::ProcessOptions options;
  options.command = {"dpkg-query", "-W", "-f=${Package} ${db:Status-Abbrev}${Version}\\n"};
  options.command.insert(options.command.end(), packages.begin(), packages.end());
  const auto done = host::run_process(options);
  if (!done) return std::nullopt;
  return done->output;  // exit 1 only says that some are unknown
}

}  // namespace

EngineDiagnosis diagnose_engine() {
  EngineDiagnosis engine;
  const auto address = docker::EngineAddress::from_environment();
  if (!address) {
    engine.error = address.error();
    return engine;
  }
  engine.address = address->text();
  docker::EngineClient client(*address, nullptr);
  if (auto info = client.connect()) {
    engine.slices_refusal = docker::NodeSlices::refusal(*info, engine.address.starts_with("unix"));
    engine.info = std::move(*info);
  } else {
    engine.error = info.error();
  }
  return engine;
}

std::vector<Diagnosis> diagnose_worlds(const EngineDiagnosis& engine) {
  std::vector<Diagnosis> worlds;
  worlds.push_back({"sim", true, fmt::format("{} CPUs, model {}, SimGrid {}", host::usable_cpus(), sim::kModelVersion, sim::simgrid_version())});
  if (engine.info) {
    const docker::EngineInfo& info = *engine.info;
    worlds.push_back({"docker", true, fmt::format("engine {} at {}, storage driver {}, control groups version {}; node capacity {}", info.version, engine.address, info.storage_driver,
                                                  info.cgroup_version, engine.slices_refusal.empty() ? "enforced" : "approximated: " + engine.slices_refusal)});
  } else {
    worlds.push_back({"docker", false, engine.error.what + (engine.error.hint.empty() ? "" : "; " + engine.error.hint)});
  }
  std::string kind = "not part of Tandem yet";
  for (const char* program : {"kind", "kubectl"}) {
    const std::string path = host::find_program(program);
    kind += path.empty() ? fmt::format("; no {} in PATH", program) : fmt::format("; {} is {}", program, path);
  }
  worlds.push_back({"kind", false, kind});
  return worlds;
}

std::vector<Diagnosis> diagnose_faults(const EngineDiagnosis& engine) {
  std::vector<Diagnosis> faults;
  const bool local = engine.address.starts_with("unix");
  for (const auto& [kind, action] : kFaults) {
    const scenario::Fault fault = sample_of(kind, action);
    const std::string in_sim = sim::SimFaultInjector::refusal_of(fault);
    faults.push_back({fmt::format("sim {} {}", kind, action), in_sim.empty(), in_sim});
    const std::string in_docker = engine.info ? docker::DockerFaultInjector::refusal_of(fault, local) : "no engine answers";
    faults.push_back({fmt::format("docker {} {}", kind, action), in_docker.empty(), in_docker});
  }
  return faults;
}

std::vector<Diagnosis> diagnose_mechanisms() {
  return {probe_in_namespace("network namespaces", {"true"}),
          probe_in_namespace("nft filters", {"nft", "add table inet tandem_probe"}),
          probe_in_namespace("tc netem", {"tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"}),
          probe_in_namespace("tc tbf", {"tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "1mbit", "burst", "32kbit", "latency", "400ms"}),
          probe_in_namespace("iptables", {"iptables", "-L", "-n"}),
          control_groups()};
}

std::vector<Diagnosis> diagnose_programs() {
  const std::pair<const char*, const char*> programs[] = {
      {"docker", "its command line, for looking around; Tandem talks to the engine itself"},
      {"kubectl", "for comparing tables with a real cluster"},
      {"kind", "for clusters of the Kubernetes world"},
      {"debootstrap", "makes the base image where there is no registry"},
      {"clang++-14", "fuzzers and the determinism matrix (./tandem soak)"},
      {"python3", "checks the JSON Schemas against the loader (./tandem test)"},
      {"man", "reads tandem man"},
  };
  std::vector<Diagnosis> found;
  for (const auto& [name, purpose] : programs) {
    const std::string path = host::find_program(name);
    found.push_back({name, !path.empty(), path.empty() ? std::string("not in PATH; ") + purpose : path});
  }
  return found;
}

std::vector<Diagnosis> diagnose_packages() {
  // "group package" lines, compiled in from cmake/debian-packages.
  std::vector<std::pair<std::string, std::string>> wanted;
  std::vector<std::string> names;
  for (const std::string& line : split(TANDEM_DEBIAN_PACKAGES, '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() != 2 || words[0] == "#") continue;
    wanted.emplace_back(words[0], words[1]);
    names.push_back(words[1]);
  }
  std::map<std::string, std::string> installed;
  const auto status = dpkg_status(names);
  for (const std::string& line : split(status.value_or(""), '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() >= 3 && words[1] == "ii") installed[words[0]] = words[2];
  }
  std::vector<Diagnosis> found;
  for (const auto& [group, name] : wanted) {
    const auto version = installed.find(name);
    const bool there = version != installed.end();
    found.push_back({group + " " + name, there, there ? version->second : status ? "not installed: apt-get install " + name : "not a Debian system"});
  }
  return found;
}

}  // namespace tandem::cli
