#pragma once
// What a command does when it is run in one of our containers (exec probes and hooks). Images are described, not filled with
// programs, so the simulation and the real workload agree on this instead: the model waits and answers, the workload's `run`
// really sleeps and exits.

#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace tandem::control::kubelet {

struct CommandEffect {
  SimDuration takes;
  int exit_code = 0;
  friend bool operator==(const CommandEffect&, const CommandEffect&) = default;
};

/// `sleep N` (also 0.5, 5s, 2m, 1h), `true`, `false`, and `sh -c SCRIPT` (also bash, ash, with a path) with these, `exit N`, `:`
/// and the operators `;`, newline, `&&`, `||`. Quotes in a script are taken off. Every other program succeeds at once, whatever
/// its arguments: containers have what their manifests ask for. An empty command ends with 127. Sleeps add up to a year at most.
CommandEffect effect_of(const std::vector<std::string>& command);

}  // namespace tandem::control::kubelet
