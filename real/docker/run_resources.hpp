#pragma once
// Everything a run creates on the engine goes through here: labelled, named after the run, journaled before the call
// (hardening C1–C3), and destroyed at the end (C4–C6); by the reaper if this process does not live to see it.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "host/files.hpp"
#include "real/docker/cleaner.hpp"
#include "real/docker/engine_client.hpp"
#include "real/engine/journal.hpp"
#include "real/engine/reaper.hpp"
#include "real/engine/run_identity.hpp"

namespace tandem::docker {

/// Holds the machine-wide lock that lets one run measure at a time. A second one would disturb the first.
class EngineLock {
 public:
  /// Waits for the lock while `waiting` returns true (called about ten times a second with the holder's description).
  /// Errors: Interrupted, FileWriteFailed.
  static Result<EngineLock> take(const std::function<bool()>& waiting);

 private:
  explicit EngineLock(host::FileLock lock) : lock_(std::move(lock)) {}
  host::FileLock lock_;
};

class RunResources {
 public:
  /// A new run: identity, journal, reaper; in this order, and nothing is created before all three are there.
  /// `grace`: kCleanGrace, less only in tests. Errors: EngineCapability, FileWriteFailed, ProcessFailed (no reaper).
  static Result<std::unique_ptr<RunResources>> open(EngineClient& engine, SimDuration expected_duration, SimDuration grace = kCleanGrace);
  /// Without destroy() before, the reaper cleans up.
  ~RunResources() = default;
  RunResources(const RunResources&) = delete;
  RunResources& operator=(const RunResources&) = delete;

  [[nodiscard]] EngineClient& engine() { return engine_; }
  [[nodiscard]] const real::RunIdentity& identity() const { return identity_; }
  /// "tandem.run=<id>": what lists filter by.
  [[nodiscard]] std::string label() const;
  [[nodiscard]] pid_t reaper_pid() const { return reaper_.pid(); }

  /// Says in the journal that the run goes over to "create", "run" or "destroy".
  void enter_phase(const std::string& phase);

  /// Creates a container of `kind` ("sandbox", "pod", "balancer", …); name, labels and lifetime are filled in. → id
  void create_container(ContainerSpec spec, const std::string& kind, std::function<void(Result<std::string>)> done);
  Result<std::string> create_container(ContainerSpec spec, const std::string& kind);
  void remove_container(const std::string& id, std::function<void(Status)> done);
  Result<NetworkInfo> create_network(NetworkSpec spec);

  /// No create call is on its way.
  [[nodiscard]] bool idle() const { return creating_ == 0; }
  /// Why nothing can be created any more: the journal cannot be written. The run has to end.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  /// Destroys everything of this run, closes the journal and dismisses the reaper. The grace of C4 is kept if a create call
  /// is on its way or ended without an answer. After an error the reaper goes on. Errors: EngineLeak with the survivors,
  /// engine errors.
  Status destroy();

 private:
  RunResources(EngineClient& engine, real::RunIdentity identity, real::Journal journal, real::Reaper reaper, SimDuration grace)
      : engine_(engine), identity_(std::move(identity)), journal_(std::move(journal)), reaper_(std::move(reaper)), grace_(grace) {}
  /// Fills name, labels and lifetime in and journals the intent.
  Status announce(ContainerSpec& spec, const std::string& kind);
  Status announce(const std::string& type, const std::string& name);
  void created(const std::string& type, const std::string& name, const Result<std::string>& id);

  EngineClient& engine_;
  real::RunIdentity identity_;
  real::Journal journal_;
  real::Reaper reaper_;
  SimDuration grace_;
  std::uint64_t last_number_ = 0;
  std::size_t creating_ = 0;
  bool unresolved_ = false;  ///< a create call may have been carried out without our knowing
  std::optional<Error> failure_;
};

}  // namespace tandem::docker
