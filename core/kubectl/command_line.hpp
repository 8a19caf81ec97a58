#pragma once
// A whole kubectl command, from its words to what it prints.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/kubectl/answer.hpp"

namespace tandem::kubectl {

/// The cluster that a command is run against.
struct Cluster {
  const std::vector<nlohmann::json>& objects;  ///< everything there is
  std::int64_t now_unix_seconds = 0;           ///< ages count up to here
  std::vector<std::string> kinds_in_all;       ///< Selection::kinds_in_all
};

/// Runs `get`, `describe`, `rollout history` or `top` with kubectl's options. What kubectl refuses is an answer too.
/// Errors: UsageBadArgument for a command or option that is not known here.
Result<Answer> run_command(const std::vector<std::string>& words, const Cluster& cluster);

}  // namespace tandem::kubectl
