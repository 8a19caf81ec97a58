#pragma once
// What several verbs print in the same words.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/command.hpp"
#include "cli/run_scenario.hpp"
#include "cli/stored_run.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::cli {

/// Errors and warnings, each with the line of its file and a caret. To stderr; JSON to stdout.
int report_with_source(const Errors& errors, const CommonOptions& common);
void warn_with_source(const Errors& warnings, const CommonOptions& common);

/// The field report as a table: what is approximated (how) and ignored (why); honoured fields are only counted unless `all`.
std::string field_report_text(const std::vector<scenario::FieldNote>& notes, bool all);

/// The figures a simulation uses, a line each with spread and number of samples.
std::string calibration_text(const scenario::Calibration& calibration);

/// A finished run for --json: folder, digest, time, summary, why it ended early.
nlohmann::ordered_json run_json(const RunResult& result, const StoredRun& run);

/// True if stdout can show ✓ and ✗.
bool unicode_output();

}  // namespace tandem::cli
