#pragma once
// Deletes what runs left behind: ours only, verified object by object (hardening C4–C7).

#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "real/docker/engine_client.hpp"

namespace tandem::docker {

/// The engine completes requests of clients that have died: objects appeared up to 155 ms after the kill (hardening C4).
inline constexpr SimDuration kCleanGrace = seconds(10);

struct CleanOptions {
  std::string run_id;          ///< one run; empty = every run
  bool include_alive = false;  ///< also runs whose owner still exists (its own run, or `clean --force`)
  bool dry_run = false;        ///< only look
  SimDuration grace = kCleanGrace;  ///< time between two empty lists; new objects start it anew. Skipped if nothing was found
  std::function<void(const std::string&)> progress;  ///< a line for a person; may be empty
  std::function<bool()> cancelled;                   ///< true ends it early with Interrupted
};

struct CleanReport {
  std::vector<std::string> runs;       ///< ids of the runs that had anything, sorted
  std::vector<std::string> removed;    ///< "container tandem-…", in order of deletion (with dry_run: what would be)
  std::vector<std::string> survivors;  ///< could not be deleted: name and reason
  std::vector<std::string> spared;     ///< carried our labels, but its name is not derived from its run: not touched
};

/// Containers (with anonymous volumes), then networks, then named volumes, then control groups and journals. Images never.
/// Errors: engine errors, Interrupted. Survivors are not an error here; see leak_error.
Result<CleanReport> clean(EngineClient& engine, const CleanOptions& options);

/// EngineLeak with every survivor as a cause.
Error leak_error(const CleanReport& report);

/// True if `name` is exactly what a run would call its object: run id and kind by label, and a number.
bool is_derived_name(const std::string& name, const LabelMap& labels);

}  // namespace tandem::docker
