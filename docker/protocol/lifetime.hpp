#pragma once

#include <string_view>

namespace tandem::container {

/// Environment variable: whole seconds that a container may live (hardening C8). Far longer than its run; it matters only if
/// nobody is left to clean up.
inline constexpr std::string_view kLifetimeVariable = "TANDEM_LIFETIME_S";
/// Exit code of a container whose lifetime is over; that of timeout(1).
inline constexpr int kLifetimeOverExitCode = 124;

/// Ends this process with kLifetimeOverExitCode once TANDEM_LIFETIME_S is over; without the variable, never. Uses SIGALRM.
void end_after_lifetime();

}  // namespace tandem::container
