#pragma once
// What the host and the load generator say to each other over the generator's control connection.
//
//   host → generator    one frame: the traffic plan as JSON
//   generator → host    Ready, then Replica and Records frames as requests end, then Finished (or Failed)
//
// A frame is a 32-bit little-endian length of what follows, a type byte, and the payload. Integers are little-endian
// (hardening D12: fields, never struct memory). The generator ends when the connection does, so it cannot outlive its host.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/record/traffic_events.hpp"
#include "core/traffic/stream.hpp"

namespace tandem::container {

/// Response header in which nginx lists the peers it tried ($upstream_addr).
inline constexpr std::string_view kUpstreamHeader = "X-Tandem-Upstream";
/// Port of the control connection inside the generator's container.
inline constexpr std::int32_t kControlPort = 7411;

struct TargetAddress {
  std::string address;  ///< IPv4
  std::int32_t port = 80;
  friend bool operator==(const TargetAddress&, const TargetAddress&) = default;
};

/// One source: its arrivals and what a request looks like.
struct PlannedSource {
  traffic::SourcePlan plan;
  std::string method = "GET";
  std::string target;                   ///< path with query
  std::string host;                     ///< Host header
  SimDuration timeout = seconds(5);     ///< from the intended time
  bool keep_alive = false;
  std::int32_t balancer = 0;            ///< index into TrafficPlan::balancers
  friend bool operator==(const PlannedSource&, const PlannedSource&) = default;
};

struct TrafficPlan {
  std::uint64_t seed = 1;
  std::int64_t zero_monotonic_ns = 0;   ///< CLOCK_MONOTONIC at time zero; host and containers share that clock
  std::int32_t in_flight_max = 20'000;  ///< more than this at once invalidates the run (reported, request counted as refused)
  std::vector<std::vector<TargetAddress>> balancers;  ///< instances of each balancer; requests are dealt to them in turn
  std::vector<PlannedSource> sources;
  friend bool operator==(const TrafficPlan&, const TrafficPlan&) = default;
};

std::string write_traffic_plan(const TrafficPlan& plan);
/// Errors: SyntaxError, ValueType, ValueMissing, ValueOutOfRange.
Result<TrafficPlan> read_traffic_plan(std::string_view text);

enum class FrameType : std::uint8_t { Plan = 1, Ready = 2, Replica = 3, Records = 4, Finished = 5, Failed = 6 };

/// How well the generator kept its schedule: sent minus intended, over all requests.
struct ScheduleReport {
  std::uint64_t requests = 0;
  std::uint64_t over_in_flight_max = 0;
  SimDuration lag_p50;
  SimDuration lag_p99;
  SimDuration lag_max;
  friend bool operator==(const ScheduleReport&, const ScheduleReport&) = default;
};

/// Encodes the generator's side of the conversation.
class FrameWriter {
 public:
  /// Appends a record to the open batch; a Replica frame goes ahead of the first record that names a new pod.
  void add(const record::RequestRecord& record);
  /// Closes the open batch, if any, and moves out everything encoded so far.
  std::string take();

  static std::string plan(const TrafficPlan& plan);
  static std::string ready();
  static std::string finished(const ScheduleReport& report);
  static std::string failed(std::string_view message);

 private:
  void close_batch();

  std::string out_;
  std::string batch_;
  std::map<std::string, std::uint32_t, std::less<>> replicas_;  ///< pod → number from 1; 0 is "none"
};

/// Decodes whatever arrives, in pieces of any size.
class FrameReader {
 public:
  struct Handlers {
    std::function<void(std::string_view)> plan;
    std::function<void()> ready;
    std::function<void(const record::RequestRecord&)> record;
    std::function<void(const ScheduleReport&)> finished;
    std::function<void(std::string_view)> failed;
  };
  explicit FrameReader(Handlers handlers) : handlers_(std::move(handlers)) {}
  /// Errors: SyntaxError (not our protocol); nothing may be fed after that.
  Status feed(std::string_view bytes);
  /// True if no part of a frame is waiting for its rest.
  [[nodiscard]] bool at_frame_boundary() const { return buffer_.empty(); }

 private:
  Status handle(FrameType type, std::string_view payload);
  Status handle_records(std::string_view payload);

  Handlers handlers_;
  std::string buffer_;
  std::vector<std::string> replicas_;
};

}  // namespace tandem::container
