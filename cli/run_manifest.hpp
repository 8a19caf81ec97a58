#pragma once
// manifest.json (conventions §1.6): what was run, with what, where, and what came of it.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/run_scenario.hpp"

namespace tandem::cli {

/// What is known before the run: tool, scenario, inputs, seed, command. `resolved` is the text of scenario.json.
nlohmann::json manifest_before(const RunRequest& request, const std::string& world, const std::string& resolved);

/// Adds how it ended: times, status, the machine, what the world says of itself.
void add_ending(nlohmann::json& manifest, const RunRequest& request, const RunResult& result);

/// Adds what can only be told from the finished recording, the score and the files beside it, and writes it again.
/// Errors: FileWriteFailed, those of reading the files back.
Status complete_manifest(const std::string& folder, const judge::CheckReport& checks);

}  // namespace tandem::cli
