#pragma once
// The same requests in every world (design §5): request i of a source is a function of (seed, source, i). The load
// generator container links this file.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace tandem::traffic {

enum class ArrivalProcessKind : std::uint8_t { Constant, Poisson };

/// What one source sends. Times are relative to time zero of the run.
struct SourcePlan {
  std::string name;  ///< names the random stream
  ArrivalProcessKind kind = ArrivalProcessKind::Poisson;
  double rate = 0;  ///< requests per second, > 0
  SimTime from;
  SimTime until;  ///< no request is intended at or after it
  friend bool operator==(const SourcePlan&, const SourcePlan&) = default;
};

struct PlannedRequest {
  std::uint64_t index = 0;
  SimTime intended;
  double demand_factor = 1;  ///< exponential(1) variate: multiplies the mean of routes with exponential demand
};

/// Generates the requests of one source in order of intended time. Constant: request i at from + i/rate, rounded to ns.
/// Poisson: gaps exponential from the stream (seed, "arrivals/" + name). Demand factors from (seed, "demand/" + name), index i.
class RequestStream {
 public:
  RequestStream(SourcePlan plan, std::uint64_t seed);
  /// Next request, or false at the end of the source.
  bool next(PlannedRequest& request);

 private:
  SourcePlan plan_;
  CounterStream arrivals_;
  CounterStream demands_;
  std::uint64_t index_ = 0;
  double mean_gap_seconds_ = 0;
  double elapsed_seconds_ = 0;  ///< from `from` to the last arrival
};

}  // namespace tandem::traffic
