#pragma once
// Three bugs of the kinds that hardening §1 forbids, switched on by name. They live in this program only: the linker puts a
// wrapper around balance::make_policy (--wrap), so the simulator itself has no hook for them.

#include <string_view>

#include "core/scenario/scenario.hpp"

namespace tandem::determinism {

/// pointer-order: the balancer prefers replicas in the order of addresses (a loop over a std::set of pointers).
/// hash-order:    likewise in the order of std::hash of pointers (a loop over a std::unordered_set).
/// startup:       every image starts one millisecond later.
/// Empty: none. False if there is no such canary.
bool set_canary(std::string_view name, scenario::Scenario& scenario);

}  // namespace tandem::determinism
