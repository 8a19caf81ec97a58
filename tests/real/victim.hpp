#pragma once
// `tandem run … --on docker` in a process of its own, to be watched through its journal and killed.

#include <sys/types.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "host/process.hpp"
#include "real/docker/engine_client.hpp"
#include "real/docker/run_resources.hpp"

namespace tandem::docker {

/// Runs the tandem program to its end. `state` becomes TANDEM_STATE; `environment` is added.
host::ProcessResult run_tandem(std::vector<std::string> arguments, const std::string& state, std::vector<std::string> environment = {});

/// Everything of one run that is still there: containers, networks, volumes, control groups, by name.
std::vector<std::string> left_of(EngineClient& engine, const std::string& run_id);

class Victim {
 public:
  /// Starts a run of the scenario in `tests/real/five-seconds`; state and recording go below `folder`. `arguments` are added.
  Victim(const std::string& folder, std::vector<std::string> arguments = {}, std::vector<std::string> environment = {});
  /// Waits for the run's end.
  ~Victim();
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  /// Waits until the journal says that `phase` has begun and has `lines` more lines; false if the run ended before.
  bool wait_for(const std::string& phase, std::size_t lines);
  /// Lines of each phase of the journal ("create", "run", "destroy") when it was last seen.
  [[nodiscard]] std::size_t lines_of(const std::string& phase) const;

  [[nodiscard]] const std::string& run_id() const { return run_id_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The run's reaper; -1 if there is none (any more).
  [[nodiscard]] pid_t reaper() const;
  void signal(int number) const;
  /// Waits for the end. → exit code, 128 + signal if it was killed
  int exit_code();
  /// What the run printed, once it has ended.
  [[nodiscard]] std::string output();
  [[nodiscard]] const std::string& state() const { return state_; }
  [[nodiscard]] std::string recording() const { return folder_ + "/run"; }
  [[nodiscard]] bool has_journal() const;

 private:
  /// Reads the journal of the run if there is one; false if not.
  bool look();

  std::string folder_;
  std::string state_;
  std::vector<std::string> older_journals_;
  std::string journal_;        ///< text, as last seen
  std::string journal_path_;
  std::string run_id_;
  pid_t pid_ = -1;
  std::atomic<bool> over_{false};
  host::ProcessResult result_;
  std::thread thread_;
};

/// Containers, networks and volumes whose names and labels look like ours and are not. Removed at the end, each by its id.
class Decoys {
 public:
  /// `each` of every type. `image`: any that is there; the containers are never started.
  Decoys(EngineClient& engine, const std::string& image, int each);
  ~Decoys();
  Decoys(const Decoys&) = delete;
  Decoys& operator=(const Decoys&) = delete;

  /// One more container, with the very labels of a run and a name that it would not give.
  void add_with_labels_of(const std::string& run_id);
  /// Those that are gone, by name.
  [[nodiscard]] std::vector<std::string> missing() const;

 private:
  struct Object {
    std::string type, id, name;
  };
  void add_container(const std::string& name, const LabelMap& labels);
  void add_network(const std::string& name, const LabelMap& labels, int number);
  void add_volume(const std::string& name, const LabelMap& labels);

  EngineClient& engine_;
  std::string image_;
  std::vector<Object> objects_;
};

}  // namespace tandem::docker
