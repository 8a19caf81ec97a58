#pragma once
// Where the recorded answers of the real programs lie, and how a family's file is read.

#include <cstddef>
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

/// Where the cases of a family's file are: its member "cases", or the whole file where that is a list; null if neither.
const nlohmann::json* cases_of(const nlohmann::json& file);
nlohmann::json* cases_of(nlohmann::json& file);

/// The case's "id" or "name", or "#3" for the fourth case of a file whose cases have none.
std::string case_id(const nlohmann::json& test_case, std::size_t index);

}  // namespace tandem::truth
