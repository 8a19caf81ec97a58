#pragma once
// What `tandem doctor` finds out about this machine. Nothing is changed: probes run in network namespaces of their own.

#include <optional>
#include <string>
#include <vector>

#include "real/docker/engine_client.hpp"

namespace tandem::cli {

/// A thing that works here or not, and what there is to say about it.
struct Diagnosis {
  std::string name;
  bool works = false;
  std::string detail;  ///< if it works: version, place; if not: why, and what to do
};

/// A container engine as DOCKER_HOST or the default socket has it.
struct EngineDiagnosis {
  std::string address;
  std::optional<docker::EngineInfo> info;  ///< absent: no engine answers
  Error error;                             ///< then: why
  std::string slices_refusal;              ///< why node capacity is not enforced; empty: it is
};
EngineDiagnosis diagnose_engine();

/// sim, docker, kind.
std::vector<Diagnosis> diagnose_worlds(const EngineDiagnosis& engine);
/// Every fault of the scenario language in every world: "docker NetworkChaos partition".
std::vector<Diagnosis> diagnose_faults(const EngineDiagnosis& engine);
/// What faults and node slices are made of: network namespaces, nft, tc, iptables, control groups.
std::vector<Diagnosis> diagnose_mechanisms();
/// Programs that some command or test uses, if they are there.
std::vector<Diagnosis> diagnose_programs();
/// Debian packages of cmake/debian-packages: "run libfmt-dev".
std::vector<Diagnosis> diagnose_packages();

}  // namespace tandem::cli
