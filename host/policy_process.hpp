#pragma once
// A scheduling policy in a process of its own: JSON lines on its standard input and output (docs/scheduling.md).

#include <map>
#include <memory>
#include <string>

#include "core/control/scheduler/external_policy.hpp"
#include "core/scenario/scheduler_config.hpp"

namespace tandem::host {

/// Starts the command in a new folder that holds the policy's files and goes away with it. The process gets limits (256 MiB of
/// memory, 16 MiB per file) and an environment of PATH alone; it is ended with its whole group.
/// Every answer is one line of at most 64 KiB within the time-out, 16 MiB in all (hardening §2).
/// Errors: ProcessFailed.
Result<control::scheduler::ExternalPolicyPtr> start_policy(const scenario::ExternalPolicyArgs& args);

/// One process for each profile with the plugin ExternalPolicy, by schedulerName. Errors: those of start_policy().
Result<std::map<std::string, control::scheduler::ExternalPolicyPtr>> start_policies(const scenario::SchedulerConfig& config);

}  // namespace tandem::host
