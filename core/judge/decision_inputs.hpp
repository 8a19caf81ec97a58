#pragma once
// Everything that a scheduling decision was made from, as named texts that can be compared between runs: nodes by name, pods by
// their logical names.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/judge/scheduling_replay.hpp"

namespace tandem::judge {

struct NamedInput {
  /// What is closer to a cause comes first. Random names come last: they differ between any two runs.
  enum class Closeness : std::uint8_t { Policy, Nodes, Pod, Workloads, PodsThere, Chance, Names };
  std::string name;
  std::string value;
  Closeness closeness = Closeness::Policy;
  std::string node;  ///< that it is about; empty: about none
};

/// In order of closeness. `logical_name` gives that of a pod of the run.
std::vector<NamedInput> inputs_of(const ReplayedCycle& cycle, std::uint64_t seed, const std::function<std::string(const cluster::Pod&)>& logical_name);

}  // namespace tandem::judge
