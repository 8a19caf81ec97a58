#pragma once
// The network side of a replica: one thread accepts, reads and closes; requests go to the Executor, whose workers answer.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"
#include "docker/protocol/workload_config.hpp"
#include "docker/workload/executor.hpp"
#include "docker/workload/http_message.hpp"

namespace tandem::workload {

/// Serves until SIGTERM has been obeyed as the image says.
///
/// Bound on connections: at most `workers + backlog` may be accepted and unanswered. When that many are there the listening
/// socket is closed, so the kernel refuses further ones (ECONNREFUSED), and opened again when there is room. Idle
/// kept-alive connections do not count, nor do those that hang (images.failures): these stay open until the client gives up or
/// the process ends.
class Server {
 public:
  /// `signals` is a signalfd that delivers SIGTERM and SIGINT, which must be blocked in every thread. `begin` is the moment of
  /// the process's start (monotonic_time()), from which failures count.
  Server(container::WorkloadConfig config, int signals, SimDuration begin);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds the port, if the container listens at all. Errors: ProcessFailed.
  Status listen();
  /// The port that listen() bound (tests configure port 0).
  [[nodiscard]] std::int32_t port() const { return port_; }
  /// The loop; returns the exit code of the process.
  int run();

 private:
  struct Connection {
    int socket = -1;
    std::string received;
    SimDuration arrived;        ///< accepted, or first byte of a later request
    SimDuration last_used;
    bool idle = false;          ///< kept alive, nothing received since the last answer
    bool busy = false;          ///< a worker has its request
    bool hung = false;          ///< nobody will answer it
  };
  struct Answered {
    int socket = -1;
    bool keep_alive = false;
  };

  void on_listener();
  void on_readable(Connection& connection);
  /// Handles what has been received: hands a whole request to the workers, or waits for more, or refuses.
  void advance(Connection& connection);
  void hand_over(Connection& connection, HttpRequest request);
  void hang(Connection& connection);
  void refuse(Connection& connection, int status);
  void on_answers();
  void on_signal();
  void on_tick();
  void stop_accepting();
  void close_connection(int socket);
  void arm(Connection& connection);
  /// Opens or closes the listening socket according to the number of unanswered connections.
  void adjust_listener();
  [[nodiscard]] std::size_t unanswered() const { return connections_.size() - idle_ - hung_; }
  [[nodiscard]] bool full() const;

  const container::WorkloadConfig config_;
  const int signals_;
  const SimDuration begin_;
  std::int32_t port_ = 0;
  int poller_ = -1;
  int listener_ = -1;
  int wakeup_ = -1;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::size_t idle_ = 0;
  std::size_t hung_ = 0;
  bool terminating_ = false;
  bool stopped_accepting_ = false;
  SimDuration stop_at_;
  SimDuration next_sweep_;
  std::mutex answered_mutex_;
  std::vector<Answered> answered_;
  std::unique_ptr<Executor> executor_;  ///< last: its threads use what is above
};

}  // namespace tandem::workload
