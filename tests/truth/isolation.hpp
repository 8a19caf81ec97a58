#pragma once
// A broken invariant aborts and a loop may never end; neither must take the other cases of a truth run with it.

#include <functional>

#include "tests/truth/runner.hpp"

namespace tandem::truth {

/// Runs `work` in a child process and brings its tally back; nothing if the child died or took more than `seconds`.
std::optional<Tally> in_child(const std::function<void(Tally&)>& work, unsigned seconds);

/// The family's check in a child process; if that dies, each case in a child of its own, so that only those that crash fail.
Tally run_isolated(const Family& family, const nlohmann::json& file);

}  // namespace tandem::truth
