#pragma once
// Where the recorded answers of the real programs lie, and how a family's file is read.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace tandem::truth {

/// The environment variable TANDEM_TRUTH, else ../shared/truth beside the sources where that exists, else the project's own
/// selection in tests/truth/data.
std::filesystem::path truth_folder();

/// Names of all families in `folder`, sorted: "controllers/f01_rollout" for controllers/f01_rollout.json (or .jsonl).
std::vector<std::string> families_in(const std::filesystem::path& folder);

/// The file of a family. Of a .jsonl file, an object whose "cases" are its lines. Errors: FileNotFound, SyntaxError.
Result<nlohmann::json> load_family(const std::filesystem::path& folder, const std::string& family);

}  // namespace tandem::truth
