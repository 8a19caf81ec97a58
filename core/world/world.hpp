#pragma once
// World and Session (design §3): one scenario, several worlds. A Session is a run in progress.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/record/sink.hpp"
#include "core/scenario/scenario.hpp"

namespace tandem::world {

/// One line of what a world says before anything is created: a field or fault it honours, approximates or cannot do.
struct CapabilityReport {
  std::vector<scenario::FieldNote> notes;  ///< additions to the scenario's field report that depend on the world
  Errors errors;                           ///< what makes the scenario impossible here
};

struct Progress {
  std::string step;        ///< "building image web:1.0.0", "running"
  SimTime at;              ///< run time reached, while running
  double fraction = -1;    ///< 0…1, or -1 if unknown
};

struct RunContext {
  record::Sink* sink = nullptr;                             ///< outlives the session
  std::function<void(const Progress&)> progress;            ///< may be empty
  const std::atomic<int>* interrupted = nullptr;            ///< count of Ctrl-C so far; may be null
  scenario::Calibration calibration;                        ///< figures for the models
  /// The simulation's scheduler works every so many decisions out once more from scratch and stops the run if they differ;
  /// 0 is never, 1 always (docs/scheduler-proof.md).
  std::uint32_t check_decisions = 0;
};

/// Numbers every world reports at its end, beside the recording.
struct RunSummary {
  SimTime ended_at;
  std::uint64_t events = 0;               ///< events processed (simulation) or callbacks run (real)
  double wall_seconds = 0;                ///< real time from open to finish
  /// Real worlds: why the machine was too busy for the run to count, a sentence each; empty if it was not.
  std::optional<std::vector<std::string>> not_gradable;
  std::vector<std::pair<std::string, std::string>> facts;  ///< engine version, storage driver, …: side file, not digested
};

class Session {
 public:
  virtual ~Session() = default;
  [[nodiscard]] virtual SimTime now() const = 0;
  /// Runs up to `until` (clamped to the horizon). Errors: Interrupted, BudgetExceeded, engine errors.
  virtual Status advance(SimTime until) = 0;
  /// Applies an action now and appends it to the timeline of the recording.
  virtual Status inject(const scenario::TimelineAction& action) = 0;
  /// Ends the run, destroys everything it created, reports. Called once; also after an error.
  virtual Result<RunSummary> finish() = 0;
};

class World {
 public:
  virtual ~World() = default;
  [[nodiscard]] virtual std::string name() const = 0;  ///< sim, docker, kind, kube
  /// Creates nothing.
  [[nodiscard]] virtual CapabilityReport capabilities(const scenario::Scenario& scenario) const = 0;
  virtual Result<std::unique_ptr<Session>> open(const scenario::Scenario& scenario, const RunContext& context) = 0;
};

}  // namespace tandem::world
