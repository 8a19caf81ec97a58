#pragma once

namespace tandem::docker {

/// The reaper itself (hardening C2): standard input and output are the socket to the run, real/engine/reaper.hpp says what is
/// spoken on it. Cleans up the run's objects once the run has died, and ends. SIGINT, SIGTERM and SIGHUP do not stop it.
/// Exit code: 0 done or dismissed, 2 the order was not understood, 4 something could not be deleted in time.
int run_reaper();

}  // namespace tandem::docker
