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

  explicit SecondEngine(std::string folder);
  /// Ends it with everything in it.
  ~SecondEngine();
  SecondEngine(const SecondEngine&) = delete;
  SecondEngine& operator=(const SecondEngine&) = delete;

  /// Starts it and waits until it answers; false (and what it printed, in log()) if it does not.
  bool start();
  /// kill -9, and waits for its end.
  void kill();
  [[nodiscard]] EngineAddress address() const { return {socket_, "http://engine"}; }
  [[nodiscard]] std::string docker_host() const { return "unix://" + socket_; }
  [[nodiscard]] std::string log() const;

 private:
  void signal(int number);

  std::string folder_;
  std::string socket_;
  std::thread thread_;
};

}  // namespace tandem::docker
