#pragma once

#include <string>

namespace tandem::docker {

/// A run without a scenario, in a process that can be killed: opens resources on the engine at `socket`, creates and removes
/// what a run does, destroys everything. Writes its process id, and once it is there the reaper's, as lines of `pid_file`.
int scripted_run(const std::string& socket, const std::string& pid_file);

/// What every real run does first: removes what dead runs left on the engine at `socket`.
int scripted_recovery(const std::string& socket);

/// Between two empty lists of scripted runs, in milliseconds.
inline constexpr int kScriptGraceMs = 300;

}  // namespace tandem::docker
