#pragma once
// `kubectl rollout status` and `rollout history` (kubectl pkg/polymorphichelpers).

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/kubectl/answer.hpp"
#include "core/kubectl/selection.hpp"

namespace tandem::kubectl {

/// What is said about one state of a deployment, stateful set or daemon set.
struct RolloutState {
  std::string message;  ///< a line with its end
  bool done = false;    ///< nothing more to wait for
  std::string error;    ///< instead of a message; empty if there is none
};

/// `revision`: the one that is waited for; 0: the last.
RolloutState rollout_state(const nlohmann::json& object, std::int64_t revision);

/// The revisions of each selected object, or the pod template of one of them (`revision` > 0).
/// Errors: those of select().
Result<Answer> rollout_history(const Selection& selection, std::int64_t revision, const std::vector<nlohmann::json>& objects);

}  // namespace tandem::kubectl
