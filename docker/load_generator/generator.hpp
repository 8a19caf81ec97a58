#pragma once
// The open-loop load generator (data-plane-semantics §3.1): requests start at absolute deadlines of the seeded schedule,
// whatever became of earlier ones; latency counts from the intended time.

#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/histogram.hpp"
#include "core/record/traffic_events.hpp"
#include "core/traffic/stream.hpp"
#include "docker/load_generator/http_response_reader.hpp"
#include "docker/protocol/traffic_plan.hpp"

namespace tandem::load_generator {

/// One thread, non-blocking sockets, epoll. Runs a plan once.
class Generator {
 public:
  /// `control` is the connected socket to the host; records go there. The generator ends early when it closes.
  Generator(container::TrafficPlan plan, int control);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// Returns when every request has ended and the report was sent. False: the host went away.
  bool run();

 private:
  struct Source {
    traffic::RequestStream stream;
    traffic::PlannedRequest next;
    std::string head;             ///< request text up to the demand factor
  };
  struct Due {
    SimTime intended;
    std::uint32_t source = 0;
    friend auto operator<=>(const Due&, const Due&) = default;
  };
  struct Request {
    record::RequestRecord record;
    std::string text;
    std::size_t written = 0;
    HttpResponseReader reader;
    int socket = -1;
    std::uint32_t instance = 0;   ///< flat number of the balancer instance
    bool connected = false;
    bool reused = false;          ///< on a kept-alive connection
  };
  struct IdleConnection {
    int socket = -1;
    std::uint64_t number = 0;
  };
  struct Deadline {
    SimTime at;
    std::uint64_t request = 0;
    friend auto operator<=>(const Deadline&, const Deadline&) = default;
  };
  template <class T>
  using EarliestFirst = std::priority_queue<T, std::vector<T>, std::greater<>>;

  [[nodiscard]] SimTime now() const;
  void start_due_requests();
  void start_request(std::uint32_t source_number);
  /// Gives the request a socket: an idle kept-alive one unless `fresh`, else a new one.
  void open_socket(std::uint64_t number, Request& request, bool fresh);
  void on_socket(int socket, std::uint32_t events);
  void progress(std::uint64_t number, Request& request);
  bool send_rest(Request& request);
  void on_broken(std::uint64_t number, Request& request, int error);
  void complete(std::uint64_t number, Request& request, record::RequestOutcome outcome);
  void expire_requests();
  void arm_timer();
  bool flush(bool everything);
  void finish();
  void drop_idle(int socket);

  const container::TrafficPlan plan_;
  const int control_;
  int poller_ = -1;
  int timer_ = -1;
  std::vector<Source> sources_;
  std::vector<std::uint32_t> first_instance_;   ///< of each balancer, in the flat numbering
  std::vector<std::vector<IdleConnection>> idle_;  ///< per instance, most recently used last
  EarliestFirst<Due> due_;
  EarliestFirst<Deadline> deadlines_;
  std::unordered_map<std::uint64_t, Request> requests_;   ///< in flight, by number
  std::unordered_map<int, std::uint64_t> request_of_;     ///< socket → request
  std::unordered_map<int, std::uint32_t> idle_instance_;  ///< idle socket → instance
  std::uint64_t last_request_ = 0;
  std::uint64_t last_connection_ = 0;
  container::FrameWriter frames_;
  std::string outgoing_;
  SimTime next_flush_;
  Histogram lag_;
  std::uint64_t over_in_flight_max_ = 0;
  bool host_gone_ = false;
};

}  // namespace tandem::load_generator
