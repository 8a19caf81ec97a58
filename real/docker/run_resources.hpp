#pragma once
// Everything a run creates on the engine goes through here: labelled, named after the run, journaled before the call
// (hardening C1–C3), and destroyed at the end (C4–C6).

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "host/files.hpp"
#include "real/docker/cleaner.hpp"
#include "real/docker/engine_client.hpp"
#include "real/engine/journal.hpp"
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
  /// A new run: identity and journal. Errors: EngineCapability, FileWriteFailed.
  static Result<std::unique_ptr<RunResources>> open(EngineClient& engine, SimDuration expected_duration);
  RunResources(const RunResources&) = delete;
  RunResources& operator=(const RunResources&) = delete;

  [[nodiscard]] EngineClient& engine() { return engine_; }
  [[nodiscard]] const real::RunIdentity& identity() const { return identity_; }
  /// "tandem.run=<id>": what lists filter by.
  [[nodiscard]] std::string label() const;

  /// Creates a container of `kind` ("sandbox", "pod", "balancer", …); name and labels are filled in. → id
  void create_container(ContainerSpec spec, const std::string& kind, std::function<void(Result<std::string>)> done);
  Result<std::string> create_container(ContainerSpec spec, const std::string& kind);
  void remove_container(const std::string& id, std::function<void(Status)> done);
  Result<NetworkInfo> create_network(NetworkSpec spec);

  /// No create call is on its way.
  [[nodiscard]] bool idle() const { return creating_ == 0; }
  /// Destroys everything of this run and closes the journal. To be called when idle; otherwise the grace of C4 is kept.
  /// Errors: EngineLeak with the survivors, engine errors.
  Status destroy(const std::function<void(const std::string&)>& progress);

 private:
  RunResources(EngineClient& engine, real::RunIdentity identity, real::Journal journal)
      : engine_(engine), identity_(std::move(identity)), journal_(std::move(journal)) {}
  /// Fills name and labels in and journals the intent.
  Status announce(ContainerSpec& spec, const std::string& kind);
  void announced_done(const std::string& type, const std::string& name, const std::string& id);

  EngineClient& engine_;
  real::RunIdentity identity_;
  real::Journal journal_;
  std::uint64_t last_number_ = 0;
  std::size_t creating_ = 0;
};

}  // namespace tandem::docker
