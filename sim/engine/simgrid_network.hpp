#pragma once
// Bulk transfers carried by SimGrid: latency + size / bandwidth for one flow, max-min sharing for several.

#include <memory>
#include <string>

#include "sim/engine/bulk_network.hpp"

namespace tandem::sim {

/// SimGrid's network model CM02 over `topology`, without cross-traffic, TCP window or any other correction factor
/// (Casanova and Marchal, INRIA RR-4596, 2002), so that closed forms hold. Flows that share a link get shares in inverse
/// proportion to their latency, as TCP's round trips do; equal latencies mean equal shares.
///
/// SimGrid itself is started by the first transfer, so a run without transfers never creates it. SimGrid allows one
/// simulation a process: a second network's first transfer in the same process is a failed CHECK; ask
/// simgrid_is_free() before opening such a run. Signal handlers of the process are left as they were.
std::unique_ptr<BulkNetwork> make_simgrid_network(Topology topology);

/// "3.32.0": results may differ between versions of SimGrid (hardening D2).
[[nodiscard]] std::string simgrid_version();

/// True until some run in this process has started its first bulk transfer.
[[nodiscard]] bool simgrid_is_free();

}  // namespace tandem::sim
