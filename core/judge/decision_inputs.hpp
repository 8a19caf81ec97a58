#pragma once
// Everything that a scheduling decision was made from, as named texts that can be compared between runs: nodes by name, pods by
// their logical names.

#include <functional>
#include <string>
#include <vector>

#include "core/judge/scheduling_replay.hpp"

namespace tandem::judge {

struct NamedInput {
  std::string name;
  std::string value;
};

/// Closest to the cause first. `logical_name` gives that of a pod of the run.
std::vector<NamedInput> inputs_of(const ReplayedCycle& cycle, std::uint64_t seed, const std::function<std::string(const cluster::Pod&)>& logical_name);

}  // namespace tandem::judge
