#pragma once
// What traffic leaves in a recording: one record per request.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace tandem::record {

enum class RequestOutcome : std::uint8_t {
  Ok = 0,         ///< an HTTP answer arrived (whatever its status)
  Refused = 1,    ///< connection refused
  Timeout = 2,    ///< client's time-out
  Reset = 3,      ///< connection ended before the answer was complete
  NoRoute = 4,    ///< address unreachable
};
inline constexpr std::uint8_t kRequestOutcomeCount = 5;
/// "ok", "refused", "timeout", "reset", "no_route".
std::string_view name_of(RequestOutcome outcome);

/// One request as its client saw it, with what the answering replica reported about itself.
/// Durations are -1 ns where unknown (no answer, or a world that cannot see it).
struct RequestRecord {
  std::uint32_t traffic = 0;      ///< index of the traffic source in the scenario
  std::uint64_t index = 0;        ///< number of the request in its source's stream
  SimTime intended;               ///< when the stream says it starts; latency counts from here
  SimTime sent;                   ///< first byte written
  SimTime end;                    ///< last byte read, or failure seen
  SimDuration queued{-1};         ///< in the replica: accepted → a worker took it
  SimDuration service{-1};        ///< in the replica: a worker took it → answer written (wall)
  SimDuration cpu{-1};            ///< CPU spent on it by the worker
  SimDuration throttled{-1};      ///< CFS throttling inside `service`
  std::uint16_t status = 0;       ///< HTTP status; 0 if none
  RequestOutcome outcome = RequestOutcome::Ok;
  std::string replica;            ///< pod that answered; empty if none
  std::uint64_t connection = 0;   ///< client connection number, from 1
  std::uint8_t attempts = 1;      ///< upstream tries the balancer made; 0 if unknown
  friend bool operator==(const RequestRecord&, const RequestRecord&) = default;
};

/// True if a request counts as failed: no answer, or a status that its source does not expect (none given: 200 to 399).
bool is_failed(RequestOutcome outcome, std::uint16_t status, const std::vector<int>& expect_status);

}  // namespace tandem::record
