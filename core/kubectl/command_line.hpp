#pragma once
// A whole kubectl command, from its words to what it prints.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/kubectl/answer.hpp"

namespace tandem::kubectl {

/// Runs `get`, `describe`, `rollout history` or `top` with kubectl's options over `objects`. What kubectl refuses is an answer too.
/// Errors: UsageBadArgument for a command or option that is not known here.
Result<Answer> run_command(const std::vector<std::string>& words, const std::vector<nlohmann::json>& objects, std::int64_t now_unix_seconds);

}  // namespace tandem::kubectl
