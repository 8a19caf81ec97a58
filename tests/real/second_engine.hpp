#pragma once
// A Docker engine of the test's own, on a socket and a data root of its own, to be killed and restarted. Needs root and
// dockerd; it shares nothing with the machine's engine but the kernel.

#include <atomic>
#include <string>
#include <thread>

#include "host/process.hpp"
#include "real/docker/engine_client.hpp"

namespace tandem::docker {

class SecondEngine {
 public:
  /// Empty if a second engine can run here, else why not.
  static std::string refusal();

  /// `storage_driver`: one that works here, such as that of the machine's engine.
  SecondEngine(std::string folder, std::string storage_driver);
  /// Ends it with everything in it: containers, processes, mounts, files.
  ~SecondEngine();
  SecondEngine(const SecondEngine&) = delete;
  SecondEngine& operator=(const SecondEngine&) = delete;

  /// Starts it and waits until it answers; false (and what it printed, in log()) if it does not.
  bool start();
  /// kill -9 of it and of the containerd that belongs to it, and waits for their end. Containers live on.
  void kill();
  [[nodiscard]] EngineAddress address() const { return {socket_, "http://engine"}; }
  [[nodiscard]] std::string docker_host() const { return "unix://" + socket_; }
  [[nodiscard]] std::string log() const;

 private:
  void signal(int number);
  void remove_objects();
  /// Programs that were started with our folder in their command line, such as shims; `with_children`: and theirs.
  void end_programs(const std::string& name, bool with_children) const;

  std::string folder_;
  std::string storage_driver_;
  std::string socket_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace tandem::docker
