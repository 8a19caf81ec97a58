#pragma once
// Deletes what runs left behind: ours only, verified object by object (hardening C4–C7).

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "real/docker/engine_client.hpp"

namespace tandem::docker {

/// The engine completes requests of clients that have died: objects appeared up to 155 ms after the kill (hardening C4).
inline constexpr SimDuration kCleanGrace = seconds(10);

/// Something of a run, on the engine or on this machine.
struct CleanedObject {
  std::string type;    ///< container, network, volume, control group, journal
  std::string name;
  std::string run_id;  ///< empty if it is not known
  std::string reason;  ///< why it is still there; empty for what is gone
};

/// Which journals go once the engine's lists were empty.
enum class JournalRule : std::uint8_t {
  Keep,    ///< none: the run closes its own
  OfDead,  ///< those of runs whose process is gone
  All,     ///< those of every run that was cleaned
};

struct CleanOptions {
  std::string run_id;          ///< one run; empty = every run
  bool include_alive = false;  ///< also runs whose owner still exists (its own run, or `clean --force`)
  bool dry_run = false;        ///< only look
  /// Time between two empty lists, counted from the last object that was found and from the last line of the journals;
  /// objects that appear meanwhile start it anew.
  SimDuration grace = kCleanGrace;
  JournalRule journals = JournalRule::OfDead;
  std::function<void(const CleanedObject&)> on_removed;  ///< may be empty
  std::function<bool()> cancelled;                       ///< true ends it early with Interrupted
};

struct CleanReport {
  std::vector<std::string> runs;         ///< ids of the runs that had anything, sorted
  std::vector<CleanedObject> removed;    ///< in order of deletion (with dry_run: what would be)
  std::vector<CleanedObject> survivors;  ///< could not be deleted
  std::vector<CleanedObject> spared;     ///< not touched: names that no run gives, journals that are damaged or of other engines
};

/// Containers (with anonymous volumes), then networks, then named volumes, then control groups and journals. Images never.
/// Errors: engine errors, Interrupted; journals stay then. Survivors are not an error here; see leak_error.
Result<CleanReport> clean(EngineClient& engine, const CleanOptions& options);

/// EngineLeak with every survivor as a cause.
Error leak_error(const CleanReport& report);

/// True if `name` is exactly what a run would call its object: run id and kind by label, and a number.
bool is_derived_name(const std::string& name, const LabelMap& labels);

}  // namespace tandem::docker
