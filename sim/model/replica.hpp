#pragma once
// The server inside a container: accepts connections, queues them, spends CPU, answers; starts up, drains and dies as the
// real workload of docker/workload does.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/scenario/scenario.hpp"
#include "sim/engine/engine.hpp"
#include "sim/model/cpu.hpp"

namespace tandem::sim {

/// What arrives at a replica. One request a connection.
struct ReplicaRequest {
  std::string_view path;       ///< without query; needed during the call only
  double demand_factor = 1;    ///< exponential(1) variate for routes with exponential demand
  double overhead_ns = 0;      ///< CPU time beyond the route's demand (calibration app_request)
};

/// What the replica reports about a request it answered.
struct ReplicaAnswer {
  std::uint16_t status = 0;
  std::int64_t bytes = 0;      ///< size of the body
  SimDuration queued;          ///< accepted → a worker took it
  SimDuration service;         ///< a worker took it → answer written
  SimDuration cpu;             ///< CPU time spent on it
  SimDuration throttled;       ///< CFS throttling of the container inside `service`
};

class Replica;

/// The other end of a connection, at the moment and place of the replica: network delays are the caller's.
class ReplicaClient {
 public:
  virtual void answered(const Replica& replica, std::uint64_t ticket, const ReplicaAnswer& answer) = 0;
  /// The process ended with the request unanswered.
  virtual void connection_reset(const Replica& replica, std::uint64_t ticket) = 0;

 protected:
  ~ReplicaClient() = default;
};

class Replica final : private EventHandler {
 public:
  struct Options {
    std::string pod;              ///< names the replica in records
    std::uint32_t pod_number = 0; ///< the same as a number, for who keeps a table of names
    double cpu_speed = 1.0;       ///< a demand of D takes D / cpu_speed of CPU time
    std::uint32_t entity = 0;     ///< order among simultaneous events
    bool ends_by_itself = false;  ///< as image.exit says; this start is one of those that do
    bool listens = true;          ///< false: it never takes a connection
    /// Takes the port when it begins to listen; if that fails the process ends with 1. Empty: nothing to take.
    std::function<bool(Replica&)> bind = {};
  };

  /// The process starts now and listens after the image's startup time. Its CPU time is taken from `group`, whose parallel
  /// limit must be the image's workers. `exited(code)` runs when the process has ended by itself or by terminate(); the
  /// replica must not be destroyed inside it.
  Replica(Engine& engine, Cpu& cpu, CpuGroupId group, const scenario::ImageSpec& image, Options options,
          std::function<void(std::int32_t)> exited);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  [[nodiscard]] bool listening() const { return listening_ && unanswered() < capacity_; }
  /// A connection with its request. False: refused, because the process does not listen, or workers and backlog are full.
  /// Otherwise exactly one call of `client` follows, never inside this one. A request that hangs (image.failures) takes no worker
  /// and no place; all that follows is the reset at the end of the process.
  bool accept(ReplicaClient& client, std::uint64_t ticket, const ReplicaRequest& request);

  /// SIGTERM: what the image says (scenario::OnTerminate); before it listens it has no handler yet and dies of it (143). Repeated
  /// ones change nothing.
  void terminate();
  /// SIGKILL: ends at once; every open connection is reset. Exit code 137.
  void kill();

  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] std::size_t unanswered() const { return in_service_ + queue_size_; }
  [[nodiscard]] std::size_t queued() const { return queue_size_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] CpuGroupId cpu_group() const { return group_; }

 private:
  enum EventKind : std::uint32_t { kStarted, kCpuDone, kWaitDone, kDrained, kExit };
  static constexpr std::uint32_t kNone = 0xffffffffU;

  /// An accepted connection. Kept in a pool; `next` links free ones and, in order of acceptance, waiting ones.
  struct Job {
    ReplicaClient* client = nullptr;
    std::uint64_t ticket = 0;
    const scenario::RouteSpec* route = nullptr;  ///< null: `status`, at no demand
    std::uint16_t status = 404;
    SimTime accepted;
    SimTime taken;
    double cpu_ns = 0;
    std::int64_t throttled_before = 0;
    std::uint32_t next = kNone;
    TimerHandle waiting;       ///< off the CPU
    bool active = false;
  };

  void fire(std::uint32_t kind, std::uint64_t payload) override;
  /// The failure that a request for the path runs into now, or nullptr.
  [[nodiscard]] const scenario::FailureSpec* failure_of(std::string_view path) const;
  void take(std::uint32_t index);
  void finish(std::uint32_t index);
  void release(std::uint32_t index);
  void stop_listening();
  void exit_if_drained();
  void release_resources();
  void end(std::int32_t exit_code);

  Engine& engine_;
  Cpu& cpu_;
  CpuGroupId group_;
  const scenario::ImageSpec& image_;
  Options options_;
  std::function<void(std::int32_t)> exited_;
  std::size_t capacity_;
  bool running_ = true;
  bool listening_ = false;
  bool terminating_ = false;
  bool stopped_listening_ = false;
  SimTime started_;
  TimerHandle startup_;
  TimerHandle drain_;
  TimerHandle exit_;
  std::vector<std::pair<ReplicaClient*, std::uint64_t>> hung_;  ///< clients and tickets; some may have given up
  std::vector<Job> jobs_;
  std::uint32_t free_ = kNone;
  std::uint32_t queue_head_ = kNone;
  std::uint32_t queue_tail_ = kNone;
  std::size_t queue_size_ = 0;
  std::size_t in_service_ = 0;
};

}  // namespace tandem::sim
