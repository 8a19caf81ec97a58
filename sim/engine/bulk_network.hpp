#pragma once
// What the engine asks of whatever carries bulk transfers (image pulls, later shuffles and replication) over a topology.

#include <cstdint>
#include <vector>

#include "core/base/time.hpp"
#include "sim/engine/topology.hpp"

namespace tandem::sim {

/// Number of a transfer, from 1, in order of starting.
enum class TransferId : std::uint64_t {};

class BulkNetwork {
 public:
  virtual ~BulkNetwork() = default;

  /// Starts a transfer of `bytes` > 0 at `now`, which is never before the moment reached by advance().
  virtual void start(SimTime now, TransferId id, NetworkNode from, NetworkNode to, std::int64_t bytes) = 0;
  /// Number of transfers that have not completed. While it is zero the engine does not call advance().
  [[nodiscard]] virtual std::size_t live() const = 0;
  /// Moves to the first completion at or before `limit`, or else to `limit`, and returns the moment reached. `completed`
  /// receives every transfer that completed at that moment, in no particular order.
  virtual SimTime advance(SimTime limit, std::vector<TransferId>& completed) = 0;
  /// Cuts a host off at `now` (its transfers stall and go on when it is joined again) or joins it.
  virtual void set_connected(SimTime now, NetworkNode host, bool connected) = 0;
};

}  // namespace tandem::sim
